"""Causal discovery, in tables and in time series, and what surrounds it."""

from causalsim.discovery._bootstrap import bootstrap
from causalsim.discovery._bootstrap_result import BootstrapResult
from causalsim.discovery._cdnod import cdnod
from causalsim.discovery._cdnod_result import CDNODResult
from causalsim.discovery._check import check
from causalsim.discovery._check_result import CheckResult
from causalsim.discovery._driving_force import DrivingForce
from causalsim.discovery._dry_run import dry_run
from causalsim.discovery._dry_run_result import DryRun
from causalsim.discovery._exchangeable import exchangeable
from causalsim.discovery._exchangeable_result import ExchangeableResult
from causalsim.discovery._fci import fci
from causalsim.discovery._knowledge import Knowledge
from causalsim.discovery._pc import pc
from causalsim.discovery._pcmci import pcmci
from causalsim.discovery._pcmci_plus import pcmci_plus
from causalsim.discovery._predict import Prediction
from causalsim.discovery._result import DiscoveryResult, Event

__all__ = [
    "BootstrapResult",
    "CDNODResult",
    "CheckResult",
    "DiscoveryResult",
    "DrivingForce",
    "DryRun",
    "Event",
    "ExchangeableResult",
    "Knowledge",
    "Prediction",
    "bootstrap",
    "cdnod",
    "check",
    "dry_run",
    "exchangeable",
    "fci",
    "pc",
    "pcmci",
    "pcmci_plus",
]
