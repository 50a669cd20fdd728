"""Condition selection over time: PC1, and the sets that MCI tests condition on.

PC1 (Runge et al. 2019, algorithm S1, with one condition set for each size) keeps for every
variable a list of lagged candidates, strongest first. At q = 0, 1, ... each candidate is tested
given the q strongest others; after the sweep those with p > pc_alpha go, and the rest are sorted
by their weakest test so far. A list of at most q + 1 candidates is done. All variables run at
once, one batch for each q.

The momentary conditional independence of X[t-l] and Y is tested given what is left for Y, and
what is left for X shifted by l.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from causalsim._parallel import Progress
from causalsim.citest import BoundTest, CorrelationTest
from causalsim.discovery._fixed_effects import FixedEffects
from causalsim.discovery._tester import Tester
from causalsim.errors import OptionError

__all__ = ["Conditions", "ask", "gaussian_aic", "select_conditions"]

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Book = Callable[[Ints, Floats, Floats], None]


@final
@dataclass(frozen=True, eq=False)
class Conditions:
    """What joins every test of a pair: lagged conditions of both ends, strongest first.

    Parameters
    ----------
    chosen : sequence of int arrays
        Lagged nodes for each of the p variables; node ``lag * p + i`` is variable i, ``lag``
        steps ago.
    most_y, most_x : int, optional
        Largest number for the present and for the past end of a pair; within a time step both
        ends count as present.
    always : tuple of int
        Nodes of the present that join the set of every pair they are not in.

    Examples
    --------
    >>> Conditions([np.array([2, 3]), np.array([3])])((0, 3))  # Y[t-1] and X
    (2, 5)
    """

    chosen: Sequence[Ints]
    most_y: int | None = None
    most_x: int | None = None
    always: tuple[int, ...] = ()

    def __call__(self, pair: tuple[int, int]) -> tuple[int, ...]:
        """Give the conditions for a present node and another one."""
        now, (lag, i) = pair[0], divmod(pair[1], len(self.chosen))
        mine = [k for k in self.chosen[now].tolist() if k != pair[1]][: self.most_y]
        most = self.most_x if lag else self.most_y
        other = (self.chosen[i][:most] + lag * len(self.chosen)).tolist()
        return (*(k for k in self.always if k not in pair), *dict.fromkeys(mine + other))


def select_conditions(
    tester: Tester,
    links: Bools,
    fixed: Bools,
    max_conds: int | None,
    book: Book,
    report: Progress,
    *,
    always: tuple[int, ...] = (),
) -> list[Ints]:
    """Choose lagged conditions for all variables by PC1.

    Parameters
    ----------
    tester : Tester
        At the level ``pc_alpha``.
    links, fixed : arrays of bool, shape (p, nodes)
        Candidates, and those of them that stay without a test, before all others.
    max_conds : int or None
        Largest q.
    book : callable(rows of (x, y, *given), statistic, log_p)
        Told of every sweep.
    report : callable(done, total, message)
        Told of the tests done in a sweep.
    always : tuple of int
        Nodes that join every set.

    Returns
    -------
    list of int arrays
        For each variable, strongest first.
    """
    lists = [np.flatnonzero(row) for row in links]
    strength = np.full(links.shape, np.inf)
    size = 0
    while max_conds is None or size <= max_conds:
        live = [j for j, nodes in enumerate(lists) if len(nodes) > size]
        asked = np.concatenate(
            [np.empty((0, size + 2), np.intp), *(_sweep(j, lists[j], size) for j in live)]
        )
        asked = asked[~fixed[asked[:, 0], asked[:, 1]]]
        if not len(asked):
            break
        asked = np.hstack([asked, np.tile(np.array(always, np.intp), (len(asked), 1))])
        message = f"candidates given {size} others"
        statistic, log_p = ask(tester, asked, report, message)
        book(asked, statistic, log_p)
        now, past = asked[:, 0], asked[:, 1]
        strength[now, past] = np.fmin(strength[now, past], _size(tester, asked, log_p))
        gone = np.zeros(links.shape, bool)
        gone[now, past] = tester.separates(log_p)
        for j in live:
            left = lists[j][~gone[j, lists[j]]]
            lists[j] = left[np.argsort(-strength[j, left], kind="stable")]
        size += 1
    return lists


def ask(tester: Tester, asked: Ints, report: Progress, message: str) -> tuple[Floats, Floats]:
    """Ask rows of (x, y, *given) and tell how far it is; give (statistic, log p)."""
    answers, done = np.empty((2, len(asked))), 0
    for at, *answer in tester.answers(asked):
        answers[:, at] = answer
        done += len(at)
        report(done, len(asked), message)
    return answers[0], answers[1]


def _sweep(j: int, nodes: Ints, size: int) -> Ints:
    """Give a row (j, node, *others) for each node, with the ``size`` first of the others."""
    place = np.arange(size) + (np.arange(size) >= np.arange(len(nodes))[:, None])
    return np.column_stack([np.full(len(nodes), j), nodes, nodes[place]])


def _size(tester: Tester, asked: Ints, log_p: Floats) -> Floats:
    """Give the size of each dependence: |r| where the test has it, else by p."""
    if isinstance(tester.test, CorrelationTest | FixedEffects):
        return np.abs(tester.test.effects(asked[:, 0], asked[:, 1], asked[:, 2:]))
    return -log_p


def gaussian_aic(test: BoundTest, child: int, parents: Ints) -> float:
    """Give Akaike's criterion of a linear regression: n log(residual variance) + 2 parents.

    Raises
    ------
    OptionError
        If the test is not one of partial correlation on complete data.
    """
    if not isinstance(test, CorrelationTest) or test.holes is not None:
        raise OptionError(
            "choosing a level by AIC needs complete continuous data; write a number for alpha and "
            "pc_alpha."
        )
    target = test.matrix[parents, child]
    slopes = np.linalg.lstsq(test.matrix[np.ix_(parents, parents)], target, rcond=None)[0]
    rest = max(1.0 - float(target @ slopes), 1e-12)
    return float(test.n * np.log(rest) + 2 * len(parents))
