"""The generalised covariance measure: tests on the residuals of two regressions [Shah2020]_.

Regress x on Z and y on Z; if x and y are independent given Z, the products R of the residuals
have mean 0, and T = sqrt(n) mean(R) / sd(R) is standard normal. Its level rests only on the two
regressions: the product of their errors must vanish faster than 1/sqrt(n). No test of
conditional independence has power against everything [Shah2020]_; this one sees nothing whose
residual covariance is 0, such as y = x^2 for symmetric x.

A discrete column enters by the indicators of its levels, whose products have a mean vector that
the quadratic form T = n mean' Cov^+ mean tests, chi-squared with (k_x - 1)(k_y - 1) degrees of
freedom [Ankan2023]_; for two numbers that is the square of Shah and Peters' statistic.

The weighted measure [Scheidegger2022]_ also looks at mean(R w(Z)) for w = sign(z_j - a), with a
at the octiles of each z_j, so that residual covariances that cancel over Z are seen. The maximum
of all |T| is compared with that of a normal vector of the same correlations, which is what a
Gaussian multiplier bootstrap draws.

References
----------
.. [Shah2020] Shah & Peters, The hardness of conditional independence testing and the generalised
   covariance measure, Annals of Statistics 48(3).
.. [Scheidegger2022] Scheidegger, Hoerrmann & Buehlmann, The weighted generalised covariance
   measure, Journal of Machine Learning Research 23(273).
.. [Ankan2023] Ankan & Textor, A simple unified approach to testing high-dimensional conditional
   independences for categorical and ordinal data, AAAI 2023.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, final

from causalsim.citest._base import BoundTest, CITest
from causalsim.citest._limits import check_draws
from causalsim.citest._residual_test import ResidualTest
from causalsim.citest._streams import check_seed, coded_columns
from causalsim.citest.kernel._store import Store
from causalsim.data import Kind, Table
from causalsim.errors import DataError, OptionError

__all__ = ["GCM"]

_MEMORY = 1 << 27
_NAMED = ("ridge_kernel", "boosting")


@final
@dataclass(frozen=True)
class GCM(CITest):
    """The generalised covariance measure, on the residuals of two regressions [Shah2020]_.

    Continuous, binary and discrete columns in any place; the effect is |mean| over root mean
    square of the residuals' products, in [0, 1]. A regression is made once for each column and
    set, however many pairs ask for it.

    Parameters
    ----------
    regressor : {"ridge_kernel", "boosting"} or scikit-learn regressor
        Kernel ridge with a Gaussian kernel, width and ridge by leave-one-out error; gradient
        boosting of trees of depth 2; or any regressor, which is cloned and never fitted in
        place. A ``random_state`` left open is fixed by ``seed`` and the columns' content.
    weighted : bool
        Weigh the residuals' products by signs of the set's columns [Scheidegger2022]_, to see
        dependence that changes its sign; the statistic is then the largest absolute T.
    folds : int
        Residuals of a scikit-learn regressor come from fits on the other folds; 0 fits all rows,
        as kernel ridge does. Write 5 for a regressor that can fit noise.
    draws : int
        Normal vectors drawn for the weighted measure, 19 to 100 000: its p-value is at least
        1/(1 + draws).
    seed : int
        Streams hang on this and the columns' content, not on the order of calls.

    Raises
    ------
    OptionError
        If a setting is none of these.

    Notes
    -----
    Rejections at .05 without / with an effect of x on y, of kernel ridge over 200 repetitions;
    F = sum(Z) / sqrt(size of Z). Curves: x = sin(2F) + .4e, y = F^2/2 + .4f [+ .5 tanh(x)];
    spreads: x = tanh(F) + (.3 + .5|F|)e, y = cos(F) + (.3 + .5|F|)f [+ .4x]:

    ======  =============  =============  =============  =============
    n       curves, one Z  three          spreads, one   three
    ======  =============  =============  =============  =============
    100     .070 / .87     .095 / .81     .060 / .84     .095 / .86
    200     .085 / .98     .050 / .99     .045 / .99     .075 / .99
    500     .035 / 1.0     .065 / 1.0     .055 / 1.0     .060 / 1.0
    ======  =============  =============  =============  =============

    Weights also magnify what a poor regression leaves: on the curves ``weighted=True`` rejects
    .075 / .71 with one column in Z and .115 / .66 with three at n = 100, .060 / .96 and
    .080 / .94 at n = 200.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> z, e, f = rng.normal(size=(3, 200))
    >>> test = GCM()(np.column_stack([z**2 + e, np.sin(z) + f, z]))
    >>> test("x0", "x1").dof, test("x0", "x1", ["x2"]).p_value > 0.05
    (1.0, True)
    """

    regressor: Any = "ridge_kernel"
    weighted: bool = False
    folds: int = 0
    draws: int = 1999
    seed: int = 0

    name: ClassVar[str] = "gcm"
    accepts: ClassVar[frozenset[Kind]] = frozenset({Kind.CONTINUOUS, Kind.BINARY, Kind.DISCRETE})
    assumes: ClassVar[str] = (
        "the regressions on the set are accurate, and dependence shows in residual covariance"
    )

    def __post_init__(self) -> None:
        check_seed(self.seed)
        _check_regressor(self.regressor)
        if type(self.folds) is not int or self.folds < 0 or self.folds == 1:
            raise OptionError(f"folds={self.folds!r}: expected 0, or a whole number from 2 on.")
        if self.folds and self.regressor == "ridge_kernel":
            raise OptionError(
                "folds= is for regressors of scikit-learn; write folds=0 or regressor='boosting'."
            )
        if not isinstance(self.weighted, bool):
            raise OptionError(f"weighted={self.weighted!r}: expected True or False.")
        check_draws("draws", self.draws, ranked=self.weighted)

    def bind(self, table: Table) -> BoundTest:
        """Standardise the columns.

        Raises
        ------
        DataError
            If values are missing, a column is constant, or there are fewer rows than folds.
        """
        columns = coded_columns(table)
        if columns.n < self.folds:
            raise DataError(f"{columns.n} rows do not make folds={self.folds}; write fewer folds.")
        return ResidualTest(self, table.names, columns.n, columns, Store(_MEMORY))

    @property
    def least_p(self) -> float:
        """The smallest p-value that it can give."""
        return 1 / (1 + self.draws) if self.weighted else 0.0

    def options(self) -> dict[str, Any]:
        """Give the settings as plain values; a regressor by its ``repr``."""
        settings = {setting.name: getattr(self, setting.name) for setting in fields(self)}
        if not isinstance(self.regressor, str):
            settings["regressor"] = repr(self.regressor)
        return settings


def _check_regressor(regressor: object) -> None:
    if isinstance(regressor, str):
        if regressor not in _NAMED:
            raise OptionError.from_choice("regressor", regressor, _NAMED)
        return
    from sklearn.base import is_regressor

    if isinstance(regressor, type) or not is_regressor(regressor):
        raise OptionError(
            f"regressor={regressor!r}: expected 'ridge_kernel', 'boosting' or a regressor of "
            "scikit-learn, such as RandomForestRegressor()."
        )
