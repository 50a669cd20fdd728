"""Where data with a known graph come from: networks with tables, and random linear models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

import causalsim as cs

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Setting", "linear", "networks"]

SEED = 20251


@dataclass(frozen=True)
class Setting:
    """A source of data sets, each with the class of the graph behind it.

    Parameters
    ----------
    name : str
    nodes : int
        For a random linear Gaussian model of average degree 3; 0 for the network ``name``.
    """

    name: str
    nodes: int = 0

    @property
    def is_linear(self) -> bool:
        """Whether columns are continuous."""
        return self.nodes > 0

    def draw(self, n: int, repetition: int) -> tuple[pd.DataFrame, cs.CPDAG]:
        """Draw ``n`` rows and give the true class; a linear model is new each time."""
        number = sum(ord(letter) * 31**k for k, letter in enumerate(self.name)) % 2**31
        rng = np.random.default_rng([SEED, number, n, repetition])
        if self.is_linear:
            model = cs.random_scm(self.nodes, degree=3, rng=rng)
            return model.sample(n, rng=rng), model.graph.to_cpdag()
        network = cs.datasets.network(self.name)
        return network.sample(n, rng=rng), network.dag.to_cpdag()


def linear(*sizes: int) -> list[Setting]:
    """Give settings of random linear models."""
    return [Setting(f"linear p={p}", p) for p in sizes]


def networks(*names: str) -> list[Setting]:
    """Give settings of discrete networks."""
    return [Setting(name) for name in names]
