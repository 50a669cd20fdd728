"""Conditional instruments: causes of X that reach Y only through X.

With Z an instrument given W, the noise that X and Y share is independent of Z given W. That alone
gives no number for the effect. A number needs a further assumption, and says so:

* *linearity*: in a linear model the effect is cov(Z, Y | W) / cov(Z, X | W);
* *monotonicity* (Z moves X one way in everybody): the same ratio is the effect among those
  who follow a binary instrument.

Without either the effect has bounds: :func:`causalsim.diagrams.bounds.bounds`.

Deciding whether one given Z is an instrument for some W at all is NP-complete. Where W is sought
among the ancestors of Y and Z it is easy, and if there is any instrument there is one of those.

References
----------
.. [VanderZander2015] van der Zander, Textor & Liskiewicz, Efficiently finding conditional
   instruments for causal inference, IJCAI 2015.
.. [Brito2002] Brito & Pearl, Generalized instrumental variables, UAI 2002.
.. [Angrist1996] Angrist, Imbens & Rubin, Identification of causal effects using instrumental
   variables, JASA 91.
"""

from __future__ import annotations

from typing import NamedTuple

from causalsim.diagrams._causal_paths import CausalPaths, causal_paths, disjoint
from causalsim.diagrams._separators import nearest_separator, open_walk
from causalsim.diagrams.semantics.gaussian import Gaussian
from causalsim.diagrams.verdict import Verdict
from causalsim.errors import GraphError, PositivityError
from causalsim.graph._base import MarkedGraph, Names, as_names
from causalsim.graph.kinds import ADMG, DAG

__all__ = ["Instrument", "instruments", "is_instrument", "linear_instrument_effect"]


class Instrument(NamedTuple):
    """An instrument and the set that it must be conditioned on.

    Without an assumption such as linearity or monotonicity it bounds the effect only.
    """

    name: str
    given: tuple[str, ...]


def _paths(graph: MarkedGraph, x: str, y: str) -> CausalPaths:
    if not isinstance(graph, DAG | ADMG):
        raise GraphError(
            f"instruments in a {type(graph).__name__} are not defined; use a DAG or ADMG."
        )
    return causal_paths(graph, *disjoint(graph, x=x, y=y))


def is_instrument(graph: MarkedGraph, z: str, x: str, y: str, given: Names = ()) -> Verdict:
    """Tell whether ``z`` is an instrument for the total effect of ``x`` on ``y``.

    Neither it nor ``given`` may descend from a node on a causal path from x to y. Once the first
    edges of these paths are cut, ``given`` must separate z from y and not from x.

    Parameters
    ----------
    graph : DAG or ADMG
    z, x, y : str
    given : str or sequence of str
        The conditioning set.

    Raises
    ------
    GraphError
        If nodes coincide, or the graph is of another kind.

    References
    ----------
    [Brito2002]_.

    Examples
    --------
    >>> iv = ADMG.from_edges(["Z --> X", "X --> Y", "X <-> Y", "Z --> Y"])
    >>> is_instrument(iv, "Z", "X", "Y").reason
    'the path Z --> Y joins instrument and outcome'
    """
    paths = _paths(graph, x, y)
    zs, _, _, ws = disjoint(graph, z=z, x=x, y=y, given=given)
    bad = (zs | ws) & paths.forbidden
    if bad:
        name = graph.nodes[min(bad)]
        return Verdict(f"{name!r} comes after {x!r} on the way to {y!r}")
    path = open_walk(paths.back_door, zs, paths.y, ws).text
    if path:
        return Verdict(f"the path {path} joins instrument and outcome")
    if not open_walk(paths.back_door, zs, paths.x, ws).text:
        return Verdict(f"nothing open joins {z!r} and {x!r}")
    return Verdict()


def instruments(
    graph: MarkedGraph, x: str, y: str, *, within: Names | None = None
) -> tuple[Instrument, ...]:
    """List conditional instruments, one conditioning set for each.

    Parameters
    ----------
    graph : DAG or ADMG
    x, y : str
    within : str or sequence of str, optional
        Nodes that may be used.

    Returns
    -------
    tuple of Instrument
        Every node that is an instrument given some of the ancestors of it and of ``y``, with such
        a set. Empty exactly if no node is an instrument given anything.

    References
    ----------
    [VanderZander2015]_.

    Examples
    --------
    >>> iv = ADMG.from_edges(["W --> Z", "W --> Y", "Z --> X", "X --> Y", "X <-> Y"])
    >>> instruments(iv, "X", "Y")
    (Instrument(name='Z', given=('W',)),)
    """
    paths = _paths(graph, x, y)
    may = frozenset(range(len(graph)) if within is None else graph.indices(within))
    usable = may - paths.forbidden - paths.x - paths.y
    found = []
    for z in sorted(usable):
        single = frozenset([z])
        given = nearest_separator(paths.back_door, single, paths.y, usable - single)
        if given is not None and open_walk(paths.back_door, single, paths.x, given).text:
            names = tuple(graph.nodes[i] for i in sorted(given))
            found.append(Instrument(graph.nodes[z], names))
    return tuple(found)


def linear_instrument_effect(law: Gaussian, instrument: Instrument, x: str, y: str) -> float:
    """Give cov(Z, Y | W) / cov(Z, X | W): the effect of ``x`` on ``y`` if the model is linear.

    Parameters
    ----------
    law : Gaussian
        Its covariances are used; the law itself need not be normal.
    instrument : Instrument
    x, y : str

    Raises
    ------
    PositivityError
        If Z and X do not vary together given W.

    Examples
    --------
    >>> law = Gaussian([0, 0, 0], [[1, 1, 2], [1, 3, 7], [2, 7, 18]], ["Z", "X", "Y"])
    >>> linear_instrument_effect(law, Instrument("Z", ()), "X", "Y")
    2.0
    """
    names = (instrument.name, *as_names(x), *as_names(y))
    rest = law.marginal((*names, *instrument.given))
    cov = rest.condition(dict.fromkeys(instrument.given, 0.0)).cov
    if abs(cov[0, 1]) <= 1e-12 * float(cov[0, 0] * cov[1, 1]) ** 0.5:
        raise PositivityError(
            f"{instrument.name!r} and {x!r} do not vary together given "
            f"{list(instrument.given)}; it is no instrument here."
        )
    return float(cov[0, 2] / cov[0, 1])
