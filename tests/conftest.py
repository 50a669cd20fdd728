"""Shared settings: hypothesis profiles, the tests folder on the path, reference data."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

collect_ignore_glob = ["conftest.py", "*/conftest.py"]

sys.path.insert(0, str(Path(__file__).parent))

_SHARED = dict(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("dev", max_examples=25, **_SHARED)
settings.register_profile(
    "ci", max_examples=100, derandomize=True, database=None, print_blob=True, **_SHARED
)
settings.register_profile("deep", max_examples=5000, **_SHARED)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev")
)


@pytest.fixture(autouse=True)
def no_picture_left_open():
    """Close the pictures a test has drawn, so that the next one starts with none."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


REFERENCE = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """Folder with reference data of other packages, kept beside the project."""
    if not REFERENCE.is_dir():
        pytest.skip("reference data are not at ../shared/data")
    return REFERENCE
