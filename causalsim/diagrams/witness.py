"""Two models that agree on all observations and differ on a query, made from a hedge.

All variables are bits [ShpitserPearl]_. The hedge F is thinned to a forest whose hidden causes
form a tree, with F' connected. In the first model each bit of F is the parity of its parents and
hidden causes in the forest; in the second those of F' ignore whatever lies outside F'. The parity
of the ends R of F' is then the same in both, until something in F is set. These bits are carried,
by parity, along directed paths to the query, in a second bit of each variable on the way. A noise
on one end, on every carried bit and on all variables outside makes every cell positive and leaves
the agreement. So do bits that read others and hidden causes of their own at random; for a
conditional query some are drawn until the answers differ.

References
----------
.. [ShpitserPearl] Shpitser & Pearl, Identification of joint interventional distributions in
   recursive semi-Markovian causal models, AAAI 2006.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np
from numpy.typing import NDArray

from causalsim._rng import RNG, check_rng
from causalsim.diagrams._contraction import contract
from causalsim.diagrams._engine import exchange
from causalsim.diagrams._parity import parity_models
from causalsim.diagrams.distribution import Distribution
from causalsim.errors import LimitError, OptionError
from causalsim.graph.network import DiscreteNetwork

if TYPE_CHECKING:
    from causalsim.diagrams.hedge import NotIdentifiable

__all__ = ["Witness", "find_witness"]

SAME = 1e-12
APART = 0.01
ATTEMPTS = 300
MOST_BITS = 22
Floats = NDArray[np.float64]


@final
@dataclass(frozen=True, eq=False, repr=False)
class Witness:
    """Two models with the same observations and different answers.

    Parameters
    ----------
    models : tuple of two DiscreteNetwork
        Hidden causes are nodes named ``U(A,B)``; variables that play no part are fair coins.
    joints : tuple of two Distribution
        P of the variables that play a part.
    answers : tuple of two Distribution
        The query in each model.
    """

    models: tuple[DiscreteNetwork, DiscreteNetwork]
    joints: tuple[Distribution, Distribution]
    answers: tuple[Distribution, Distribution]

    def __repr__(self) -> str:
        return (
            f"Witness(observations differ by {self.agreement:.1e}, answers by "
            f"{self.difference:.3f} in total variation)"
        )

    @property
    def agreement(self) -> float:
        """Total variation between the observations; zero up to rounding."""
        return _distance(*self.joints)

    @property
    def difference(self) -> float:
        """Largest total variation between the answers, over what is set and conditioned on."""
        return _distance(*self.answers)


def _distance(one: Distribution, other: Distribution) -> float:
    free = tuple(k for k, name in enumerate(one.variables) if name not in one.given)
    return float(np.abs(one.values - other.values).sum(axis=free).max() / 2)


def find_witness(found: NotIdentifiable, rng: RNG = None) -> Witness:
    """Make two models from a hedge and check them in numbers.

    Parameters
    ----------
    found : NotIdentifiable
    rng : int, Generator or None
        Draws other ways to carry the bits if the first ones do not show a difference.

    Raises
    ------
    OptionError
        If experiments were given: these models need not agree on them.
    LimitError
        If no pair was found that differs on a conditional query, or the models are too large.

    Examples
    --------
    >>> from causalsim.diagrams._identify import identify
    >>> from causalsim.graph import ADMG
    >>> bow = identify(ADMG.from_edges(["X --> Y", "X <-> Y"]), "Y", "X")
    >>> witness = find_witness(bow)
    >>> bool(witness.agreement < 1e-12), round(witness.difference, 3)
    (True, 0.4)
    """
    if found.question.experiments:
        raise OptionError(
            "witness models are made for P(V) only; identify without experiments to get them."
        )
    stream = check_rng(rng)
    bits = found.bits
    query = exchange(bits, found.question.query(bits))
    _, outer, inner = found.failure.hedges[0]
    for attempt in range(ATTEMPTS):
        pair = parity_models(bits, query, outer, inner, stream if attempt else None)
        witness = _checked(pair, found)
        if witness is not None:
            return witness
        if not query.given:
            break
    raise LimitError(
        f"no two models were found that agree on the observations and differ on {found.question}; "
        "it is not identifiable all the same. Ask for the witness of the query without conditions."
    )


def _checked(
    pair: tuple[DiscreteNetwork, DiscreteNetwork], found: NotIdentifiable
) -> Witness | None:
    """Compute the laws; None unless they agree, are positive, and the answers differ."""
    question = found.question
    seen = [n for n in question.graph.nodes if pair[0].dag.adjacent(n) or n in question.names]
    if sum(len(pair[0].states[name][0]) for name in seen) > MOST_BITS:
        raise LimitError(
            f"the models have more than {MOST_BITS} bits in all, too many for a table; ask for "
            "the witness in a subgraph around the hedge."
        )
    joints = tuple(Distribution(_law(each, seen, ()), seen) for each in pair)
    kept = list(question.names)
    answers = []
    for each in pair:
        table = _law(each, kept, question.do)
        free = tuple(range(len(question.outcome)))
        table = table / table.sum(axis=free, keepdims=True)
        answers.append(Distribution(table, kept, given=(*question.do, *question.given)))
    witness = Witness(pair, (joints[0], joints[1]), (answers[0], answers[1]))
    positive = all((joint.values > 0).all() for joint in joints)
    good = positive and witness.agreement < SAME and witness.difference > APART
    return witness if good else None


def _law(network: DiscreteNetwork, kept: Sequence[str], do: Sequence[str]) -> Floats:
    """Give P(kept | do); variables that are set have an axis."""
    factors = [
        (np.ones(table.shape[-1]), (name,))
        if name in do
        else (table, (*network.dag.parents(name), name))
        for name, table in network.tables.items()
    ]
    return np.asarray(contract(factors, list(kept)))
