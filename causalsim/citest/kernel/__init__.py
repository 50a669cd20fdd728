"""Kernel tests: one test with many settings, and its presets by name."""

from causalsim.citest.kernel._bound import KernelTest
from causalsim.citest.kernel._presets import QPC, KCILowRank, KCISplit, KCIZhang, QPCPlus
from causalsim.citest.kernel._spec import KernelCI

__all__ = ["QPC", "KCILowRank", "KCISplit", "KCIZhang", "KernelCI", "KernelTest", "QPCPlus"]
