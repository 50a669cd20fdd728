"""Linear mechanisms with a penalty: for many parents, such as all lags of all variables.

References
----------
.. [GolubHeathWahba1979] Golub, Heath & Wahba, Generalized cross-validation as a method for
   choosing a good ridge parameter, Technometrics 21.
.. [ZouHastie2005] Zou & Hastie, Regularization and variable selection via the elastic net, JRSS
   B 67.
.. [ZouHastieTibshirani2007] Zou, Hastie & Tibshirani, On the "degrees of freedom" of the lasso,
   Annals of Statistics 35.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from causalsim.errors import OptionError
from causalsim.scm._ridge import ridge, standardised
from causalsim.scm.functions import FittedMechanism, Floats, LinearFunction
from causalsim.scm.mechanisms import Mechanism, refuse_few_rows

__all__ = ["ElasticNet", "Ridge"]


@final
@dataclass(frozen=True)
class Ridge(Mechanism):
    """Ridge regression on standardised parents.

    The penalty is chosen by generalised cross-validation [GolubHeathWahba1979]_.

    Examples
    --------
    >>> x = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> Ridge().fit(x, 1 + 2 * x[:, 0], np.random.default_rng(0)).weights
    (2.00,)
    """

    def fit(
        self,
        parents: Floats,
        child: Floats,
        rng: np.random.Generator,  # noqa: ARG002  the contract of all mechanisms
    ) -> FittedMechanism:
        """Learn weights and intercept."""
        refuse_few_rows(parents)
        columns, centre, scale = standardised(parents)
        weights, freedom = ridge(columns, child - child.mean())
        return _linear(weights / scale, centre, child, freedom)


@final
@dataclass(frozen=True)
class ElasticNet(Mechanism):
    """Absolute and squared penalties on standardised parents: many weights are exactly 0.

    Size and mixture of the penalties are chosen by cross-validation over contiguous folds, since
    rows of a series depend on their neighbours [ZouHastie2005]_. The degrees of freedom are the
    number of weights that are not 0 [ZouHastieTibshirani2007]_.

    Parameters
    ----------
    mixtures : sequence of float
        Shares of the absolute penalty to try, in (0, 1]; 1 is the lasso.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(200, 20))
    >>> function = ElasticNet().fit(x, 3 * x[:, 0] + rng.normal(size=200), rng)
    >>> round(function.weights[0]), function.freedom < 20
    (3, True)
    """

    mixtures: tuple[float, ...] = (0.5, 0.9, 1.0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "mixtures", tuple(float(share) for share in self.mixtures))
        if not self.mixtures or not all(0 < share <= 1 for share in self.mixtures):
            raise OptionError(f"mixtures={self.mixtures}: expected numbers in (0, 1].")

    def fit(
        self,
        parents: Floats,
        child: Floats,
        rng: np.random.Generator,  # noqa: ARG002  the contract of all mechanisms
    ) -> FittedMechanism:
        """Learn weights and intercept."""
        from sklearn.linear_model import ElasticNetCV
        from sklearn.model_selection import KFold

        refuse_few_rows(parents)
        n, k = parents.shape
        if k == 0 or np.ptp(child) == 0:
            return _linear(np.zeros(k), np.zeros(k), child, 0.0)
        columns, centre, scale = standardised(parents)
        model = ElasticNetCV(
            l1_ratio=list(self.mixtures), cv=KFold(min(5, n)), max_iter=20_000, fit_intercept=False
        ).fit(columns, child - child.mean())
        kept = float(np.count_nonzero(model.coef_))
        return _linear(model.coef_ / scale, centre, child, kept)


def _linear(weights: Floats, centre: Floats, child: Floats, freedom: float) -> LinearFunction:
    intercept = float(child.mean() - centre @ weights)
    return LinearFunction(tuple(weights), intercept=intercept, freedom=freedom)
