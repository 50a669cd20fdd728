"""Answers for the search in exchangeable data that need no data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from causalsim import Knowledge
from causalsim.discovery._exchangeable_order import Order
from causalsim.discovery._exchangeable_search import Search
from causalsim.graph import DAG
from causalsim.graph.separation import is_separated

NONE = Knowledge()
LEVEL = float(np.log(0.05))


@dataclass(frozen=True)
class DSeparation:
    """Answers by d-separation among two rows of an environment and its mechanisms."""

    dag: DAG

    @cached_property
    def rows(self):
        edges = [f"{x}{row} --> {y}{row}" for x, y in arrows(self.dag) for row in "12"]
        edges += [f"{name}0 --> {name}{row}" for name in self.dag.nodes for row in "12"]
        return DAG.from_edges(edges)

    def log_p(self, question):
        names = self.dag.nodes
        x = f"{names[question.x]}{2 if question.across else 1}"
        others = [f"{names[k]}1" for k in question.given]
        return 0.0 if is_separated(self.rows, x, f"{names[question.y]}1", others) else -99.0


@dataclass(frozen=True)
class Arbitrary:
    """Answers that follow from nothing but names."""

    seed: int
    names: tuple[str, ...]
    name = "arbitrary"

    def log_p(self, question):
        x, y, *given = (ord(self.names[k]) for k in (question.x, question.y, *question.given))
        key = [self.seed, x, y, question.across, *sorted(given)]
        return float(np.log(np.random.default_rng(key).random() ** 3))


def arrows(graph):
    return {(graph.nodes[i], graph.nodes[j]) for i, j in np.argwhere(graph.directed)}


def search(tester, names, knowledge=NONE):
    order = Order.of(knowledge.resolve(names))
    return Search(tester, tuple(names), order, LEVEL, 1, lambda *_: None)
