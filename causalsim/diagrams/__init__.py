"""Causal inference by the surgery of string diagrams."""

from causalsim.diagrams import semantics, surgery
from causalsim.diagrams.comb import (
    Comb,
    Regions,
    comb_bounds,
    comb_disintegration,
    comb_regions,
    split_comb,
)
from causalsim.diagrams.distribution import Distribution
from causalsim.diagrams.functor import Category, Functor, Syntax, fold
from causalsim.diagrams.syntax import Box, Diagram, Evidence, Placed, Point, Port, Uniform

__all__ = [
    "Box",
    "Category",
    "Comb",
    "Diagram",
    "Distribution",
    "Evidence",
    "Functor",
    "Placed",
    "Point",
    "Port",
    "Regions",
    "Syntax",
    "Uniform",
    "comb_bounds",
    "comb_disintegration",
    "comb_regions",
    "fold",
    "semantics",
    "split_comb",
    "surgery",
]
