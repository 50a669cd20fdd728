"""The import contracts break on planted violations, so that a green run means something."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLANTS = {
    "upward import": ("graph/marks.py", "import causalsim.data\n"),
    "import inside a function": ("data/table.py", "def f():\n    import causalsim.discovery\n"),
    "package that no layer lists": ("attic/__init__.py", '"""Unlisted."""\n'),
    "matplotlib outside viz": ("citest/oracle.py", "def f():\n    import matplotlib\n"),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path):
    ignored = shutil.ignore_patterns("__pycache__", "files")
    shutil.copytree(ROOT / "causalsim", tmp_path / "causalsim", ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_contracts_are_kept(copy):
    assert lint(copy).returncode == 0


@pytest.mark.parametrize("plant", PLANTS)
def test_planted_violation_breaks_a_contract(copy, plant):
    name, code = PLANTS[plant]
    path = copy / "causalsim" / name
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as file:
        file.write(code)
    run = lint(copy)
    assert run.returncode == 1, run.stdout + run.stderr
