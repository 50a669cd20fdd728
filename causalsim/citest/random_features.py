"""Tests of conditional independence on random Fourier features: RCIT and RCoT [Strobl2019]_.

A few random features cos(w'x + b) stand for a Gaussian kernel of median width. Features of x and
y are regressed on many of the set's; the squared Frobenius norm of the covariance C of the
residuals, T = n |C|^2, is under independence a weighted sum of chi-squared variables whose
weights are the eigenvalues of the covariance of the residuals' products.

RCIT takes features of (x, Z) and (y, Z), RCoT of x and y alone. [Strobl2019]_ appends Z to y only,
so that x and y are no equals; taking it on both sides is as good a characterisation of
independence given Z [Daudin1980]_ and symmetric.

A p-value hangs on the features drawn. They are drawn by the content of the columns, so that a
question has one answer, and ``draws`` times; the p-values are combined by Cauchy's law.

The many features of the set take up degrees of freedom, so that residuals are too small and with
them the weights. Each row's products are therefore divided by the square root of 1 - h, h the
row's leverage in the regression [MacKinnon1985]_; [Strobl2019]_ does not, and rejects too often
where features are as many as rows.

References
----------
.. [Strobl2019] Strobl, Zhang & Visweswaran, Approximate kernel-based conditional independence
   tests for fast non-parametric causal discovery, Journal of Causal Inference 7(1).
.. [Daudin1980] Daudin, Partial association measures and an application to qualitative
   regression, Biometrika 67(3).
.. [MacKinnon1985] MacKinnon & White, Some heteroskedasticity-consistent covariance matrix
   estimators with improved finite sample properties, Journal of Econometrics 29(3): their HC2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from causalsim.citest._base import BoundTest, CITest
from causalsim.citest._feature_test import LAWS, FeatureTest
from causalsim.citest._limits import check_draws
from causalsim.citest._streams import check_seed, coded_columns
from causalsim.citest.kernel._store import Store
from causalsim.data import Kind, Table
from causalsim.errors import LimitError, OptionError

__all__ = ["RCIT", "RCoT", "RandomFeatures"]

_MEMORY = 1 << 27
_MOST_BYTES = 1 << 30


@dataclass(frozen=True)
class RandomFeatures(CITest):
    """Settings of both tests, explained at :class:`RCIT`; abstract.

    Examples
    --------
    >>> isinstance(RCIT(), RandomFeatures), isinstance(RCoT(), RandomFeatures)
    (True, True)
    """

    features: int = 5
    features_z: int = 100
    null: str = "lpb4"
    draws: int = 4
    ridge: float = 1e-10
    permutations: int = 999
    seed: int = 0

    accepts: ClassVar[frozenset[Kind]] = frozenset({Kind.CONTINUOUS, Kind.BINARY, Kind.DISCRETE})
    assumes: ClassVar[str] = (
        "relations are smooth enough for the set's random features, and rows are many"
    )
    with_set: ClassVar[bool]

    def __post_init__(self) -> None:
        check_seed(self.seed)
        if self.null not in (known := [*LAWS, "permutation"]):
            raise OptionError.from_choice("null", self.null, known)
        for option in ("features", "features_z"):
            if type(value := getattr(self, option)) is not int or value < 1:
                raise OptionError(f"{option}={value!r}: expected a whole number from 1 on.")
        check_draws("draws", self.draws, ranked=False)
        check_draws("permutations", self.permutations, ranked=self._permuted)
        if isinstance(self.ridge, bool) or not 0 < self.ridge < np.inf:
            raise OptionError(f"ridge={self.ridge!r}: expected a positive number, such as 1e-10.")

    def bind(self, table: Table) -> BoundTest:
        """Standardise the columns.

        Raises
        ------
        DataError
            If values are missing, or a column is constant.
        LimitError
            If one question would take more than 2^30 bytes.
        """
        columns = coded_columns(table)
        self._refuse_large(columns.n)
        return FeatureTest(self, table.names, columns.n, columns, Store(_MEMORY))

    @property
    def _permuted(self) -> bool:
        return self.null == "permutation"

    @property
    def least_p(self) -> float:
        """The smallest p-value that it can give."""
        return 1 / (1 + self.permutations) if self._permuted else 0.0

    def _refuse_large(self, n: int) -> None:
        """Refuse features whose matrices, or whose products' covariance, would fill the memory."""
        f, z = self.features, self.features_z
        squares = f * f if self._permuted else 2 * (n * f * f + f**4)
        need = 8 * (4 * n * (f + z) + squares)
        if need > _MOST_BYTES:
            raise LimitError(
                f"features={f} and features_z={z} on {n} rows take some {need:,} bytes at once; "
                f"the limit is {_MOST_BYTES:,}. Write fewer: features=5 and features_z=100 are "
                "the defaults."
            )


