"""Structural causal models: mechanisms and noise on a graph, static and over time."""

from causalsim.scm._linear import spectral_radius
from causalsim.scm._series_fit import Recipe
from causalsim.scm.atoms import AtomFunction, Hurdle
from causalsim.scm.bounded import Bounded, BoundedFunction
from causalsim.scm.contest import Contest, crps
from causalsim.scm.copula import Copula, GaussianCopula, RowCopula, fit_copula
from causalsim.scm.exogenous import Clock, Driver, Given, Trend, calendar
from causalsim.scm.forests import (
    ExtraTrees,
    ForestFunction,
    ForestSampler,
    LeafFunction,
    QuantileForest,
    QuantileFunction,
    RandomForest,
)
from causalsim.scm.fourier import Fourier
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
    StudentTNoise,
    UniformNoise,
    ZeroNoise,
)
from causalsim.scm.learnt_laws import KernelNoise, SplineNoise
from causalsim.scm.mechanisms import (
    MECHANISMS,
    Additive,
    AutoMechanism,
    Linear,
    Mechanism,
    get_mechanism,
)
from causalsim.scm.network import NetworkFunction, Perceptron
from causalsim.scm.noise import (
    KDE,
    NOISES,
    AutoNoise,
    Empirical,
    Gaussian,
    Laplace,
    NoiseModel,
    Spline,
    StudentT,
    Uniform,
    get_noise,
)
from causalsim.scm.nonstationary import (
    ChainFunction,
    DriftFunction,
    MarkovFunction,
    SwitchFunction,
)
from causalsim.scm.paths import Paths
from causalsim.scm.penalised import ElasticNet, Ridge
from causalsim.scm.random import random_regimes, random_scm, random_temporal_scm
from causalsim.scm.scaled import Scaled, ScaledFunction
from causalsim.scm.static import SCM
from causalsim.scm.switching import Markov, Switching
from causalsim.scm.temporal import TemporalSCM

__all__ = [
    "KDE",
    "MECHANISMS",
    "NOISES",
    "SCM",
    "Additive",
    "AdditiveFunction",
    "AtomFunction",
    "AutoMechanism",
    "AutoNoise",
    "Bounded",
    "BoundedFunction",
    "ChainFunction",
    "Clock",
    "Contest",
    "Copula",
    "DriftFunction",
    "Driver",
    "ElasticNet",
    "Empirical",
    "EmpiricalNoise",
    "ExtraTrees",
    "FeatureFunction",
    "FittedMechanism",
    "FittedNoise",
    "ForestFunction",
    "ForestSampler",
    "Fourier",
    "Gaussian",
    "GaussianCopula",
    "GaussianNoise",
    "Given",
    "Hurdle",
    "InvertibleNoise",
    "KernelNoise",
    "Laplace",
    "LaplaceNoise",
    "LeafFunction",
    "Linear",
    "LinearFunction",
    "Markov",
    "MarkovFunction",
    "Mechanism",
    "NetworkFunction",
    "NoiseModel",
    "Paths",
    "Perceptron",
    "QuantileForest",
    "QuantileFunction",
    "RandomForest",
    "Recipe",
    "Ridge",
    "RowCopula",
    "RuleFunction",
    "SamplerNoise",
    "Scaled",
    "ScaledFunction",
    "Spline",
    "SplineNoise",
    "StudentT",
    "StudentTNoise",
    "SwitchFunction",
    "Switching",
    "TemporalSCM",
    "Trend",
    "Uniform",
    "UniformNoise",
    "ZeroNoise",
    "calendar",
    "crps",
    "fit_copula",
    "get_mechanism",
    "get_noise",
    "random_regimes",
    "random_scm",
    "random_temporal_scm",
    "spectral_radius",
]
