"""The algorithms of ``causalsim discover``: which options each takes, and how it gets its rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, NoReturn, final

from causalsim.cli._shell import flag
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

    @property
    def chooses_alpha(self) -> bool:
        """Whether it can choose the level of the tests."""
        return "None" in str(signature(self.function).parameters["alpha"].annotation)

    @property
    def screens(self) -> bool:
        """Whether it looks for degenerate columns itself, to judge contexts apart."""
        return {"context", "degenerate"} <= set(self.takes)

    @property
    def leaves_missing(self) -> bool:
        """Whether its tests can be given rows with missing values."""
        return self.name != "exchangeable"

    def check(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Give the options that were set; refuse those that the method does not take."""
        given = {key: value for key, value in options.items() if value is not None}
        for key in given:
            if key not in self.takes:
                self._refuse(flag(key), [name for name in METHODS if key in Method(name).takes])
        for key in self.needs:
            if key not in given:
                raise OptionError(f"--method {self.name} needs {flag(key)}.")
        return given

    def check_time(self, column: str | None) -> None:
        """Refuse a column of times where rows are no time steps."""
        if column is not None and not self.in_time:
            self._refuse("--time", [name for name in METHODS if Method(name).in_time])

    def level(self, text: str) -> float | None:
        """Read a level, or None for ``auto``."""
        if text == "auto":
            if not self.chooses_alpha:
                others = [name for name in METHODS if Method(name).chooses_alpha]
                self._refuse("--alpha auto", others)
            return None
        try:
            return float(text)
        except ValueError:
            raise OptionError(
                f"--alpha {text}: expected a number such as 0.05, or auto."
            ) from None

    def _refuse(self, option: str, others: Sequence[str]) -> NoReturn:
        """Refuse an option, and name the methods that it goes with."""
        raise OptionError(
            f"{option} does not go with --method {self.name}. It goes with --method "
            f"{' or '.join(filter(None, [', '.join(others[:-1]), others[-1]]))}."
        )

    def kinds(self, told: Sequence[str], contexts: Sequence[str]) -> list[str]:
        """Give the kinds that were told; contexts that are numbers are times."""
        numbers = {f"{name}={Kind.CONTINUOUS}": f"{name}={Kind.TIME}" for name in contexts}
        return [numbers.get(text, text) if self.name == "cdnod" else text for text in told]

    def reading(self, missing: str) -> str:
        """Give how missing values are read: steps of a series stay in their places."""
        return "testwise" if self.in_time and missing == "listwise" else missing

    def rows(
        self, table: Table, times: Sequence[str], missing: str
    ) -> tuple[Table | pd.DataFrame, dict[str, Any]]:
        """Give what the function reads, and how: a series has its column of times as index."""
        import pandas as pd

        reading: dict[str, Any] = {"missing": missing} if "missing" in self.takes else {}
        if not times:
            return table, reading
        if len(times) > 1:
            raise DataError(f"{listing(times)} hold times; keep one of them (see --drop).")
        frame = pd.DataFrame(table.values, columns=list(table.names)).set_index(times[0])
        kinds = dict(zip(table.names, map(str, table.kinds), strict=True))
        if kinds[times[0]] == Kind.TIME:
            frame.index = pd.to_datetime((frame.index * 1e6).astype("int64"), unit="us")
        elif (frame.index == frame.index.astype("int64")).all():
            frame.index = frame.index.astype("int64")
        return frame, {**reading, "kinds": {name: kinds[name] for name in frame.columns}}
