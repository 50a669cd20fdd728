"""What a conditional-independence test is: a frozen spec, and the test it makes of some data.

``spec(data)`` binds a spec to a table and gives a :class:`BoundTest`;
``bound("X", "Y", ["Z"])`` answers one question by name, ``bound.batch(xs, ys, givens)`` many by
column number. All questions of a batch share the size of the conditioning set, so that the hot
loop is one gather and one stacked operation.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causalsim.data import Kind, Table
from causalsim.errors import DataError, NameNotFoundError, OptionError, listing

__all__ = ["BoundTest", "CIResult", "CITest", "Floats", "Ints", "questions"]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


def questions(xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> tuple[Ints, Ints, Ints]:
    """Give m questions as arrays of shape (m,), (m,) and (m, k).

    >>> [part.shape for part in questions([0], [1], [()])]
    [(1,), (1,), (1, 0)]
    """
    x, y, s = (np.ascontiguousarray(part, np.intp) for part in (xs, ys, givens))
    return x, y, s


@final
@dataclass(frozen=True)
class CIResult:
    """The answer to one question ``x _||_ y | given``.

    Parameters
    ----------
    statistic : float
        NaN if the question is untestable; then ``log_p`` is ``-inf``, so that the edge stays.
    p_value, log_p : float
        ``log_p`` is finite where ``p_value`` underflows, so that extremes still rank.
    effect : float
        Size of the dependence on the test's own scale, such as a partial correlation.
    dof : float
        Degrees of freedom, or NaN where the test has none.
    n : int
        Rows used.
    sparse : bool
        The rows are so few that independence may be for lack of data; see
        :meth:`BoundTest.sparse`.

    Examples
    --------
    >>> from causalsim.citest import FisherZ
    >>> FisherZ().from_correlation([[1, 0.5], [0.5, 1]], n=100)("x0", "x1").n
    100
    """

    statistic: float
    p_value: float
    log_p: float
    effect: float
    dof: float
    n: int
    sparse: bool = False


@dataclass(frozen=True, eq=False, kw_only=True)
class _Advice:
    """What the maker of a bound test has to say about its use."""

    notes: tuple[str, ...] = ()
    max_cond: int | None = None


class BoundTest(_Advice, ABC):
    """A test bound to data; abstract. Column numbers inside, names at the border.

    Attributes
    ----------
    names : tuple of str
        The columns.
    n : int
        Rows.
    spec : CITest
        What it was made from.
    notes : tuple of str
        Why this test, where one was chosen; a result repeats them.
    max_cond : int or None
        Largest conditioning set that a search should ask for.

    Examples
    --------
    >>> from causalsim.citest import FisherZ
    >>> test = FisherZ().from_correlation([[1, 0.5], [0.5, 1]], n=100)
    >>> statistic, log_p = test.batch([0], [1], [()])
    >>> float(statistic[0]), float(log_p[0])
    (5.41, -16.57)
    """

    names: tuple[str, ...]
    n: int
    spec: CITest

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "__repr__" not in cls.__dict__:  # else a dataclass would print whole arrays
            cls.__repr__ = BoundTest.__repr__  # type: ignore[method-assign]

    def __repr__(self) -> str:
        return f"<{self.spec} on {self.n} rows of {listing(self.names)}>"

    @abstractmethod
    def batch(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> tuple[Floats, Floats]:
        """Test many pairs at once.

        Parameters
        ----------
        xs, ys : arrays of int, shape (m,)
        givens : array of int, shape (m, k)

        Returns
        -------
        statistic, log_p : arrays of shape (m,)
            An untestable question (too few rows) has statistic NaN and log_p ``-inf``, so that
            the edge stays.
        """

    @abstractmethod
    def _details(self, x: int, y: int, given: tuple[int, ...]) -> tuple[float, float, int]:
        """Give effect, degrees of freedom and rows of one test."""

    def effects(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> Floats:
        """Give the size of each dependence on the test's own scale.

        Parameters
        ----------
        xs, ys, givens
            As in :meth:`batch`.

        Returns
        -------
        array of shape (m,)
        """
        x, y, s = (part.tolist() for part in questions(xs, ys, givens))
        rows = zip(x, y, map(tuple, s), strict=True)
        return np.array([self._details(*row)[0] for row in rows], np.float64)

    def sparse(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> NDArray[np.bool_]:
        """Flag questions where independence may be for lack of data.

        Tests on counts lose their power without a sign of it when rows spread over many strata;
        they flag fewer than ten rows for each degree of freedom of the full table. Other tests
        flag nothing.

        Parameters
        ----------
        xs, ys, givens
            As in :meth:`batch`.

        Returns
        -------
        array of bool, shape (m,)
        """
        return np.zeros(len(questions(xs, ys, givens)[0]), np.bool_)

    def smallest_expected(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> Floats:
        """Give the smallest expected count in each test's table; infinite if it counts nothing.

        Below 1 the chi-squared law fails in the tail where p is small (Cochran 1954), be the
        table large or not.

        Parameters
        ----------
        xs, ys, givens
            As in :meth:`batch`.

        Returns
        -------
        array of shape (m,)
        """
        return np.full(len(questions(xs, ys, givens)[0]), np.inf)

    @cached_property
    def _index(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.names)}

    def index(self, name: str) -> int:
        """Give the number of a column.

        Raises
        ------
        NameNotFoundError
            With the nearest name.
        """
        if name not in self._index:
            raise NameNotFoundError.from_names("column", name, self.names)
        return self._index[name]

    def __call__(self, x: str, y: str, given: str | Iterable[str] = ()) -> CIResult:
        """Test ``x _||_ y | given`` by name.

        Parameters
        ----------
        x, y : str
        given : str or iterable of str

        Returns
        -------
        CIResult

        Raises
        ------
        NameNotFoundError
            If a column does not exist.
        OptionError
            If a column is named twice.
        """
        names = (given,) if isinstance(given, str) else tuple(given)
        i, j, s = self.index(x), self.index(y), tuple(self.index(name) for name in names)
        if len({i, j, *s}) < 2 + len(s):
            raise OptionError(f"x, y and given must differ: {x!r}, {y!r}, {list(names)}.")
        statistic, log_p = (float(part[0]) for part in self.batch([i], [j], [s]))
        effect, dof, n = self._details(i, j, s)
        sparse = bool(self.sparse([i], [j], [s])[0])
        return CIResult(statistic, float(np.exp(log_p)), log_p, effect, dof, n, sparse)


@dataclass(frozen=True)
class CITest(ABC):
    """A test's settings; abstract. Calling it with data binds it.

    Attributes
    ----------
    name : str
        Of the class: what :func:`causalsim.citest.get` finds it by.
    accepts : frozenset of Kind
        Of the class: column kinds that it can test.
    assumes : str
        Of the class: what its p-values take for granted, in words; empty if nobody said.
    shown : tuple of str
        Of the class: settings that ``str`` tells even where they have their defaults.

    Examples
    --------
    >>> from causalsim.citest import FisherZ
    >>> FisherZ.name, FisherZ(shrinkage=0.1).options()
    ('fisher_z', {'shrinkage': 0.1})
    >>> print(FisherZ(), FisherZ(shrinkage=0.1))
    fisher_z fisher_z(shrinkage=0.1)
    """

    name: ClassVar[str]
    accepts: ClassVar[frozenset[Kind]]
    assumes: ClassVar[str] = ""
    shown: ClassVar[tuple[str, ...]] = ()

    def __str__(self) -> str:
        plain = self.options()
        told = [
            f"{one.name}={plain[one.name]}"
            for one in fields(self)
            if one.name in plain
            and (one.name in self.shown or getattr(self, one.name) != one.default)
        ]
        return f"{self.name}({', '.join(told)})" if told else self.name

    def __call__(self, data: object) -> BoundTest:
        """Bind the test to data.

        Parameters
        ----------
        data : Table, DataFrame, array or path
            Read by :func:`causalsim.data.read_table` unless it is a Table.

        Returns
        -------
        BoundTest

        Raises
        ------
        DataError
            If a column is of a kind that the test does not take.
        """
        from causalsim.citest._reading import read_for

        table = data if isinstance(data, Table) else read_for(self, data, itself=False)
        self._refuse_kinds(table)
        return self.bind(table)

    @abstractmethod
    def bind(self, table: Table) -> BoundTest:
        """Make the bound test; ``table`` has only accepted kinds."""

    def options(self) -> dict[str, Any]:
        """Give the settings as plain values, for provenance."""
        return asdict(self)

    @property
    def least_p(self) -> float:
        """The smallest p-value that it can give: above 0 where p is a share of draws."""
        return 0.0

    def refuse_level(self, alpha: float) -> None:
        """Refuse a level that no p-value of this test could reach.

        Parameters
        ----------
        alpha : float

        Raises
        ------
        OptionError
            If ``least_p`` is above it.
        """
        if self.least_p > alpha * (1 + 1e-9):
            fewest = int(np.ceil(round(1 / alpha, 6))) - 1
            raise OptionError(
                f"alpha={alpha:g}: the p-values of {self} are never below {self.least_p:.3g}, so "
                f"that nothing could be rejected; let it draw {fewest} times or more, or choose "
                f"a larger level."
            )

    def _refuse_kinds(self, table: Table) -> None:
        wrong = [
            f"{name!r} ({kind})"
            for name, kind in zip(table.names, table.kinds, strict=True)
            if kind not in self.accepts
        ]
        if wrong:
            known = ", ".join(sorted(self.accepts))
            raise DataError(
                f"test {self.name!r} takes {known} columns; got {', '.join(wrong)}. Drop these "
                "columns, choose another test, or override the kinds: kinds={'column': 'kind'}."
                f"{table.guesses}"
            )
