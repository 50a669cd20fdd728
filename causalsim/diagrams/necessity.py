"""Probabilities of causation of one binary cause: necessity, sufficiency, and both.

With X the cause, Y the effect, and x', y' their other states:

* PN, necessity: among those with x and y, how many would not have had y without x;
* PS, sufficiency: among those with neither, how many would have had y with x;
* PNS: how many have y with x and not without.

No experiment shows them, since nobody is seen twice. The joint law P(X, Y) and the experimental
law P(Y | do X) together bound them, sharply; if x never prevents y (monotonicity) they are points.

References
----------
.. [Tian2000] Tian & Pearl, Probabilities of causation: bounds and identification, Annals of
   Mathematics and Artificial Intelligence 28.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, final

from causalsim.diagrams.distribution import Distribution
from causalsim.errors import DataError, OptionError, PositivityError

__all__ = ["Causation", "Interval", "probabilities_of_causation"]

_TOLERANCE = 1e-9


class Interval(NamedTuple):
    """The least and the greatest value, and the value under monotonicity."""

    lower: float
    upper: float
    monotone: float | None


@final
@dataclass(frozen=True)
class Causation:
    """Necessity ``pn``, sufficiency ``ps`` and both ``pns``.

    ``monotone`` of each is its value if the cause never prevents the effect, and None if the laws
    rule that out.
    """

    pn: Interval
    ps: Interval
    pns: Interval


def probabilities_of_causation(
    joint: Distribution,
    experiment: Distribution,
    cause: Mapping[str, Hashable],
    effect: Mapping[str, Hashable],
) -> Causation:
    """Bound the probabilities of necessity and sufficiency.

    Parameters
    ----------
    joint : Distribution
        P(X, Y), further variables summed out.
    experiment : Distribution
        P(Y | do X), with ``given`` X.
    cause, effect : mapping of one str to its state
        Which x is the cause of which y, such as ``{"X": 1}, {"Y": 1}``. Both variables binary.

    Raises
    ------
    PositivityError
        If P(x, y) or P(x', y') is 0.
    DataError
        If a variable is not binary, or the laws contradict each other.

    References
    ----------
    [Tian2000]_.

    Examples
    --------
    >>> joint = Distribution([[0.51, 0.12], [0.12, 0.25]], ["S", "C"])
    >>> experiment = Distribution([[0.74, 0.26], [0.46, 0.54]], ["S", "C"], given="S")
    >>> found = probabilities_of_causation(joint, experiment, {"S": 1}, {"C": 1})
    >>> [round(value, 4) for value in found.pns]
    [0.28, 0.52, 0.28]
    """
    (x, at_x), (y, at_y) = _single(cause, "cause"), _single(effect, "effect")
    both = joint.marginal((x, y))
    i, j = (both.code(name, state) for name, state in ((x, at_x), (y, at_y)))
    if experiment.given != (x,):
        raise DataError(f"experiment is given {experiment.given}; expected P({y} | do {x}).")
    table, acted = both.array(x, y), experiment.marginal(y).array(x, y)
    if table.shape != (2, 2) or acted.shape != (2, 2):
        raise DataError(
            f"{x!r} and {y!r} must be binary; their tables have shapes {table.shape} and "
            f"{acted.shape}. Merge states first."
        )
    rows = [experiment.code(x, state) for state in both.states[x]]
    columns = [experiment.code(y, state) for state in both.states[y]]
    acted = acted[rows][:, columns]
    if (acted < table - _TOLERANCE).any():
        raise DataError(f"P({y} | do {x}) is below P({x}, {y}); no model has both laws.")
    agree = float(table[i, j]), float(table[1 - i, 1 - j])
    response = float(acted[i, j]), float(acted[1 - i, j])
    return _bounded(agree, float(table[i, 1 - j]), response)


def _single(states: Mapping[str, Hashable], role: str) -> tuple[str, Hashable]:
    if len(states) != 1:
        raise OptionError(f"{role}={dict(states)!r}: name one variable, such as {{'X': 1}}.")
    return next(iter(states.items()))


def _bounded(agree: tuple[float, float], only_x: float, acted: tuple[float, float]) -> Causation:
    """Apply the bounds to P(x, y), P(x', y'), P(x, y') and to P(y_x), P(y_x')."""
    xy, neither = agree
    with_x, without = acted
    only_y = 1 - xy - neither - only_x
    if not xy or not neither:
        raise PositivityError("P(x, y) or P(x', y') is 0; necessity or sufficiency has no cases.")
    y = xy + only_y
    gain, harm = y - without, with_x - y
    pns = (
        max(0.0, with_x - without, gain, harm),
        min(with_x, 1 - without, xy + neither, with_x - without + only_x + only_y),
    )
    pn = (max(0.0, gain / xy), min(1.0, (1 - without - neither) / xy))
    ps = (max(0.0, harm / neither), min(1.0, (with_x - xy) / neither))
    monotone = gain >= -_TOLERANCE and harm >= -_TOLERANCE
    points = (gain / xy, harm / neither, with_x - without)
    found = [
        Interval(lower, upper, point if monotone else None)
        for (lower, upper), point in zip((pn, ps, pns), points, strict=True)
    ]
    return Causation(*found)
