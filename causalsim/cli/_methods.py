"""The algorithms of ``causalsim discover``: which options each takes, and how it gets its rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, final

from causalsim.data import Kind
from causalsim.errors import DataError, NameNotFoundError, OptionError, listing

if TYPE_CHECKING:
    import pandas as pd

    from causalsim.data import Table

__all__ = ["METHOD_HELP", "Method"]

METHODS = ("pc", "fci", "cdnod", "exchangeable", "pcmci", "pcmci-plus")
METHOD_HELP = (
    "pc; fci (hidden causes); cdnod (mechanisms that change with --context); exchangeable "
    "(environments in --context); pcmci or pcmci-plus (time series, with --max-lag)."
)


def _flag(name: str) -> str:
    """Give the option of a parameter."""
    return f"--{name.replace('_', '-')}"


@final
@dataclass(frozen=True)
class Method:
    """One algorithm, by its name on the command line."""

    name: str

    def __post_init__(self) -> None:
        if self.name not in METHODS:
            raise NameNotFoundError.from_names("method", self.name, METHODS)

    @cached_property
    def function(self) -> Callable[..., Any]:
        """The function of :mod:`causalsim.discovery`."""
        from causalsim import discovery

        found: Callable[..., Any] = getattr(discovery, self.name.replace("-", "_"))
        return found

    @cached_property
    def takes(self) -> Collection[str]:
        """The names of its parameters."""
        return signature(self.function).parameters.keys()

    @cached_property
    def needs(self) -> list[str]:
        """Parameters without default, beside the data."""
        given = list(signature(self.function).parameters.values())[1:]
        return [one.name for one in given if one.default is Parameter.empty]

    @property
    def in_time(self) -> bool:
        """Whether it reads rows as time steps."""
        return "max_lag" in self.takes

    def check(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Give the options that were set; refuse those that the method does not take."""
        given = {key: value for key, value in options.items() if value is not None}
        for key in given:
            if key not in self.takes:
                raise OptionError(f"{_flag(key)} does not go with --method {self.name}.")
        for key in self.needs:
            if key not in given:
                raise OptionError(f"--method {self.name} needs {_flag(key)}.")
        return given

    def check_explain(self, pair: tuple[str, str] | None) -> None:
        """Refuse to explain where a result cannot."""
        if pair is not None and self.name == "exchangeable":
            raise OptionError(f"--explain does not go with --method {self.name}; see its tests.")

    def times(self, column: str | None) -> list[str]:
        """Give the kind of the column of times, as text."""
        if column is not None and not self.in_time:
            raise OptionError(f"--time does not go with --method {self.name}.")
        return [] if column is None else [f"{column}={Kind.TIME}"]

    def reading(self, missing: str) -> str:
        """Give how missing values are read: steps of a series stay in their places."""
        return "testwise" if self.in_time and missing == "listwise" else missing

    def rows(self, table: Table, missing: str) -> tuple[Table | pd.DataFrame, dict[str, Any]]:
        """Give what the function reads, and how: a series has its column of times as index."""
        import pandas as pd

        reading: dict[str, Any] = {"missing": missing} if "missing" in self.takes else {}
        times = [n for n, kind in zip(table.names, table.kinds, strict=True) if kind is Kind.TIME]
        if not (self.in_time and times):
            return table, reading
        if len(times) > 1:
            raise DataError(f"{listing(times)} hold times; keep one of them (see --drop).")
        frame = pd.DataFrame(table.values, columns=list(table.names)).set_index(times[0])
        kinds = dict(zip(table.names, map(str, table.kinds), strict=True))
        return frame, {**reading, "kinds": {name: kinds[name] for name in frame.columns}}
