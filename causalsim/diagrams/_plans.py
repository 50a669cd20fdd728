"""Networks of tables, and the queries that were compiled for them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self, final

from causalsim.diagrams._contraction import Numbers, Scope
from causalsim.diagrams._queries import Query, refuse_code
from causalsim.diagrams.distribution import Distribution
from causalsim.errors import NameNotFoundError
from causalsim.graph._base import Names, as_names
from causalsim.graph.network import DiscreteNetwork

__all__ = ["Evaluator"]

_PLANS = 128


@final
class Evaluator:
    """Tables of a network, and the plans of what it was asked.

    Parameters
    ----------
    names : sequence of str
        The nodes.
    tables : sequence of array
        For each node one axis for each parent, and last its own; sums to 1 over the last.
    parents : sequence of tuple of int
        Numbers of the parents of each node, in the order of its axes.
    states : mapping of str to sequence
        Names of the states of each node.

    Examples
    --------
    >>> from causalsim.datasets import network
    >>> asia = Evaluator.from_network(network("asia"))
    >>> asia.query("dysp", do={"bronc": "yes"}, given={"xray": "yes"})
    Distribution(dysp: yes: 0.8576, no: 0.1424)
    >>> plan = asia.plan("dysp", do="bronc", given="xray")
    >>> plan({"bronc": 0, "xray": 0}).round(4)
    array([0.8576, 0.1424])
    """

    def __init__(
        self,
        names: Sequence[str],
        tables: Sequence[Numbers],
        parents: Sequence[Scope],
        states: Mapping[str, Sequence[Any]],
    ) -> None:
        self.names = tuple(names)
        self.tables = tables
        self.parents = parents
        self.states = states
        self.place = {name: node for node, name in enumerate(names)}
        self.axes = [(*above, node) for node, above in enumerate(parents)]
        self.sizes = [table.shape[-1] for table in tables]
        self._plans: OrderedDict[tuple[tuple[str, ...], ...], Query] = OrderedDict()

    @classmethod
    def from_network(cls, network: DiscreteNetwork) -> Self:
        """Take the tables of a network."""
        tables = [network.tables[name] for name in network.nodes]
        parents = [tuple(sorted(above)) for above in network.dag.parent_sets]
        return cls(network.nodes, tables, parents, network.states)

    @classmethod
    def from_tables(
        cls,
        tables: Mapping[str, tuple[Numbers, Sequence[str]]],
        states: Mapping[str, Sequence[Any]],
    ) -> Self:
        """Take the table and the names of the parents of each node."""
        place = {name: node for node, name in enumerate(tables)}
        parents = [tuple([place[each] for each in above]) for _, above in tables.values()]
        return cls(tuple(tables), [table for table, _ in tables.values()], parents, states)

    def plan(self, outcome: Names, do: Names = (), given: Names = (), over: Names = ()) -> Query:
        """Compile P(outcome | do, given), or look it up among the last 128.

        Parameters
        ----------
        outcome : str or sequence of str
        do, given : str or sequence of str
            Variables that are intervened on, and seen.
        over : str or sequence of str
            Those of ``do`` and ``given`` of which all states are wanted at once.

        Raises
        ------
        NameNotFoundError
            If a node does not exist.
        GraphError
            If a node is named twice, or in two of outcome, ``do`` and ``given``.
        """
        key = (as_names(outcome), as_names(do), as_names(given), as_names(over))
        found = self._plans.get(key)
        if found is None:
            found = self._plans[key] = Query(self, *key)
            if len(self._plans) > _PLANS:
                self._plans.popitem(last=False)
        else:
            self._plans.move_to_end(key)
        return found

    def query(
        self,
        outcome: Names,
        do: Mapping[str, Any] | None = None,
        given: Mapping[str, Any] | None = None,
        over: Names = (),
    ) -> Distribution:
        """Give P(outcome | do, given) with names of variables and states.

        Parameters
        ----------
        outcome : str or sequence of str
        do, given : mapping of str to state, optional
        over : str or sequence of str
            More variables that are intervened on, to all their states at once.

        Raises
        ------
        PositivityError
            If what is given has probability zero.
        """
        chosen, along = {**(do or {}), **(given or {})}, as_names(over)
        plan = self.plan(outcome, (*(do or ()), *along), given or (), along)
        values = plan({name: self.code(name, state) for name, state in chosen.items()})
        names = (*along, *plan.outcome)
        return Distribution(values, names, {name: self.states[name] for name in names}, along)

    def code(self, name: str, state: Any) -> int:
        """Give the number of a state."""
        known = self.states[self.names[self.index(name)]]
        if state not in known:
            raise NameNotFoundError.from_names(f"state of {name!r}", state, known)
        return list(known).index(state)

    def checked(self, name: str, code: int) -> int:
        """Give the number of a state, if there is one."""
        size = self.sizes[self.index(name)]
        if not 0 <= code < size:
            refuse_code(name, code, size)
        return code

    def index(self, name: str) -> int:
        """Give the number of a node."""
        if name not in self.place:
            raise NameNotFoundError.from_names("node", name, self.names)
        return self.place[name]

    def above(self, targets: Iterable[int], cut: Iterable[int]) -> list[int]:
        """Give targets and ancestors where ``cut`` have lost their parents; without ``cut``."""
        seen, waiting = set(cut), list(targets)
        found = []
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                found.append(node)
                waiting += self.parents[node]
        return found
