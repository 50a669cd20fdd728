"""Realistic series with a known graph: fitted to data, tuned against discriminators, judged."""

from causalsim.simulate._act import Round, act
from causalsim.simulate._baselines import BASELINES
from causalsim.simulate._bench import Bench, Plan
from causalsim.simulate._c2st import C2ST, c2st, parametric_null
from causalsim.simulate._copying import CopyCheck, copy_check
from causalsim.simulate._discriminators import DISCRIMINATORS
from causalsim.simulate._fidelity import fidelity
from causalsim.simulate._interventional import interventional_distance
from causalsim.simulate._mmd import WindowDistance, window_distance
from causalsim.simulate._regimes import find_regimes
from causalsim.simulate._report import FidelityReport
from causalsim.simulate._space import Configuration
from causalsim.simulate._synthetic import SyntheticData, synthesise
from causalsim.simulate._synthetic_parts import Drift, Missing, Regimes
from causalsim.simulate._synthetic_spec import SyntheticSpec
from causalsim.simulate._tcs import tcs
from causalsim.simulate._tuning import TuningResult
from causalsim.simulate._twins import effect_range, twins

__all__ = [
    "BASELINES",
    "C2ST",
    "DISCRIMINATORS",
    "Bench",
    "Configuration",
    "CopyCheck",
    "Drift",
    "FidelityReport",
    "Missing",
    "Plan",
    "Regimes",
    "Round",
    "SyntheticData",
    "SyntheticSpec",
    "TuningResult",
    "WindowDistance",
    "act",
    "c2st",
    "copy_check",
    "effect_range",
    "fidelity",
    "find_regimes",
    "interventional_distance",
    "parametric_null",
    "synthesise",
    "tcs",
    "twins",
    "window_distance",
]
