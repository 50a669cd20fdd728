"""Joint noise: which noises depend on each other, and uniforms that depend in the same way.

A model over a graph has independent noises. Where residuals depend nevertheless, the graph leaves
something out at the same time step: an edge or a hidden common cause. A copula keeps that
dependence, whatever it is from; the laws of the single noises stay as they are.

References
----------
.. [Nelsen2006] Nelsen, *An Introduction to Copulas*, 2nd edition.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import final

import numpy as np

from causalsim.errors import OptionError
from causalsim.scm import _dependence
from causalsim.scm.functions import Floats, weighted_sum
from causalsim.scm.laws import EmpiricalNoise, FittedNoise, UniformNoise

__all__ = ["Copula", "GaussianCopula", "RowCopula", "fit_copula"]

Groups = tuple[tuple[str, ...], ...]
Rows = tuple[tuple[float, ...], ...]
Streams = Mapping[str, np.random.Generator]
JOINTS = ("auto", "rows", "gaussian", "none")
FEW = 200


@dataclass(frozen=True)
class Copula(ABC):
    """A law of uniforms that depend within groups; abstract.

    Parameters
    ----------
    groups : sequence of sequences of str
        Names whose noises are drawn together: two or more in a group, each name in one.
    """

    groups: Groups

    def __post_init__(self) -> None:
        object.__setattr__(self, "groups", tuple(tuple(group) for group in self.groups))
        if any(len(group) < 2 for group in self.groups) or len(set(self.names)) < len(self.names):
            raise OptionError(
                f"groups={self.groups}: give two or more names in a group, and each name once."
            )

    @property
    def names(self) -> tuple[str, ...]:
        """All names in groups, group by group."""
        return tuple(name for group in self.groups for name in group)

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Give all pairs within groups: what a graph shows as ``X <-> Y``.

        Returns
        -------
        tuple of (str, str)

        Examples
        --------
        >>> GaussianCopula((("X", "Y"),), ((1, 0.5), (0.5, 1))).pairs()
        (('X', 'Y'),)
        """
        return tuple(pair for group in self.groups for pair in combinations(group, 2))

    def uniforms(self, total: int, streams: Streams) -> dict[str, Floats]:
        """Draw uniforms of all names in groups; a law's ``quantile`` turns them into noise.

        Parameters
        ----------
        total : int
            How many.
        streams : mapping of str to Generator
            One for each name; a group is drawn from that of its first.

        Returns
        -------
        dict of str to array of shape (total,)
        """
        drawn: dict[str, Floats] = {}
        for group in self.groups:
            columns = self._draw(group, total, streams[group[0]])
            drawn |= dict(zip(group, columns, strict=True))
        return drawn

    @abstractmethod
    def _draw(
        self, group: tuple[str, ...], total: int, stream: np.random.Generator
    ) -> Sequence[Floats]:
        """Draw one group, an array of shape (total,) for each name."""


@final
@dataclass(frozen=True)
class RowCopula(Copula):
    """Whole observed rows, drawn with replacement: every kind of dependence is kept.

    Parameters
    ----------
    groups : sequence of sequences of str
    rows : sequence of sequences of float
        Observed uniforms, shape (n, p); columns as in ``names``.

    Raises
    ------
    OptionError
        If the rows do not fit the groups, or hold other numbers than from 0 to 1.

    Examples
    --------
    >>> law = RowCopula((("X", "Y"),), ((0.0, 1.0), (1.0, 0.0)))
    >>> drawn = law.uniforms(50, {"X": np.random.default_rng(0)})
    >>> bool((drawn["X"] + drawn["Y"] == 1).all())
    True
    """

    rows: Rows

    def __post_init__(self) -> None:
        Copula.__post_init__(self)
        object.__setattr__(self, "rows", _tuples(self.rows, (None, len(self.names)), "rows"))
        if not self.rows or self._table.min() < 0 or self._table.max() > 1:
            raise OptionError("rows are empty or leave [0, 1]; give at least one row of uniforms.")

    @cached_property
    def _table(self) -> Floats:
        return np.array(self.rows)

    def _draw(
        self, group: tuple[str, ...], total: int, stream: np.random.Generator
    ) -> Sequence[Floats]:
        at = stream.integers(len(self._table), size=total)
        return [self._table[at, self.names.index(name)] for name in group]


