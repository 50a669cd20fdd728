"""The panel: discriminators by name, and what their scores tell."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from causalsim.errors import NameNotFoundError, OptionError
from causalsim.simulate._classifiers import (
    KNN,
    SVC,
    Discriminator,
    ExtraTrees,
    Floats,
    Labels,
    Logistic,
    LogisticQuadratic,
)
from causalsim.simulate._recurrent import LSTM

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
    MissingExtraError
        If one needs a package that is not installed.

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
    chosen = tuple(map(_member, members))
    for each in chosen:
        each.check()
    return chosen


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
