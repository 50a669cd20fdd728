"""Structural causal models: mechanisms and noise on a graph, static and over time."""

from causalsim.scm._linear import spectral_radius
from causalsim.scm.functions import (
    AdditiveFunction,
    FeatureFunction,
    FittedMechanism,
    LinearFunction,
    RuleFunction,
)
from causalsim.scm.laws import (
    EmpiricalNoise,
    FittedNoise,
    GaussianNoise,
    InvertibleNoise,
    LaplaceNoise,
    SamplerNoise,
    UniformNoise,
    ZeroNoise,
)
from causalsim.scm.mechanisms import Additive, AutoMechanism, Linear, Mechanism, get_mechanism
from causalsim.scm.noise import (
    AutoNoise,
    Empirical,
    Gaussian,
    Laplace,
    NoiseModel,
    Uniform,
    get_noise,
)
from causalsim.scm.paths import Paths
from causalsim.scm.random import random_scm, random_temporal_scm
from causalsim.scm.static import SCM
from causalsim.scm.temporal import TemporalSCM

__all__ = [
    "SCM",
    "Additive",
    "AdditiveFunction",
    "AutoMechanism",
    "AutoNoise",
    "Empirical",
    "EmpiricalNoise",
    "FeatureFunction",
    "FittedMechanism",
    "FittedNoise",
    "Gaussian",
    "GaussianNoise",
    "InvertibleNoise",
    "Laplace",
    "LaplaceNoise",
    "Linear",
    "LinearFunction",
    "Mechanism",
    "NoiseModel",
    "Paths",
    "RuleFunction",
    "SamplerNoise",
    "TemporalSCM",
    "Uniform",
    "UniformNoise",
    "ZeroNoise",
    "get_mechanism",
    "get_noise",
    "random_scm",
    "random_temporal_scm",
    "spectral_radius",
]