@final
@dataclass(frozen=True)
class RCIT(RandomFeatures):
    """The randomised test on features of (x, Z) and (y, Z) [Strobl2019]_.

    Continuous, binary and discrete columns in any place; the effect is the RV coefficient of the
    residual features, in [0, 1].

    Parameters
    ----------
    features : int
        Of x and of y.
    features_z : int
        Of the set.
    null : {"lpb4", "hbe", "gamma", "permutation"}
        Law of the statistic: eight, three or two moments of the weighted sum of chi-squareds, or
        permutations of the residuals, exact only without a set. ``"hbe"`` is faster than
        ``"lpb4"`` and close to it.
    draws : int
        How often all features are drawn; the p-values are combined by Cauchy's law.
    ridge : float
        Added to the variances of the set's features, each of which is 1.
    permutations : int
        For ``null="permutation"``; 19 to 100 000, as p is at least 1/(1 + permutations).
    seed : int
        Streams hang on this and the columns' content, not on the order of calls.

    Raises
    ------
    OptionError
        If a setting is none of these.
    LimitError
        When bound, if one question would take more than 2^30 bytes.

    Notes
    -----
    Sees more than :class:`RCoT` given a set, but needs the set's features to be well below the
    rows in number. See :class:`RCoT` for measured rates.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> z, e, f = rng.normal(size=(3, 300))
    >>> test = RCIT()(np.column_stack([z**2 + e, np.sin(z) + f, z]))
    >>> test("x0", "x2").p_value < 0.05, test("x0", "x1", ["x2"]).p_value > 0.05
    (True, True)
    """

    name: ClassVar[str] = "rcit"
    with_set: ClassVar[bool] = True


@final
@dataclass(frozen=True)
class RCoT(RandomFeatures):
    """The randomised test on features of x and y alone [Strobl2019]_.

    Continuous, binary and discrete columns in any place; the effect is the RV coefficient of the
    residual features, in [0, 1].

    Parameters
    ----------
    features, features_z, null, draws, ridge, permutations, seed
        As in :class:`RCIT`.

    Raises
    ------
    OptionError
        If a setting is none of these.

    Notes
    -----
    Rejections at .05 without / with an effect of x on y, over 200 repetitions;
    F = sum(Z) / sqrt(size of Z), x = sin(2F) + .4e, y = F^2/2 + .4f; power adds .5 tanh(x) to y:

    ==========  ==========  ==========  ==========  ===========
    test, n     no Z        one         two         three
    ==========  ==========  ==========  ==========  ===========
    RCoT, 100   .070 / .94  .020 / .57  .035 / .40  .015 / .04
    RCoT, 200   .035 / 1.0  .045 / .93  .045 / .84  .055 / .65
    RCIT, 200   .035 / 1.0  .060 / .96  .065 / .88  .030 / .80
    ==========  ==========  ==========  ==========  ===========

    **RCoT does not keep its level as rows grow**: at n = 500 with three columns in Z it rejects
    .23 of the time, and .10 with ``features_z=200`` (100 repetitions), since the features cannot
    follow so curved a relation; RCIT rejects .055 there.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, e = rng.normal(size=(2, 300))
    >>> RCoT()(np.column_stack([x, x**2 + e]))("x0", "x1").p_value < 0.05
    True
    """

    name: ClassVar[str] = "rcot"
    with_set: ClassVar[bool] = False
