"""Tests of partial correlation: Fisher's z and Student's t.

With P the inverse of the correlation matrix of (x, y, S), the partial correlation is
r = -P01 / sqrt(P00 P11). Both tests decide by a threshold on |r| that depends only on |S|, n
and alpha; a search can therefore run on the correlation matrix alone
(:class:`CorrelationTest`).

A constant column, which :func:`~causalsim.data.read_table` keeps only on request, passes for
independent of all others, as in the tests on counts.

References
----------
.. [Fisher1924] Fisher, The distribution of the partial correlation coefficient, Metron 3.
.. [Schafer2005] Schafer & Strimmer, A shrinkage approach to large-scale covariance matrix
   estimation, Statistical Applications in Genetics and Molecular Biology 4(1), article 32.
.. [Runge2019] Runge et al., Detecting and quantifying causal associations in large nonlinear
   time series datasets, Science Advances 5(11): the test called ParCorr.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal, final

import numpy as np
from numpy.typing import ArrayLike

from causalsim.citest._base import BoundTest, CITest, Floats, Ints, questions
from causalsim.citest._correlation import (
    SINGULAR,
    complete_correlations,
    correlation,
    partial_correlations,
    shrink,
    shrinkage_estimate,
    unit_columns,
)
from causalsim.citest._tails import log_normal_tails, log_t_tails
from causalsim.data import Kind, Table
from causalsim.errors import DataError, OptionError, listing

__all__ = ["CorrelationTest", "FisherZ", "ParCorr"]

_NUMERIC = frozenset({Kind.CONTINUOUS, Kind.BINARY})


@dataclass(frozen=True, eq=False)
class CorrelationTest(BoundTest):
    """A test that decides by |r| against a threshold; abstract.

    Parameters
    ----------
    spec : CITest
    names : tuple of str
    matrix : array of shape (p, p)
        Correlations; a constant column has none.
    n : int
        Rows behind ``matrix``.
    holes : array of shape (n, p), optional
        The data on any scale, where NaN asks for test-wise deletion; ``matrix`` is then not used.

    Examples
    --------
    >>> test = FisherZ().from_correlation([[1, 0.5], [0.5, 1]], n=100)
    >>> test.critical(0, alpha=0.05)
    0.197
    >>> statistic, log_p = test.score(np.array([0.5]), 0, test.n)
    >>> float(statistic[0]), float(log_p[0])
    (5.41, -16.57)
    """

    spec: CITest
    names: tuple[str, ...]
    matrix: Floats
    n: int
    holes: Floats | None = field(default=None)

    @abstractmethod
    def critical(self, k: int, alpha: float) -> float:
        """Give the |r| at which a test with |S| = k on all rows has p = alpha.

        Parameters
        ----------
        k : int
            Size of the conditioning set.
        alpha : float

        Returns
        -------
        float
            Infinite if there are too few rows to test at all.
        """

    @abstractmethod
    def score(self, r: Floats, k: int, n: ArrayLike) -> tuple[Floats, Floats]:
        """Turn partial correlations into test results.

        Parameters
        ----------
        r : array of shape (m,)
        k : int
            Size of the conditioning sets.
        n : int or array of int, shape (m,)
            Rows behind each.

        Returns
        -------
        statistic, log_p : arrays of shape (m,)
            NaN and ``-inf`` where ``r`` is NaN or the rows are too few.
        """

    def batch(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> tuple[Floats, Floats]:
        """Test many pairs at once; see :class:`~causalsim.citest.BoundTest`."""
        x, y, s = questions(xs, ys, givens)
        r, n = self._partial(x, y, s)
        return self.score(r, s.shape[1], n)

    def effects(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> Floats:
        """Give partial correlations, shape (m,)."""
        return self._partial(*questions(xs, ys, givens))[0]

    def _partial(self, xs: Ints, ys: Ints, givens: Ints) -> tuple[Floats, int | Ints]:
        """Give partial correlations and the rows behind them."""
        if self.holes is None:
            return partial_correlations(self.matrix, xs, ys, givens), self.n
        return complete_correlations(self.holes, xs, ys, givens)

    def _details(self, x: int, y: int, given: tuple[int, ...]) -> tuple[float, float, int]:
        r, n = self._partial(*questions([x], [y], [given]))
        return float(r[0]), np.nan, int(np.max(n))


@final
@dataclass(frozen=True, eq=False)
class _FisherZTest(CorrelationTest):
    def critical(self, k: int, alpha: float) -> float:
        from scipy.special import ndtri

        room = self.n - k - 3
        return float(np.tanh(-ndtri(alpha / 2) / np.sqrt(room))) if room > 0 else np.inf

    def score(self, r: Floats, k: int, n: ArrayLike) -> tuple[Floats, Floats]:
        room = np.asarray(n, np.float64) - k - 3
        with np.errstate(invalid="ignore", divide="ignore"):
            z = np.where(room > 0, np.arctanh(r) * np.sqrt(room), np.nan)
        return z, np.where(np.isnan(z), -np.inf, log_normal_tails(z))


@final
@dataclass(frozen=True, eq=False)
class _ParCorrTest(CorrelationTest):
    def critical(self, k: int, alpha: float) -> float:
        from scipy.special import stdtrit

        dof = self.n - k - 2
        if dof <= 0:
            return np.inf
        t = -float(stdtrit(dof, alpha / 2))
        return t / float(np.sqrt(dof + t * t))

    def score(self, r: Floats, k: int, n: ArrayLike) -> tuple[Floats, Floats]:
        dof = np.asarray(n, np.float64) - k - 2
        with np.errstate(invalid="ignore", divide="ignore"):
            t = np.where(dof > 0, r * np.sqrt(np.maximum(dof, 0) / (1 - r * r)), np.nan)
        log_p = log_t_tails(np.where(np.isnan(t), 0.0, t), np.maximum(dof, 1))
        return t, np.where(np.isnan(t), -np.inf, log_p)

    def _details(self, x: int, y: int, given: tuple[int, ...]) -> tuple[float, float, int]:
        effect, _, n = CorrelationTest._details(self, x, y, given)  # noqa: SLF001
        return effect, float(n - len(given) - 2), n


@dataclass(frozen=True)
class _PartialCorrelation(CITest):
    """Settings shared by the two tests; abstract."""

    shrinkage: float | Literal["auto"] | None = None

    accepts: ClassVar[frozenset[Kind]] = _NUMERIC
    assumes: ClassVar[str] = "relations are linear and noise is Gaussian"
    bound: ClassVar[type[CorrelationTest]]

    def __post_init__(self) -> None:
        amount = self.shrinkage
        number = isinstance(amount, int | float) and not isinstance(amount, bool)
        if not (amount is None or amount == "auto" or (number and 0 <= float(amount) <= 1)):
            raise OptionError(
                f"shrinkage={amount!r}: expected None, 'auto' or a number in [0, 1]."
            )

    def bind(self, table: Table) -> BoundTest:
        """Compute the correlation matrix once, or keep the data if values are missing.

        Raises
        ------
        DataError
            If ``shrinkage`` is set and values are missing.
        """
        n, p = table.values.shape
        if not table.has_missing:
            unit = unit_columns(table.values)
            amount = shrinkage_estimate(unit) if self.shrinkage == "auto" else self.shrinkage
            matrix = correlation(unit)
            if amount is not None:
                matrix = shrink(matrix, amount)
            return self.bound(self, table.names, matrix, n)
        if self.shrinkage is not None:
            raise DataError("shrinkage needs complete rows; read with missing='listwise'.")
        return self.bound(self, table.names, np.eye(p), n, table.values)

    def from_correlation(
        self, matrix: ArrayLike, n: int, names: Sequence[str] | None = None
    ) -> BoundTest:
        """Bind to a correlation (or covariance) matrix instead of data.

        Parameters
        ----------
        matrix : array of shape (p, p)
        n : int
            Rows behind it.
        names : sequence of str, optional
            ``x0``, ``x1``, ... if left out.

        Returns
        -------
        BoundTest

        Raises
        ------
        DataError
            If ``matrix`` is not symmetric with a positive diagonal, is singular after shrinkage,
            or ``names`` do not fit it.
        OptionError
            If ``shrinkage`` is ``"auto"``, which needs data.

        Examples
        --------
        >>> FisherZ().from_correlation([[1, 0.5], [0.5, 1]], n=100)("x0", "x1").statistic
        5.41
        """
        if self.shrinkage == "auto":
            raise OptionError("shrinkage='auto' is estimated from data; write a number.")
        unit = _as_correlation(matrix)
        labels = tuple(f"x{i}" for i in range(len(unit))) if names is None else tuple(names)
        if len(set(labels)) < len(labels) or len(labels) != len(unit):
            raise DataError(f"expected {len(unit)} distinct names; got {list(labels)}.")
        shrunk = shrink(unit, self.shrinkage or 0.0)
        _refuse_singular(shrunk, labels)
        return self.bound(self, labels, shrunk, n)


def _as_correlation(matrix: ArrayLike) -> Floats:
    """Check a covariance matrix and scale it to a unit diagonal."""
    given = np.asarray(matrix, np.float64)
    if given.ndim != 2 or given.shape[0] != given.shape[1]:
        raise DataError(f"a correlation matrix is square; got shape {given.shape}.")
    diagonal = given.diagonal()
    if not (diagonal > 0).all() or not np.isfinite(given).all():
        raise DataError(
            f"a correlation matrix is finite with a positive diagonal; got {given.tolist()}."
        )
    scale = np.sqrt(diagonal)
    unit = given / scale / scale[:, None]
    if not np.allclose(unit, unit.T):
        raise DataError("a correlation matrix is symmetric; write (R + R.T) / 2 if R almost is.")
    np.fill_diagonal(unit, 1.0)
    return np.asarray(np.clip(unit, -1.0, 1.0))


def _refuse_singular(unit: Floats, names: tuple[str, ...]) -> None:
    """Refuse a matrix in which some columns are linear functions of others."""
    values, vectors = np.linalg.eigh(unit)
    if values[0] > SINGULAR:
        return
    involved = [name for name, w in zip(names, vectors[:, 0], strict=True) if abs(w) > 1e-3]
    raise DataError(
        f"the correlation matrix is singular: {listing(involved)} are linearly dependent. Drop "
        "one of them, or shrink: FisherZ(shrinkage=0.05)."
    )


@final
@dataclass(frozen=True)
class FisherZ(_PartialCorrelation):
    """Fisher's z test of partial correlation, for linear Gaussian relations.

    z = atanh(r) sqrt(n - |S| - 3) is compared with a standard normal, two-sided [Fisher1924]_.
    ``log_p`` stays finite where p underflows; the effect is r.

    Parameters
    ----------
    shrinkage : float, "auto" or None
        Pull all correlations towards zero by this amount, or by the estimate of
        [Schafer2005]_, for few rows and many columns. Marginal tests become conservative; tests
        given a set do *not* keep their level, see the notes.

    Raises
    ------
    OptionError
        If ``shrinkage`` is neither.

    Notes
    -----
    Shrinking undoes part of the adjustment for the set: what remains of a confounder's effect
    passes for a dependence. The level given a set therefore *rises* with n, the amount and the
    strength of the confounder. For x = 2 z + e, y = 2 z + f, the true x _||_ y | z is rejected at
    .05 with this frequency (400 repetitions):

    ===================================  ====  ======  ====  ====
    n                                    None  "auto"  0.05  0.2
    ===================================  ====  ======  ====  ====
    30                                   .07   .05     .03   .07
    100                                  .06   .08     .23   .96
    100, with 30 columns of noise        .06   .17     .22   .94
    1000, with 30 columns of noise       .05   1.00    1.00  1.00
    ===================================  ====  ======  ====  ====

    Shrink to make a test possible, not to make it safe.

    Examples
    --------
    >>> data = np.random.default_rng(0).normal(size=(200, 3))
    >>> FisherZ()(data)("x0", "x1", ["x2"]).p_value > 0.05
    True
    """

    name: ClassVar[str] = "fisher_z"
    bound: ClassVar[type[CorrelationTest]] = _FisherZTest


@final
@dataclass(frozen=True)
class ParCorr(_PartialCorrelation):
    """Student's t test of partial correlation, exact for Gaussian rows.

    t = r sqrt(dof / (1 - r^2)) with dof = n - |S| - 2 [Runge2019]_; the effect is r.

    Parameters
    ----------
    shrinkage : float, "auto" or None
        As in :class:`FisherZ`.

    Raises
    ------
    OptionError
        If ``shrinkage`` is neither.

    Examples
    --------
    >>> data = np.random.default_rng(0).normal(size=(200, 3))
    >>> ParCorr()(data)("x0", "x1", ["x2"]).dof
    197.0
    """

    name: ClassVar[str] = "par_corr"
    bound: ClassVar[type[CorrelationTest]] = _ParCorrTest
