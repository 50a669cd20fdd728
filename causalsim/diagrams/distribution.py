"""Tables of probabilities with named axes and states."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causalsim.errors import DataError, NameNotFoundError, PositivityError, listing
from causalsim.graph._base import Names, as_names

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Distribution"]

Floats = NDArray[np.float64]
States = Mapping[str, Sequence[Hashable]]
_TOLERANCE = 1e-6


@final
@dataclass(frozen=True, eq=False, repr=False)
class Distribution:
    """A probability table: a joint law, or a conditional one for every state of ``given``.

    Parameters
    ----------
    values : array
        One axis for each variable, none negative; sums to 1 over the variables that are not in
        ``given`` (to within 1e-6, then normalised). Made read-only.
    variables : str or sequence of str
        Names of the axes.
    states : mapping of str to sequence, optional
        Names of the states; 0, 1, ... where left out.
    given : str or sequence of str
        Axes of variables that are conditioned or intervened on.

    Raises
    ------
    DataError
        If shape, sign or sums are wrong.
    NameNotFoundError
        If ``states`` or ``given`` name no variable.

    Examples
    --------
    >>> joint = Distribution([[0.1, 0.3], [0.2, 0.4]], ["X", "Y"])
    >>> joint.condition("X").array("Y", "X").round(3)
    array([[0.25 , 0.333],
           [0.75 , 0.667]])
    >>> joint.marginal("Y").at(Y=1)
    0.7
    """

    values: Floats
    variables: tuple[str, ...]
    states: Mapping[str, tuple[Hashable, ...]]
    given: tuple[str, ...]

    def __init__(
        self,
        values: ArrayLike,
        variables: Names,
        states: States | None = None,
        given: Names = (),
    ) -> None:
        names, over, table = as_names(variables), as_names(given), np.array(values, np.float64)
        if table.ndim != len(names) or len(set(names)) != len(names):
            raise DataError(
                f"a table of shape {table.shape} for {listing(names)}; "
                "expected one axis for each variable, each named once."
            )
        for name in (*over, *(states or {})):
            if name not in names:
                raise NameNotFoundError.from_names("variable", name, names)
        known = {
            name: _checked_states(name, (states or {}).get(name), size)
            for name, size in zip(names, table.shape, strict=True)
        }
        _normalise(table, [k for k, name in enumerate(names) if name not in over], over)
        table.flags.writeable = False
        object.__setattr__(self, "values", table)
        object.__setattr__(self, "variables", names)
        object.__setattr__(self, "states", MappingProxyType(known))
        object.__setattr__(self, "given", over)

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, variables: Names | None = None) -> Self:
        """Give the relative frequencies of the rows of a DataFrame.

        Parameters
        ----------
        frame : DataFrame
            States are the sorted values of each column, or the categories of a categorical one.
        variables : sequence of str, optional
            Columns to count; all if left out.

        Raises
        ------
        DataError
            If a cell is missing or there is no row.
        """
        names = tuple(map(str, frame.columns)) if variables is None else as_names(variables)
        for name in names:
            if name not in frame.columns:
                raise NameNotFoundError.from_names("column", name, map(str, frame.columns))
        part = frame[list(names)].astype("category")
        if not len(part) or part.isna().to_numpy().any():
            raise DataError(
                "the frame has no rows or missing cells; write frame.dropna() or fill them in."
            )
        states = {name: tuple(part[name].cat.categories) for name in names}
        shape = tuple(len(states[name]) for name in names)
        codes = tuple(part[name].cat.codes.to_numpy(np.intp) for name in names)
        counts = np.bincount(np.ravel_multi_index(codes, shape), minlength=int(np.prod(shape)))
        return cls(counts.reshape(shape) / len(part), names, states)

    def __repr__(self) -> str:
        free = ", ".join(name for name in self.variables if name not in self.given)
        bar = f" | {', '.join(self.given)}" if self.given else ""
        if self.values.ndim == 1:
            return f"Distribution({free}: {self._inline()})"
        shape = " x ".join(map(str, self.values.shape))
        return f"Distribution(P({free}{bar}), {shape})"

    def _inline(self) -> str:
        name = self.variables[0]
        pairs = zip(self.states[name], self.values, strict=True)
        return ", ".join(f"{state}: {value:.4g}" for state, value in pairs)

    def __str__(self) -> str:
        return self.frame().to_string()

    def _repr_html_(self) -> str:
        html: str = self.frame().to_html()
        return html

    def axis(self, name: str) -> int:
        """Give the position of a variable."""
        if name not in self.variables:
            raise NameNotFoundError.from_names("variable", name, self.variables)
        return self.variables.index(name)

    def code(self, name: str, state: Hashable) -> int:
        """Give the number of a state; a name that is written differently is accepted as text."""
        states = self.states[self.variables[self.axis(name)]]
        if state in states:
            return states.index(state)
        texts = [str(each) for each in states]
        if str(state) in texts:
            return texts.index(str(state))
        raise NameNotFoundError.from_names(f"state of {name!r}", state, texts)

    def array(self, *variables: str) -> Floats:
        """Give the table with its axes in the order named; all must be named.

        Parameters
        ----------
        *variables : str
            The order of :attr:`variables` if none is named.
        """
        if not variables:
            return self.values
        if len(variables) != len(self.variables) or len(set(variables)) != len(variables):
            raise DataError(
                f"axes {listing(variables)}; name each of {listing(self.variables)} once."
            )
        return self.values.transpose([self.axis(name) for name in variables])

    def marginal(self, variables: Names) -> Distribution:
        """Sum out all but these variables; what is conditioned on stays.

        Raises
        ------
        NameNotFoundError
            If a variable does not exist.
        """
        kept = {self.axis(name) for name in (*as_names(variables), *self.given)}
        dropped = tuple(k for k in range(len(self.variables)) if k not in kept)
        names = [self.variables[k] for k in sorted(kept)]
        states = {name: self.states[name] for name in names}
        return Distribution(self.values.sum(axis=dropped), names, states, self.given)

    def condition(self, given: Names) -> Distribution:
        """Condition on every state of some variables.

        Raises
        ------
        PositivityError
            If one of their states has probability zero.
        """
        over = (*self.given, *(name for name in as_names(given) if name not in self.given))
        free = tuple(k for k, name in enumerate(self.variables) if name not in over)
        for name in over:
            self.axis(name)
        total = self.values.sum(axis=free, keepdims=True)
        if (total == 0).any():
            empty = np.argwhere(total.squeeze(free) == 0)[0]
            kept = [name for name in self.variables if name in over]
            cell = ", ".join(
                f"{name}={self.states[name][k]}" for name, k in zip(kept, empty, strict=True)
            )
            raise PositivityError(f"P({cell}) is 0, so nothing can be conditioned on it.")
        return Distribution(self.values / total, self.variables, self.states, over)

    def at(self, values: Mapping[str, Hashable] | None = None, /, **named: Hashable) -> Any:
        """Take one state of some variables: a number if all are named, else what is left.

        Free variables that are named are conditioned on, if other free ones are left; else the
        probabilities are given as an array with the axes of ``given`` that are not named.

        Parameters
        ----------
        values, **named
            State by variable.

        Raises
        ------
        PositivityError
            If the states named have probability zero and others are left.
        """
        chosen = {**(values or {}), **named}
        index = tuple(
            self.code(name, chosen[name]) if name in chosen else slice(None)
            for name in self.variables
        )
        for name in chosen:
            self.axis(name)
        part = self.values[index]
        if not part.ndim:
            return float(part)
        rest = [name for name in self.variables if name not in chosen]
        over = [name for name in self.given if name not in chosen]
        free = tuple(k for k, name in enumerate(rest) if name not in over)
        if not free:
            return part.copy()
        total = part.sum(axis=free, keepdims=True)
        if (total == 0).any():
            cell = ", ".join(f"{name}={state}" for name, state in chosen.items())
            raise PositivityError(f"P({cell}) is 0, so nothing can be conditioned on it.")
        return Distribution(part / total, rest, {n: self.states[n] for n in rest}, over)

    def frame(self) -> pd.DataFrame:
        """Give one row for each state of ``given``, one column for each state of the others."""
        import pandas as pd

        free = [name for name in self.variables if name not in self.given]
        table = self.array(*self.given, *free).reshape(
            int(np.prod([len(self.states[name]) for name in self.given], dtype=int)), -1
        )
        axes = [
            pd.MultiIndex.from_product([self.states[name] for name in names], names=names)
            for names in (list(self.given), free)
            if names
        ]
        return pd.DataFrame(table, axes[0] if self.given else ["P"], axes[-1])

    def to_dict(self) -> dict[str, Any]:
        """Give plain values."""
        return {
            "values": self.values.tolist(),
            "variables": list(self.variables),
            "states": {name: list(states) for name, states in self.states.items()},
            "given": list(self.given),
        }

    @classmethod
    def from_dict(cls, payload: Mapping[str, Any]) -> Self:
        """Rebuild a distribution from :meth:`to_dict`."""
        return cls(payload["values"], payload["variables"], payload["states"], payload["given"])


def _checked_states(
    name: str, states: Sequence[Hashable] | None, size: int
) -> tuple[Hashable, ...]:
    found = tuple(range(size)) if states is None else tuple(states)
    if len(found) != size or len(set(found)) != size:
        raise DataError(f"{name!r} has {size} states in the table; named are {listing(found)}.")
    return found


def _normalise(table: Floats, free: list[int], given: tuple[str, ...]) -> None:
    """Check and divide in place."""
    if not np.isfinite(table).all() or (table < 0).any():
        raise DataError("probabilities must be finite numbers, none of them negative.")
    total = table.sum(axis=tuple(free), keepdims=True)
    if not np.allclose(total, 1, atol=_TOLERANCE, rtol=0):
        worst = float(total.flat[np.abs(total - 1).argmax()])
        where = f" for a state of {listing(given)}" if given else ""
        raise DataError(f"probabilities sum to {worst:.6g}{where}; expected 1.")
    table /= total
