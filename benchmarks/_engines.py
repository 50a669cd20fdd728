"""Exact inference after surgery by causalsim, pyAgrum and pgmpy, behind one interface.

Each engine answers P(y | do x, given) for states given by number. ``models`` makes what a user
has before the first question; ``cold`` answers it, surgery included; ``prepared`` gives a
function that answers the same question for other states. All are fed the same tables.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from importlib.resources import files
from importlib.util import find_spec
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from causalsim.diagrams._plans import Evaluator
from causalsim.graph import DAG, DiscreteNetwork
from causalsim.graph.io import from_bif

__all__ = ["Agrum", "Engine", "Ours", "Pgmpy", "Task", "load", "present"]

Floats = NDArray[np.float64]
Codes = Mapping[str, int]
Answer = Callable[[Codes], Floats]


class Task(NamedTuple):
    """A question about a network."""

    network: str
    x: str
    y: str
    given: tuple[str, ...] = ()


class Engine(Protocol):
    """What is timed."""

    name: str

    def models(self, network: DiscreteNetwork, count: int) -> list[Any]:
        """Give models that have answered nothing yet."""

    def cold(self, model: Any, task: Task, codes: Codes) -> Floats:
        """Do surgery and answer."""

    def prepared(self, model: Any, task: Task) -> Answer:
        """Give a function of the states."""


def load(name: str) -> DiscreteNetwork:
    """Read a network that pgmpy ships."""
    packed = files("pgmpy.utils").joinpath("example_models", f"{name}.bif.gz").read_bytes()
    return from_bif(gzip.decompress(packed).decode())


def present() -> list[Engine]:
    """Give the engines that are installed, ours first."""
    peers: list[tuple[str, Engine]] = [("pyagrum", Agrum()), ("pgmpy", Pgmpy())]
    return [Ours(), *(engine for package, engine in peers if find_spec(package))]


class Ours:
    """Plans."""

    name = "causalsim"

    def models(self, network: DiscreteNetwork, count: int) -> list[DiscreteNetwork]:
        """Give networks on graphs that have worked out nothing yet."""
        nodes, marks = network.dag.nodes, network.dag.marks
        parts = dict(network.states), dict(network.tables)
        return [DiscreteNetwork(DAG(nodes, marks), *parts) for _ in range(count)]

    def cold(self, model: DiscreteNetwork, task: Task, codes: Codes) -> Floats:
        """Plan and run."""
        return Evaluator.from_network(model).plan(task.y, task.x, task.given)(codes)

    def prepared(self, model: DiscreteNetwork, task: Task) -> Answer:
        """Plan."""
        return Evaluator.from_network(model).plan(task.y, task.x, task.given)


class Agrum:
    """pyAgrum: arcs erased, then lazy propagation."""

    name = "pyAgrum"

    def models(self, network: DiscreteNetwork, count: int) -> list[Any]:
        """Give the same network; nothing is kept in it."""
        import pyagrum

        model = pyagrum.BayesNet()
        for name in network.nodes:
            states = [f"s{k}" for k in range(len(network.states[name]))]
            model.add(pyagrum.LabelizedVariable(name, name, states))
        for name in network.nodes:
            for parent in network.dag.parents(name):
                model.addArc(parent, name)
        for name in network.nodes:
            axes = [*network.dag.parents(name), name]
            cpt = model.cpt(name)
            turn = [axes.index(axis) for axis in reversed(cpt.names)]
            cpt[:] = np.ascontiguousarray(network.tables[name].transpose(turn))
        return [model] * count

    def cold(self, model: Any, task: Task, codes: Codes) -> Floats:
        """Erase arcs, propagate."""
        return self.prepared(model, task)(codes)

    def prepared(self, model: Any, task: Task) -> Answer:
        """Erase arcs; the engine keeps its junction tree from call to call."""
        import pyagrum

        cut = pyagrum.BayesNet(model)
        head = cut.idFromName(task.x)
        for tail in list(cut.parents(task.x)):
            cut.eraseArc(pyagrum.Arc(tail, head))
        engine = pyagrum.LazyPropagation(cut)
        engine.setTargets({task.y})
        fixed = (task.x, *task.given)
        engine.setEvidence(dict.fromkeys(fixed, 0))

        def answer(codes: Codes) -> Floats:
            for name in fixed:
                engine.chgEvidence(name, codes[name])
            engine.makeInference()
            found: Floats = engine.posterior(task.y).toarray().copy()
            return found

        return answer


class Pgmpy:
    """pgmpy: ``do``, then variable elimination."""

    name = "pgmpy"

    def models(self, network: DiscreteNetwork, count: int) -> list[Any]:
        """Give the same network; nothing is kept in it."""
        from pgmpy.factors.discrete import TabularCPD
        from pgmpy.models import DiscreteBayesianNetwork

        model = DiscreteBayesianNetwork()
        model.add_nodes_from(network.nodes)
        for name in network.nodes:
            model.add_edges_from([(parent, name) for parent in network.dag.parents(name)])
        for name in network.nodes:
            table, parents = network.tables[name], network.dag.parents(name)
            size = table.shape[-1]
            columns = table.reshape(-1, size).T
            model.add_cpds(
                TabularCPD(name, size, columns, list(parents) or None, table.shape[:-1] or None)
            )
        return [model] * count

    def cold(self, model: Any, task: Task, codes: Codes) -> Floats:
        """Do, eliminate."""
        return self.prepared(model, task)(codes)

    def prepared(self, model: Any, task: Task) -> Answer:
        """Do."""
        from pgmpy.inference import VariableElimination

        engine = VariableElimination(model.do([task.x]))
        fixed = (task.x, *task.given)

        def answer(codes: Codes) -> Floats:
            evidence = {name: codes[name] for name in fixed}
            found: Floats = engine.query([task.y], evidence, show_progress=False).values
            return found

        return answer
