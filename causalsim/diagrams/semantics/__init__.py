"""What diagrams can mean: stochastic matrices, exact fractions, Gaussians and random draws."""

from causalsim.diagrams.semantics.gaussian import Gaussian, LinearGaussian, LinearMap
from causalsim.diagrams.semantics.matrices import Channel, Exact, Stochastic
from causalsim.diagrams.semantics.sampling import Sampler, Sampling

__all__ = [
    "Channel",
    "Exact",
    "Gaussian",
    "LinearGaussian",
    "LinearMap",
    "Sampler",
    "Sampling",
    "Stochastic",
]
