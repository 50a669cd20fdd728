"""Discriminators: classifiers that try to tell real windows from simulated ones.

A two-sample test by classification [LopezPaz2017]_ is as strong as its classifier, and no one
classifier sees everything: a linear one sees levels, lag products see covariances, kernels,
trees and neighbours see shapes. Each is a frozen specification with one method, `scores`.

References
----------
.. [LopezPaz2017] Lopez-Paz & Oquab, Revisiting classifier two-sample tests, ICLR 2017.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Literal, final

import numpy as np
from numpy.typing import NDArray

from causalsim import _lazy
from causalsim.errors import NameNotFoundError, OptionError
from causalsim.simulate._windows import lag_products

__all__ = [
    "DISCRIMINATORS",
    "KNN",
    "LSTM",
    "SVC",
    "Discriminator",
    "ExtraTrees",
    "Logistic",
    "LogisticQuadratic",
    "get_panel",
    "importance",
    "placements",
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
    >>> x[y] += 3
    >>> bool(placements(Logistic().scores(x, y, x, rng), y)[y].mean() > 0.95)
    True
    """

    name: ClassVar[str]

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


@final
@dataclass(frozen=True)
class LSTM(Discriminator):
    """Long short-term memory network read over the steps of a window; needs torch.

    Parameters
    ----------
    hidden, layers, epochs, batch : int
    dropout, rate : float
        The rate is that of Adam.

    Examples
    --------
    >>> LSTM(epochs=5).epochs
    5
    """

    hidden: int = 128
    layers: int = 2
    epochs: int = 10
    batch: int = 32
    dropout: float = 0.1
    rate: float = 1e-3
    name: ClassVar[str] = "lstm"

    def scores(
        self, train_x: Floats, train_y: Labels, test_x: Floats, rng: np.random.Generator
    ) -> Floats:
        """Learn from training windows and score others; see :meth:`Discriminator.scores`.

        Raises
        ------
        MissingExtraError
            Without torch, with the command that installs it.
        """
        torch: Any = _lazy.optional("torch", "torch", "the discriminator LSTM")
        flat = standardised(*(part.reshape(len(part), -1) for part in (train_x, test_x)))
        train, test = (
            torch.as_tensor(part.reshape(-1, *train_x.shape[1:]), dtype=torch.float32)
            for part in flat
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(rng.integers(2**31)))
            logits = self._trained(torch, train, torch.as_tensor(train_y).float())
            with torch.no_grad():
                return np.asarray(logits(test).double().numpy(), np.float64)

    def _trained(self, torch: Any, x: Any, y: Any) -> Any:
        """Train by Adam on the cross-entropy; give the function from windows to logits."""
        body: Any = torch.nn.LSTM(
            x.shape[2], self.hidden, self.layers, batch_first=True, dropout=self.dropout
        )
        head = torch.nn.Linear(self.hidden, 1)

        def logits(cut: Any) -> Any:
            return head(body(cut)[0][:, -1])[:, 0]

        optimiser = torch.optim.Adam([*body.parameters(), *head.parameters()], lr=self.rate)
        loss = torch.nn.BCEWithLogitsLoss()
        for _ in range(self.epochs):
            for rows in torch.randperm(len(x)).split(self.batch):
                optimiser.zero_grad()
                loss(logits(x[rows]), y[rows]).backward()
                optimiser.step()
        body.eval()
        return logits


DISCRIMINATORS: Mapping[str, type[Discriminator]] = MappingProxyType(
    {kind.name: kind for kind in (Logistic, LogisticQuadratic, SVC, ExtraTrees, KNN, LSTM)}
)
_DEFAULT = ("logistic", "logistic_quadratic", "svc", "extra_trees", "knn")


def get_panel(panel: Any = "default") -> tuple[Discriminator, ...]:
    """Give discriminators by name.

    Parameters
    ----------
    panel : str, Discriminator, or a sequence of them
        ``"default"`` is all that need no extra package.

    Returns
    -------
    tuple of Discriminator

    Raises
    ------
    NameNotFoundError
        If a name is unknown.
    OptionError
        If there is none, or something else.

    Examples
    --------
    >>> get_panel(["logistic", SVC(C=0.5)])
    (Logistic(C=1.0), SVC(C=0.5, kernel='rbf'))
    >>> [each.name for each in get_panel()]
    ['logistic', 'logistic_quadratic', 'svc', 'extra_trees', 'knn']
    """
    if panel == "default":
        panel = _DEFAULT
    members = [panel] if isinstance(panel, str | Discriminator) else list(panel)
    if not members:
        raise OptionError("an empty panel tells nothing apart; write panel='default'.")
    return tuple(map(_member, members))


def _member(member: object) -> Discriminator:
    if isinstance(member, Discriminator):
        return member
    if not isinstance(member, str):
        raise OptionError(f"panel member {member!r}: expected a name or a Discriminator.")
    if member not in DISCRIMINATORS:
        raise NameNotFoundError.from_names("discriminator", member, DISCRIMINATORS)
    return DISCRIMINATORS[member]()


def placements(scores: Floats, y: Labels) -> Floats:
    """Give the share of the other class that each window is on the right side of.

    The mean over either class is the area under the ROC curve; ties count one half.

    Parameters
    ----------
    scores : array of shape (n,)
    y : array of bool, shape (n,)

    Returns
    -------
    array of shape (n,)

    Examples
    --------
    >>> placements(np.array([0.1, 0.4, 0.4, 0.9]), np.array([False, False, True, True]))
    array([1.  , 0.75, 0.75, 1.  ])
    """
    from scipy.stats import rankdata

    ranks = rankdata(scores)
    placed = np.empty(len(scores))
    for label in (False, True):
        mine = y == label
        below = (ranks[mine] - rankdata(scores[mine])) / max(int((~mine).sum()), 1)
        placed[mine] = below if label else 1 - below
    return placed


def importance(
    discriminator: Discriminator,
    train: tuple[Floats, Labels],
    test: tuple[Floats, Labels],
    rng: np.random.Generator,
) -> Floats:
    """Tell how much AUC is lost when one variable at one lag is shuffled among judged windows.

    Parameters
    ----------
    discriminator : Discriminator
    train, test : (array of shape (n, width, variables), array of bool of shape (n,))
    rng : Generator

    Returns
    -------
    array of shape (width, variables)
        Drop in AUC [Breiman2001]_; the last row is lag 0.

    References
    ----------
    .. [Breiman2001] Breiman, Random forests, Machine Learning 45, section 10.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(80, 1, 2)), np.arange(80) % 2 == 0
    >>> x[y, 0, 1] += 4
    >>> importance(Logistic(), (x, y), (x, y), rng).round(1) + 0.0
    array([[0. , 0.5]])
    """
    x, y = test
    _, width, p = x.shape
    copies = np.repeat(x[None], 1 + width * p, axis=0)
    for k in range(width * p):
        copies[1 + k, :, k // p, k % p] = rng.permutation(x[:, k // p, k % p])
    scores = discriminator.scores(*train, copies.reshape(-1, width, p), rng)
    areas = np.array([placements(part, y)[y].mean() for part in scores.reshape(-1, len(x))])
    drops: Floats = (areas[0] - areas[1:]).reshape(width, p)
    return drops