@final
@dataclass(frozen=True)
class GaussianCopula(Copula):
    """The dependence of normal variables: smooth, and only as strong as correlations say.

    Parameters
    ----------
    groups : sequence of sequences of str
    correlation : sequence of sequences of float
        Of the normal scores, shape (p, p), in the order of ``names``; only entries within groups
        count. Negative eigenvalues are set to 0.

    Raises
    ------
    OptionError
        If the matrix does not fit the groups or is no correlation matrix.

    Examples
    --------
    >>> law = GaussianCopula((("X", "Y"),), ((1.0, 0.9), (0.9, 1.0)))
    >>> drawn = law.uniforms(1000, {"X": np.random.default_rng(0)})
    >>> bool(np.corrcoef(drawn["X"], drawn["Y"])[0, 1] > 0.85)
    True
    """

    correlation: Rows

    def __post_init__(self) -> None:
        Copula.__post_init__(self)
        p = len(self.names)
        object.__setattr__(self, "correlation", _tuples(self.correlation, (p, p), "correlation"))
        matrix = np.array(self.correlation).reshape(p, p)
        if not ((matrix == matrix.T).all() and (np.diag(matrix) == 1).all()):
            raise OptionError("correlation must be symmetric with ones on its diagonal.")

    def _factor(self, group: tuple[str, ...]) -> Floats:
        """Give F with F F' the nearest correlation matrix of a group."""
        at = [self.names.index(name) for name in group]
        values, vectors = np.linalg.eigh(np.array(self.correlation)[np.ix_(at, at)])
        factor = vectors * np.sqrt(np.maximum(values, 0.0))
        return np.asarray(factor / np.linalg.norm(factor, axis=1)[:, None])

    def _draw(
        self, group: tuple[str, ...], total: int, stream: np.random.Generator
    ) -> Sequence[Floats]:
        from scipy.special import ndtr

        normal = stream.normal(size=(total, len(group)))
        return [ndtr(weighted_sum(normal, tuple(row))) for row in self._factor(group)]


def _tuples(rows: Sequence[Sequence[float]], shape: tuple[int | None, int], what: str) -> Rows:
    """Read a matrix of a known shape as tuples."""
    given = tuple(tuple(float(value) for value in row) for row in rows)
    widths, (n, p) = {len(row) for row in given}, shape
    if widths - {p} or (n is not None and len(given) != n):
        raise OptionError(
            f"{what} has {len(given)} rows of lengths {sorted(widths)} for {p} names; expected "
            "one column for each name."
        )
    return given


# -- learning -----------------------------------------------------------------------------


def fit_copula(
    residuals: Mapping[str, Floats],
    joint: str = "auto",
    *,
    alpha: float = 0.01,
    laws: Mapping[str, FittedNoise] | None = None,
) -> Copula | None:
    """Learn which noises depend on each other, and how.

    Two noises depend if their ranks correlate, or the ranks of their sizes (distances from the
    median) do. Of the two tests of each pair (normal approximation) the smaller
    p-value counts, times the number of all tests (Bonferroni). The groups are what such pairs
    connect; inside a group all dependence is kept, also that of pairs that were not found.

    Parameters
    ----------
    residuals : mapping of str to array of shape (n,)
        Rows at the same time, or of the same case.
    joint : {"auto", "rows", "gaussian", "none"}
        ``"auto"`` draws whole rows, but normal scores below 200 rows, which would recur too
        often.
    alpha : float
        Chance to join anything when all noises are independent.
    laws : mapping of str to FittedNoise, optional
        The law of each noise. By default that of its residuals, an `EmpiricalNoise`; then drawn
        rows are the very rows of residuals. Under a law between finite ends the residuals give
        the uniforms by its ``cdf``, under any other by their ranks.

    Returns
    -------
    Copula or None
        None if no two noises depend.

    Raises
    ------
    OptionError
        If ``joint`` is unknown or the level no probability.
    DataError
        If residuals have different lengths, fewer than 10 rows, or are not finite.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, z = rng.normal(size=(2, 500))
    >>> fit_copula({"X": x, "Y": x + rng.normal(size=500), "Z": z}).groups
    (('X', 'Y'),)
    """
    if joint not in JOINTS:
        raise OptionError.from_choice("joint", joint, JOINTS)
    if not 0 < alpha < 1:
        raise OptionError(f"alpha={alpha}: expected a level between 0 and 1.")
    if joint == "none" or len(residuals) < 2:
        return None
    names, table = tuple(residuals), _dependence.table_of(residuals)
    found = _dependence.components(_dependence.dependent(table, alpha))
    if not found:
        return None
    groups = tuple(tuple(names[i] for i in group) for group in found)
    joined = table[:, [i for group in found for i in group]]
    if joint == "gaussian" or (joint == "auto" and len(table) < FEW):
        return GaussianCopula(groups, _dependence.normal_correlation(joined))
    order = [name for group in groups for name in group]
    columns = [
        _uniforms(column, (laws or {}).get(name))
        for name, column in zip(order, joined.T, strict=True)
    ]
    return RowCopula(groups, tuple(zip(*(column.tolist() for column in columns), strict=True)))


def _uniforms(column: Floats, law: FittedNoise | None) -> Floats:
    """Give the uniforms behind residuals, such that the quantiles of a law lead back to them."""
    if isinstance(law, UniformNoise):
        return law.cdf(column)
    n, ranks = len(column), _dependence.ranks_of(column)
    if law is None or isinstance(law, EmpiricalNoise):
        return np.interp(ranks, np.arange(n), np.linspace(0, 1, n))
    return (ranks + 0.5) / n
