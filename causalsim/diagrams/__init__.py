"""Causal inference by the surgery of string diagrams."""

from causalsim.diagrams import semantics, surgery
from causalsim.diagrams._estimand import Estimand
from causalsim.diagrams._identify import identify
from causalsim.diagrams.comb import (
    Comb,
    Regions,
    comb_bounds,
    comb_disintegration,
    comb_regions,
    split_comb,
)
from causalsim.diagrams.counterfactual import twin
from causalsim.diagrams.distribution import Distribution
from causalsim.diagrams.draw import before_after, to_svg, to_tikz
from causalsim.diagrams.functor import Category, Functor, Syntax, fold
from causalsim.diagrams.hedge import Hedge, NotIdentifiable
from causalsim.diagrams.model import CausalModel
from causalsim.diagrams.semantics.gaussian import Gaussian
from causalsim.diagrams.syntax import Box, Diagram, Evidence, Placed, Point, Port, Uniform

__all__ = [
    "Box",
    "Category",
    "CausalModel",
    "Comb",
    "Diagram",
    "Distribution",
    "Estimand",
    "Evidence",
    "Functor",
    "Gaussian",
    "Hedge",
    "NotIdentifiable",
    "Placed",
    "Point",
    "Port",
    "Regions",
    "Syntax",
    "Uniform",
    "before_after",
    "comb_bounds",
    "comb_disintegration",
    "comb_regions",
    "fold",
    "identify",
    "semantics",
    "split_comb",
    "surgery",
    "to_svg",
    "to_tikz",
    "twin",
]
