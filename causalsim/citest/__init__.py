"""Conditional-independence tests: specs, bound tests, and a registry by name.

A spec is a frozen set of settings; called with data it gives a bound test, which answers
questions by name, or many at once by column number.

>>> import numpy as np
>>> data = np.random.default_rng(0).normal(size=(100, 3))
>>> get("fisher_z")(data)("x0", "x1", ["x2"]).n
100
"""

from causalsim.citest._base import BoundTest, CIResult, CITest
from causalsim.citest._registry import Auto, bind, get, names, register
from causalsim.citest.contingency import ChiSquared, CountTest, GSquared
from causalsim.citest.gaussian import CorrelationTest, FisherZ, ParCorr
from causalsim.citest.oracle import Oracle, OracleTest
from causalsim.citest.wrappers import CachedTest, CountedTest, cached, counted

__all__ = [
    "Auto",
    "BoundTest",
    "CIResult",
    "CITest",
    "CachedTest",
    "ChiSquared",
    "CorrelationTest",
    "CountTest",
    "CountedTest",
    "FisherZ",
    "GSquared",
    "Oracle",
    "OracleTest",
    "ParCorr",
    "bind",
    "cached",
    "counted",
    "get",
    "names",
    "register",
]
