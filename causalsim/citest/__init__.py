"""Conditional-independence tests: specs, bound tests, and a registry by name.

A spec is a frozen set of settings; called with data it gives a bound test, which answers
questions by name, or many at once by column number.

>>> import numpy as np
>>> data = np.random.default_rng(0).normal(size=(100, 3))
>>> get("fisher_z")(data)("x0", "x1", ["x2"]).n
100
"""

from causalsim.citest._auto import Auto
from causalsim.citest._base import BoundTest, CIResult, CITest
from causalsim.citest._registry import bind, get, names, register
from causalsim.citest._self_check import SelfCheck, self_check
from causalsim.citest.contingency import ChiSquared, CountTest, GSquared
from causalsim.citest.gaussian import CorrelationTest, FisherZ, ParCorr
from causalsim.citest.kernel import (
    QPC,
    KCILowRank,
    KCISplit,
    KCIZhang,
    KernelCI,
    KernelTest,
    QPCPlus,
)
from causalsim.citest.mixed import Mixed
from causalsim.citest.oracle import Oracle, OracleTest
from causalsim.citest.random_features import RCIT, RCoT
from causalsim.citest.residual import GCM
from causalsim.citest.wrappers import CachedTest, CountedTest, cached, counted

__all__ = [
    "GCM",
    "QPC",
    "RCIT",
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
    "KCILowRank",
    "KCISplit",
    "KCIZhang",
    "KernelCI",
    "KernelTest",
    "Mixed",
    "Oracle",
    "OracleTest",
    "ParCorr",
    "QPCPlus",
    "RCoT",
    "SelfCheck",
    "bind",
    "cached",
    "counted",
    "get",
    "names",
    "register",
    "self_check",
]
