"""Graphs with known answers, random models with hidden causes, and the truth by surgery."""

from dataclasses import dataclass

import numpy as np

from causalsim.diagrams import Distribution
from causalsim.graph import ADMG

# fmt: off
# ruff: noqa: E501, ISC004
# name: nodes, edges, what is set, F, F'; the outcome is Y.
NOT_IDENTIFIABLE = {
    "N1 bow": ("X Y", "X --> Y; X <-> Y", "X", "X Y", "Y"),
    "N2": ("X Z Y", "X --> Z; Z --> Y; X <-> Z", "X", "X Z", "Z"),
    "N3": ("X Z Y", "X --> Z; Z --> Y; X <-> Z; X --> Y", "X", "X Z", "Z"),
    "N4": ("X Y Z", "X --> Y; Z --> Y; X <-> Z; Z <-> Y", "X", "X Y Z", "Y Z"),
    "N5": (
        "X Z1 Z2 Y",
        "X --> Z1; Z1 --> Y; Z2 --> Y; X <-> Z2; Z1 <-> Z2",
        "X",
        "X Z1 Z2",
        "Z1 Z2",
    ),
    "N6 instrument": ("Z X Y", "Z --> X; X --> Y; X <-> Y", "X", "X Y", "Y"),
}

# name: nodes, edges, what is set, outcome, kind, printed form, form of the general algorithm.
IDENTIFIABLE = {
    "I1": ("X Y", "X --> Y", "X", "Y", "backdoor{}", "P(Y | X)", "P(Y | X)"),
    "I2": ("X Z Y", "X --> Y; X --> Z; Z --> Y; Y <-> Z", "X", "Y", "backdoor{}", "P(Y | X)", "P(Y | X)"),
    "I3": ("X Z Y", "Z --> X; Z --> Y; X --> Y; Y <-> Z", "X", "Y", "backdoor{Z}",
           "Σ_Z P(Y | X, Z) P(Z)", "Σ_Z P(Y | X, Z) P(Z)"),
    "I4": ("X Z Y", "Z --> X; Z --> Y; X --> Y; X <-> Z", "X", "Y", "backdoor{Z}",
           "Σ_Z P(Y | X, Z) P(Z)", "Σ_Z P(Y | X, Z) P(Z)"),
    "I5": ("X Z Y", "Z --> X; Z --> Y; X --> Y", "X", "Y", "backdoor{Z}",
           "Σ_Z P(Y | X, Z) P(Z)", "Σ_Z P(Y | X, Z) P(Z)"),
    "I6 front-door": ("X Z Y", "X --> Z; Z --> Y; X <-> Y", "X", "Y", "frontdoor{Z}",
                      "Σ_Z P(Z | X) Σ_X' P(Y | X', Z) P(X')", "Σ_Z P(Z | X) Σ_X' P(Y | X', Z) P(X')"),
    "I7 M-bias": ("X Y Z", "X --> Y; X <-> Z; Y <-> Z", "X", "Y", "backdoor{}", "P(Y | X)", "P(Y | X)"),
    "I8": ("X Z1 Z2 Y", "X --> Y; X --> Z1; Z1 --> Y; Z1 --> Z2; Z2 --> Y; X <-> Z2; Y <-> Z1",
           "X", "Y", "comb",
           "Σ_{Z1,Z2} P(Z1 | X) P(Y | X, Z1, Z2) Σ_X' P(Z2 | X', Z1) P(X')",
           "Σ_{Z1,Z2} P(Z1 | X) P(Y | X, Z1, Z2) Σ_X' P(Z2 | X', Z1) P(X')"),
    "I9": ("Z2 Z3 X Z1 Y", "Z2 --> Z1; Z2 --> X; Z2 --> Z3; X --> Z1; Z1 --> Y; Z3 --> Y; Z2 <-> X; "
           "Z2 <-> Y; X <-> Z3; X <-> Y", "X", "Y", "comb",
           "Σ_{Z2,Z3,Z1} P(Z1 | Z2, X) P(Z2, Z3) Σ_X' P(X' | Z2, Z3) P(Y | Z2, Z3, X', Z1)",
           "Σ_{Z2,Z3,Z1} P(Z1 | Z2, X) P(Z2, Z3) Σ_X' P(X' | Z2, Z3) P(Y | Z2, Z3, X', Z1)"),
    "I10 napkin": ("X Y Z1 Z2", "Z2 --> Z1; Z1 --> X; X --> Y; Z2 <-> X; Z2 <-> Y", "X", "Y", "ID",
                   "(Σ_Z2 P(X, Y | Z1, Z2) P(Z2)) / (Σ_Z2 P(X | Z1, Z2) P(Z2))",
                   "(Σ_Z2 P(X, Y | Z1, Z2) P(Z2)) / (Σ_Z2 P(X | Z1, Z2) P(Z2))"),
    "I11": ("X1 X2 Z Y", "X1 --> Z; X1 --> Y; X1 --> X2; Z --> X2; X2 --> Y; X1 <-> Z; Z <-> Y",
            "X1 X2", "Y", "ID", "Σ_Z P(Z | X1) P(Y | X1, X2, Z)", "Σ_Z P(Z | X1) P(Y | X1, X2, Z)"),
    "I12": ("X Z0 Z1 Z2 Z3 Z4 Z5 Y", "Z1 --> Z2; Z1 --> Z3; Z2 --> X; Z3 --> X; Z4 --> Z3; Z4 --> Z5; "
            "Z5 --> Y; X --> Z0; Z0 --> Y; Z3 --> Y", "X", "Y", "backdoor{Z3,Z5}",
            "Σ_{Z3,Z5} P(Y | X, Z3, Z5) P(Z3, Z5)", None),
    "I13": ("X W0 W1 W2 Z1 Z2 Z3 Z4 Z5 Y", "Z1 --> Z2; Z1 --> Z3; Z2 --> X; Z3 --> X; X --> W0; "
            "W0 --> Y; Z4 --> Z3; Z4 --> Z5; Z5 --> Y; X --> W1; W1 --> W2; W2 --> Y; Z3 --> Y; "
            "Z1 <-> X; Z2 <-> Z3; Z3 <-> Z5; Z4 <-> Y", "X", "Y", None, None, None),
    "I14 Verma": ("V1 V2 V3 V4", "V1 --> V2; V2 --> V3; V3 --> V4; V2 <-> V4", "V3", "V4",
                  "backdoor{V2}", "Σ_V2 P(V4 | V2, V3) P(V2)", "Σ_V2 P(V2 | V1) P(V4 | V1, V2, V3)"),
}  # fmt: skip


