"""Discrete networks with their tables, and published graphs to compare with."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

from causalsim.datasets._files import bundled_text
from causalsim.errors import NameNotFoundError, OptionError
from causalsim.graph.kinds import DAG

if TYPE_CHECKING:
    from causalsim.graph.network import DiscreteNetwork

__all__ = ["NETWORKS", "network", "reference"]

NETWORKS = {
    "asia": "Lauritzen & Spiegelhalter (1988), J. R. Stat. Soc. B 50:157-224",
    "cancer": "Korb & Nicholson (2010), Bayesian Artificial Intelligence, 2nd ed.",
    "earthquake": "Korb & Nicholson (2010), Bayesian Artificial Intelligence, 2nd ed.",
    "survey": "Scutari & Denis (2014), Bayesian Networks: with Examples in R",
    "sachs": "Sachs et al. (2005), Science 308:523-529",
    "child": "Spiegelhalter & Cowell (1992), Bayesian Statistics 4:447-466",
    "insurance": "Binder, Koller, Russell & Kanazawa (1997), Machine Learning 29:213-244",
    "alarm": "Beinlich, Suermondt, Chavez & Cooper (1989), AIME 89:247-256",
}

PROTEINS = ("Raf", "Mek", "Plcg", "PIP2", "PIP3", "Erk", "Akt", "PKA", "PKC", "P38", "Jnk")
SACHS_SHARED = (
    *("Plcg --> PIP2", "PIP3 --> PIP2"),
    *(f"PKC --> {child}" for child in ("PKA", "Raf", "Mek", "Jnk", "P38")),
    *(f"PKA --> {child}" for child in ("Raf", "Mek", "Erk", "Akt", "Jnk", "P38")),
    *("Raf --> Mek", "Mek --> Erk", "Erk --> Akt"),
)
SACHS = {
    "published": (*SACHS_SHARED, "Plcg --> PIP3"),
    "literature": (
        *SACHS_SHARED,
        *("PIP3 --> Plcg", "PIP2 --> PKC", "Plcg --> PKC", "PIP3 --> Akt"),
    ),
}


def network(name: str) -> DiscreteNetwork:
    """Give a discrete Bayesian network with its probability tables.

    Parameters
    ----------
    name : str
        ``asia`` (8 nodes), ``cancer`` (5), ``earthquake`` (5), ``survey`` (6), ``sachs`` (11),
        ``child`` (20), ``insurance`` (27) or ``alarm`` (37).

    Returns
    -------
    DiscreteNetwork
        Its DAG is the truth about data sampled from it, though not about the world.

    Raises
    ------
    NameNotFoundError
        If there is no network of that name.

    Notes
    -----
    Source: the Bayesian Network Repository of bnlearn (M. Scutari), as in the package pgmpy 1.1.2.
    Licence: CC BY-SA 3.0. Citations: asia, Lauritzen & Spiegelhalter (1988); cancer and
    earthquake, Korb & Nicholson (2010); survey, Scutari & Denis (2014); sachs, Sachs et al.
    (2005), measurements cut into three levels; child, Spiegelhalter & Cowell (1992); insurance,
    Binder et al. (1997); alarm, Beinlich et al. (1989). In asia ``either`` is a function of its
    parents, so that tests on data cannot show every edge.

    Examples
    --------
    >>> asia = network("asia")
    >>> len(asia.nodes), asia.dag.parents("either")
    (8, ('tub', 'lung'))
    >>> asia.sample(100, rng=0).shape
    (100, 8)
    """
    if name not in NETWORKS:
        raise NameNotFoundError.from_names("network", name, NETWORKS)
    return _parsed(name)


@cache
def _parsed(name: str) -> DiscreteNetwork:
    from causalsim.graph.io import from_bif

    return from_bif(bundled_text(f"{name}.bif"))


def reference(name: str, *, source: Literal["published", "literature"] = "published") -> DAG:
    """Give a published graph over the columns of a data set, to report agreement with.

    Agreement is not correctness: nobody knows the true graph of these data. The published graph
    for ``sachs`` was itself inferred from the same experiments, by a search over Bayesian
    networks, and methods that share its assumptions will agree with it for that reason alone.

    Parameters
    ----------
    name : str
        ``sachs``.
    source : {"published", "literature"}
        The 17 edges inferred in [Sachs2005]_ (also the graph of ``network("sachs")``), or these
        corrected by what the same paper says the literature expects: ``Plcg --> PIP3`` turned, and
        the three arcs that the inference missed added (``PIP2 --> PKC``, ``Plcg --> PKC``,
        ``PIP3 --> Akt``), 20 edges. Two of them, ``PKC --> PKA`` and ``Erk --> Akt``, were
        only reported at the time, not established; PIP2 and PIP3 turn into each other, so that
        ``PIP3 --> PIP2`` is a choice that keeps the graph acyclic.

    Returns
    -------
    DAG

    Raises
    ------
    NameNotFoundError
        If no graph is known for that data set.
    OptionError
        If ``source`` is neither of the two.

    Notes
    -----
    The 18-edge file that circulates with the package cdt is cyclic (PIP2, PIP3, Plcg) and is not
    used here.

    References
    ----------
    .. [Sachs2005] Sachs, Perez, Pe'er, Lauffenburger & Nolan (2005). Causal protein-signaling
       networks derived from multiparameter single-cell data. Science 308:523-529.

    Examples
    --------
    >>> published = reference("sachs")
    >>> len(published.edges), published.children("Plcg")
    (17, ('PIP2', 'PIP3'))
    >>> len(reference("sachs", source="literature").edges)
    20
    """
    if name != "sachs":
        hint = f" Its generating graph is network({name!r}).dag." if name in NETWORKS else ""
        raise NameNotFoundError(f"no reference graph {name!r}. Known: 'sachs'.{hint}")
    if source not in SACHS:
        raise OptionError.from_choice("source", source, SACHS)
    return DAG.from_edges(SACHS[source], PROTEINS)
