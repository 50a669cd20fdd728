"""`import causalsim` is cheap: it loads numpy and our own names, and nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import causalsim

HEAVY = (
    "scipy", "pandas", "networkx", "sklearn", "statsmodels", "matplotlib", "joblib", "narwhals",
    "qiskit", "qiskit_machine_learning", "causallearn", "numba", "torch", "pyarrow", "duckdb",
    "polars", "dask", "typer", "rich",
)  # fmt: skip


def loaded_after(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".", maxsplit=1)[0] for name in run.stdout.split()}


def test_import_loads_nothing_heavy() -> None:
    assert loaded_after("import causalsim").isdisjoint(HEAVY)


def test_building_a_graph_loads_nothing_heavy() -> None:
    statement = "import causalsim as cs; cs.DAG.from_edges(['X --> Y']).to_cpdag()"
    assert loaded_after(statement).isdisjoint(HEAVY)


def test_every_public_name_resolves() -> None:
    for name in causalsim.__all__:
        assert getattr(causalsim, name) is not None


def test_public_functions_never_become_modules() -> None:
    import causalsim.discovery

    for name in ("pc", "bootstrap", "check", "dry_run"):
        assert callable(getattr(causalsim, name))
        assert callable(getattr(causalsim.discovery, name))


def test_version_comes_from_one_place() -> None:
    from importlib.metadata import version

    assert version("causalsim") == causalsim.__version__