def read(nodes, edges):
    """Make a graph from texts."""
    return ADMG.from_edges([each.strip() for each in edges.split(";")], nodes.split())


@dataclass
class Model:
    """Tables of an ADMG whose bidirected edges are hidden roots."""

    graph: ADMG
    tables: dict[str, np.ndarray]
    axes: dict[str, tuple[str, ...]]

    def law(self, do=()):
        """Give P(V | do), axes in node order; variables that are set have an axis too."""
        names = [*self.graph.nodes, *(name for name in self.tables if name not in self.graph)]
        place = {name: k for k, name in enumerate(names)}
        operands = []
        for name, table in self.tables.items():
            table = np.ones(table.shape[-1:]) if name in do else table
            axes = (name,) if name in do else self.axes[name]
            operands += [table, [place[each] for each in axes]]
        return np.einsum(*operands, [place[n] for n in self.graph.nodes], optimize="greedy")

    def joint(self, do=()):
        """Give P(V | do) as a Distribution."""
        return Distribution(self.law(do), self.graph.nodes, given=do)

    def truth(self, outcome, do=(), given=()):
        """Give P(outcome | do, given) by surgery, axes in that order."""
        law = self.law(do)
        kept = (*outcome, *do, *given)
        gone = tuple(k for k, name in enumerate(self.graph.nodes) if name not in kept)
        table = law.sum(axis=gone)
        left = [name for name in self.graph.nodes if name in kept]
        table = table.transpose([left.index(name) for name in kept])
        return table / table.sum(axis=tuple(range(len(outcome))), keepdims=True)


def random_model(graph, rng, sizes=None):
    """Draw all tables from flat Dirichlet laws; hidden roots have two or three states."""
    roots = [edge for edge in graph.edges if " <-> " in edge]
    sizes = dict.fromkeys(graph.nodes, 2) | (sizes or {})
    sizes |= {root: int(rng.integers(2, 4)) for root in roots}
    axes = {root: (root,) for root in roots}
    for name in graph.nodes:
        causes = [root for root in roots if name in root.split(" <-> ")]
        axes[name] = (*graph.parents(name), *causes, name)
    tables = {
        name: rng.dirichlet(np.ones(sizes[name]), [sizes[each] for each in over[:-1]])
        for name, over in axes.items()
    }
    return Model(graph, tables, axes)


def random_graph(rng, nodes, directed=0.4, bidirected=0.25):
    """Draw an ADMG over V0, V1, ... in a random causal order."""
    names = [f"V{k}" for k in range(nodes)]
    order = rng.permutation(nodes)
    edges = []
    for i in range(nodes):
        for j in range(i + 1, nodes):
            a, b = names[order[i]], names[order[j]]
            edges += [f"{a} --> {b}"] if rng.random() < directed else []
            edges += [f"{a} <-> {b}"] if rng.random() < bidirected else []
    return ADMG.from_edges(edges, names)


def random_napkin(rng, nodes=6):
    """Draw a graph around a napkin, Z2 --> Z1 --> X --> Y with Z2 <-> X and Z2 <-> Y.

    Other nodes and edges are random, but none joins Y to X, or X to what comes before it.
    """
    names = ["W", "Z2", "Z1", "X", "M", "Y"][:nodes] if nodes == 6 else ["Z2", "Z1", "X", "Y"]
    edges = {"Z2 --> Z1", "Z1 --> X", "Z2 <-> X", "Z2 <-> Y"}
    edges |= {"X --> M", "M --> Y"} if "M" in names else {"X --> Y"}
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            if {a, b} & {"W", "M"} and rng.random() < 0.3:
                edges.add(f"{a} --> {b}")
            if "W" in {a, b} and rng.random() < 0.2:
                edges.add(f"{a} <-> {b}")
    return ADMG.from_edges(sorted(edges), names)


def random_query(rng, graph):
    """Draw disjoint sets: one or two outcomes, one or two to set, none to two to condition on."""
    names = [str(name) for name in rng.permutation(graph.nodes)]
    y, x, z = int(rng.integers(1, 3)), int(rng.integers(1, 3)), int(rng.integers(0, 3))
    return tuple(names[:y]), tuple(names[y : y + x]), tuple(names[y + x : y + x + z])
