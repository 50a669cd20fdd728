"""Names on the command line, compared with the columns before anything is run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, final

import numpy as np

from causalsim.cli._methods import Method
from causalsim.data import Kind, Table
from causalsim.errors import (
    CausalSimError,
    DataError,
    KnowledgeError,
    NameNotFoundError,
    OptionError,
)

if TYPE_CHECKING:
    from causalsim.discovery import Knowledge

__all__ = ["Names", "as_targets", "load_rules", "naming"]

_LAG = re.compile(r"'[^']*\[t")


@final
@dataclass(frozen=True)
class Names:
    """What the nodes of a graph will be called.

    Parameters
    ----------
    method : Method
    table : Table
    contexts : sequence of str
    max_lag : int or None
    time : str or None
        The column of times of a series.
    targets : mapping
        Of the contexts; see :func:`as_targets`.
    """

    method: Method
    table: Table
    contexts: Sequence[str] = ()
    max_lag: int | None = None
    time: str | None = None
    targets: Mapping[str, object] = field(default_factory=dict)

    @property
    def nodes(self) -> list[str]:
        """Give the nodes in the order of the search; no times of a series among them."""
        if self.method.in_time:
            columns = [name for name in self.table.names if name not in self.times]
            return [*columns, *(name for name in self.contexts if name not in columns)]
        rest = [name for name in self.table.names if name not in self.contexts]
        return [*rest, *self._acting()] if self.method.name == "cdnod" else rest

    def _acting(self) -> list[str]:
        """Give the contexts, those with a level in ``targets`` as one for each such level."""
        levels = self.table.levels
        owner = {
            key: next((c for c in self.contexts if key in levels.get(c, ())), self.contexts[0])
            for key in self.targets
            if key not in self.contexts
        }
        whole = [name for name in self.contexts if name not in owner.values()]
        return [*whole, *(f"{name}={level}" for level, name in owner.items())]

    @property
    def times(self) -> list[str]:
        """Give the columns of times of a series."""
        pairs = zip(self.table.names, self.table.kinds, strict=True)
        series = self.method.in_time
        return [n for n, kind in pairs if series and (kind is Kind.TIME or n == self.time)]

    def check_times(self) -> None:
        """Refuse steps of a series without a time."""
        for name in self.times:
            gone = int(np.isnan(self.table.values[:, self.table.index(name)]).sum())
            if gone:
                raise DataError(f"the time {name!r} has {gone} missing cells; fill them in.")

    def hints(self) -> Iterator[str]:
        """Say which columns are read as times of a series, or may have to be."""
        if self.time is not None or not self.method.in_time:
            return
        for name in self.times:
            yield f"note: {name!r} holds times: taken as those of the rows, as with --time {name}"
        for i, name in enumerate(self.table.names if not self.times else ()):
            if len(self.table) > 1 and (np.diff(self.table.values[:, i]) > 0).all():
                yield f"note: {name!r} increases in every row; if it is a time, add --time {name}"

    def check_contexts(self) -> None:
        """Refuse a context that was dropped; a name that never was is left to the method."""
        for name in self.contexts:
            self._refuse_dropped(name)

    def _refuse_dropped(self, name: str) -> None:
        for note in self.table.notes:
            if name not in self.table.names and note.startswith(f"dropped: {name!r} "):
                raise DataError(f"the column {name!r} was {note}; name another one.")

    def check_labels(self) -> None:
        """Refuse columns of a series whose names read as a lag."""
        from causalsim.graph.labels import label, parse_label

        for name in self.table.names if self.method.in_time else ():
            if label(*parse_label(name)) != name or parse_label(name)[1]:
                raise DataError(
                    f"the name of the column {name!r} reads as a lag; rename it, or leave it "
                    f"out: data.drop(columns={name!r})."
                )

    def check_rules(self, rules: Knowledge | None, path: Path | None) -> None:
        """Compare the names in the knowledge with the nodes."""
        if rules is None:
            return
        with naming(path, self.hint):
            if self.max_lag is None:
                rules.resolve(self.nodes)
            else:
                rules.resolve_lagged(self.nodes, self.max_lag)

    @property
    def hint(self) -> str:
        """Say which lags there are."""
        if self.max_lag is None:
            return f" --method {self.method.name} has no lags."
        return f" Lags are written 'X[t-1]' and go up to --max-lag {self.max_lag}."

    def pair(self, explain: tuple[str, str] | None) -> tuple[str, str] | None:
        """Give the labels of the two nodes to explain."""
        from causalsim.graph.labels import label

        if explain is None:
            return None
        (x, lag_x), (y, lag_y) = map(self._node, explain)
        words = " ".join(explain)
        if (x, lag_x) == (y, lag_y):
            raise OptionError(f"--explain {words}: give two different columns.")
        if lag_x and lag_y:
            raise OptionError(f"--explain {words}: one of the two lies in the present: no lag.")
        return label(x, lag_x), label(y, lag_y)

    def _node(self, text: str) -> tuple[str, int]:
        """Read a name and its lag."""
        from causalsim.graph.labels import parse_label

        if text in self.nodes:
            return text, 0
        if "," in text:
            raise OptionError(f"--explain {text}: give two names apart, as in --explain X Y.")
        self._refuse_dropped(text)
        name, lag = parse_label(text)
        lagged = name in self.nodes and self.max_lag is not None
        if lagged and lag > (self.max_lag or 0):
            raise OptionError(f"--explain {text}:{self.hint}")
        if not lagged:
            missing = NameNotFoundError.from_names("column", text, self.nodes)
            shown = self.method.in_time or _LAG.search(repr(text))
            raise NameNotFoundError(f"{missing}{self.hint if shown else ''}")
        return name, lag


def load_rules(path: Path | None) -> Knowledge | None:
    """Read the knowledge of a file."""
    from causalsim.discovery import Knowledge

    with naming(path):
        return None if path is None else Knowledge.load(path)


@contextmanager
def naming(
    path: Path | None, hint: str = "", *, errors: type[CausalSimError] = CausalSimError
) -> Iterator[None]:
    """Put the file in front of what is wrong with its knowledge, and a hint behind lags."""
    try:
        yield
    except errors as error:
        if path is None:
            raise
        text = str(error)
        lagged = isinstance(error, NameNotFoundError) and _LAG.search(text.partition("Known")[0])
        named = text if str(path) in text else f"{path}: {text}"
        raise KnowledgeError(f"{named}{hint if lagged else ''}") from error


def as_targets(
    texts: Sequence[str], table: Table, contexts: Sequence[str]
) -> dict[str, list[str] | None]:
    """Read LEVEL=X,Y, or LEVEL alone where what it acts on is unknown.

    >>> import numpy as np
    >>> table = Table(("X", "Y"), np.zeros((1, 2)), (Kind.CONTINUOUS,) * 2)
    >>> as_targets(["a=X,Y", "b"], table, ["lab"])
    {'a': ['X', 'Y'], 'b': None}
    """
    known = {*contexts, *(level for name in contexts for level in table.levels.get(name, ()))}
    found: dict[str, list[str] | None] = {}
    for text in texts:
        ends = [i for i, sign in enumerate(text) if sign == "="] if text not in known else []
        end = next((i for i in ends if text[:i] in known), ends[0] if ends else len(text))
        level, acted_on = text[:end], text[end + 1 :]
        if level in found:
            raise OptionError(f"--targets names {level!r} twice; write {level}=X,Y once.")
        if ends and not acted_on:
            raise OptionError(
                f"--targets {text}: expected LEVEL=X,Y, or LEVEL alone where that is unknown."
            )
        split = [acted_on] if acted_on in table.names else acted_on.split(",")
        found[level] = split if ends else None
    return found
