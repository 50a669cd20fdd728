"""Classifiers of windows: one interface, and those of scikit-learn.

A two-sample test by classification [LopezPaz2017]_ is as strong as its classifier, and no one
classifier sees everything: a linear one sees levels, lag products see covariances, kernels,
trees and neighbours see shapes. Each is a frozen specification; `scores` learns and judges.

References
----------
.. [LopezPaz2017] Lopez-Paz & Oquab, Revisiting classifier two-sample tests, ICLR 2017.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, final

import numpy as np
from numpy.typing import NDArray

from causalsim.simulate._windows import lag_products

__all__ = [
    "KNN",
    "SVC",
    "Discriminator",
    "ExtraTrees",
    "Logistic",
    "LogisticQuadratic",
    "standardised",
]

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]


class Discriminator(ABC):
    """A classifier of windows, and its settings.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(60, 2, 1))
    >>> y = np.arange(60) % 2 == 0
    >>> x[y] += 9
    >>> scores = Logistic().scores(x, y, x, rng)
    >>> bool(scores[y].min() > scores[~y].max())
    True
    """

    name: ClassVar[str]

    def check(self) -> None:  # noqa: B027  most need nothing
        """Refuse, before a long run, if a package that it needs is missing; here never."""

    @abstractmethod
    def scores(
        self, train_x: Floats, train_y: Labels, test_x: Floats, rng: np.random.Generator
    ) -> Floats:
        """Learn from training windows and score others; higher is more like label True.

        Parameters
        ----------
        train_x, test_x : arrays of shape (n, width, variables)
        train_y : array of bool, shape (n,)
        rng : Generator

        Returns
        -------
        array of shape (n_test,)
        """


class _Flat(Discriminator):
    """A classifier of scikit-learn on standardised rows of features."""

    def scores(
        self, train_x: Floats, train_y: Labels, test_x: Floats, rng: np.random.Generator
    ) -> Floats:
        train, test = standardised(self.features(train_x), self.features(test_x))
        model = self._model(len(train), rng).fit(train, train_y)
        return self._score(model, test)

    def _score(self, model: Any, test: Floats) -> Floats:
        """Read the scores off a fitted classifier."""
        return np.asarray(model.predict_proba(test)[:, 1], np.float64)

    def features(self, cut: Floats) -> Floats:
        """Turn windows into what the classifier sees: one row each."""
        return cut.reshape(len(cut), -1)

    @abstractmethod
    def _model(self, n: int, rng: np.random.Generator) -> Any:
        """Give the classifier for ``n`` training rows."""


def standardised(train: Floats, test: Floats) -> tuple[Floats, Floats]:
    """Give both with the mean 0 and variance 1 of the first; constant columns become 0.

    >>> standardised(np.array([[0.0], [2.0]]), np.array([[4.0]]))[1]
    array([[3.]])
    """
    mean, scale = train.mean(axis=0), train.std(axis=0)
    scale[scale <= 1e-12 * np.abs(mean)] = np.inf
    return (train - mean) / scale, (test - mean) / scale


@dataclass(frozen=True)
class Logistic(_Flat):
    """Logistic regression on windows.

    Parameters
    ----------
    C : float
        Inverse strength of the ridge penalty.

    Examples
    --------
    >>> Logistic(), Logistic.name
    (Logistic(C=1.0), 'logistic')
    """

    C: float = 1.0
    name: ClassVar[str] = "logistic"

    def _model(self, n: int, rng: np.random.Generator) -> Any:  # noqa: ARG002
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(C=self.C, solver="newton-cholesky")


@final
@dataclass(frozen=True)
class LogisticQuadratic(Logistic):
    """Logistic regression on windows, squares and lag products: it sees autocovariances.

    Parameters
    ----------
    C : float
        Inverse strength of the ridge penalty.

    Examples
    --------
    >>> LogisticQuadratic().features(np.ones((1, 2, 2))).shape
    (1, 11)
    """

    C: float = 0.1
    name: ClassVar[str] = "logistic_quadratic"

    def features(self, cut: Floats) -> Floats:
        """Give windows and their products with the last step."""
        return lag_products(cut)


@final
@dataclass(frozen=True)
class SVC(_Flat):
    """Support vector machine on windows; the width of its kernel is scikit-learn's "scale".

    Parameters
    ----------
    C : float
    kernel : {"rbf", "linear"}

    Examples
    --------
    >>> SVC()
    SVC(C=1.0, kernel='rbf')
    """

    C: float = 1.0
    kernel: Literal["rbf", "linear"] = "rbf"
    name: ClassVar[str] = "svc"

    def _model(self, n: int, rng: np.random.Generator) -> Any:  # noqa: ARG002
        from sklearn import svm

        return svm.SVC(C=self.C, kernel=self.kernel)

    def _score(self, model: Any, test: Floats) -> Floats:
        """Read the distance from the border; probabilities would cost five fits more."""
        return np.asarray(model.decision_function(test), np.float64)


@final
@dataclass(frozen=True)
class ExtraTrees(_Flat):
    """Extremely randomised trees on windows.

    Parameters
    ----------
    trees : int

    Examples
    --------
    >>> ExtraTrees()
    ExtraTrees(trees=200)
    """

    trees: int = 200
    name: ClassVar[str] = "extra_trees"

    def _model(self, n: int, rng: np.random.Generator) -> Any:  # noqa: ARG002
        from sklearn.ensemble import ExtraTreesClassifier

        seed = int(rng.integers(2**31))
        return ExtraTreesClassifier(self.trees, min_samples_leaf=2, random_state=seed)


@final
@dataclass(frozen=True)
class KNN(_Flat):
    """Share of simulated windows among the nearest ones.

    Parameters
    ----------
    neighbours : int, optional
        The root of the number of training windows if left out [LopezPaz2017]_.

    Examples
    --------
    >>> KNN()
    KNN(neighbours=None)
    """

    neighbours: int | None = None
    name: ClassVar[str] = "knn"

    def _model(self, n: int, rng: np.random.Generator) -> Any:  # noqa: ARG002
        from sklearn.neighbors import KNeighborsClassifier

        count = self.neighbours or int(np.sqrt(n))
        return KNeighborsClassifier(min(count, n), algorithm="brute")
