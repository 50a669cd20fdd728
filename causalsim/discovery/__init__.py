"""Causal discovery, in tables and in time series, and what surrounds it."""

from causalsim.discovery._bootstrap import bootstrap
from causalsim.discovery._bootstrap_result import BootstrapResult
from causalsim.discovery._check import check
from causalsim.discovery._check_result import CheckResult
from causalsim.discovery._dry_run import dry_run
from causalsim.discovery._dry_run_result import DryRun
from causalsim.discovery._knowledge import Knowledge
from causalsim.discovery._pc import pc
from causalsim.discovery._pcmci import pcmci
from causalsim.discovery._pcmci_plus import pcmci_plus
from causalsim.discovery._result import DiscoveryResult, Event

__all__ = [
    "BootstrapResult",
    "CheckResult",
    "DiscoveryResult",
    "DryRun",
    "Event",
    "Knowledge",
    "bootstrap",
    "check",
    "dry_run",
    "pc",
    "pcmci",
    "pcmci_plus",
]
