"""What happens to complete data before anybody sees them.

In this order: measurement error, cutting into levels, missing cells, steps never observed. Each
is a function of an array, and gives beside the corrupted values what it did.

References
----------
.. [Rubin1976] Rubin, Inference and missing data, Biometrika 63(3): MCAR, MAR and MNAR.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import OptionError
from causalsim.scm.functions import Floats
from causalsim.simulate._synthetic_parts import Missing
from causalsim.simulate._synthetic_spec import SyntheticSpec

__all__ = ["add_error", "corrupt", "cut", "missing_cells", "observed_steps"]


def corrupt(
    values: Floats, spec: SyntheticSpec, rng: np.random.Generator
) -> tuple[Floats, dict[str, Any]]:
    """Add error, cut into levels and lose cells, as far as the settings say.

    Parameters
    ----------
    values : array of shape (n, p)
        The columns ``spec.names``.
    spec : SyntheticSpec
    rng : Generator

    Returns
    -------
    values : array of shape (n, p)
        NaN where a cell is missing.
    record : dict
        What was done, as plain values.

    Raises
    ------
    OptionError
        If a column has too few distinct values for its levels.

    Examples
    --------
    >>> spec = SyntheticSpec("table", nodes=1, discrete={"X0": 2})
    >>> corrupt(np.array([[3.0], [5.0]]), spec, np.random.default_rng(0))
    (array([[0.],
           [1.]]), {'thresholds': {'X0': [4.0]}})
    """
    names: list[str] = list(spec.names)
    record: dict[str, Any] = {}
    error, holes = rng.spawn(2)
    if spec.measurement_error:
        values, sds = add_error(values, spec.measurement_error, error)
        record["measurement_error"] = {
            "signal_to_noise": 1 / spec.measurement_error,
            "sd": dict(zip(names, sds.tolist(), strict=True)),
        }
    if spec.discrete:
        values, record["thresholds"] = cut(values, names, spec.discrete)
    if spec.missing:
        missing, depends_on = missing_cells(values, names, spec.missing, holes)
        values = np.where(missing, np.nan, values)
        record["missing"] = {
            "mechanism": spec.missing.mechanism,
            "share": dict(zip(names, missing.mean(axis=0).tolist(), strict=True)),
            "depends_on": depends_on,
        }
    return values, record


def add_error(values: Floats, share: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Add normal measurement error.

    Parameters
    ----------
    values : array of shape (n, p)
    share : float
        Variance of the error over the variance of the column; the signal-to-noise ratio is
        its inverse.
    rng : Generator

    Returns
    -------
    noisy : array of shape (n, p)
    sds : array of shape (p,)
        Standard deviations of the errors.

    Examples
    --------
    >>> noisy, sds = add_error(np.array([[-2.0], [2.0]]), 0.25, np.random.default_rng(0))
    >>> sds
    array([1.])
    """
    sds = np.sqrt(share) * values.std(axis=0)
    return values + rng.normal(size=values.shape) * sds, sds


def cut(
    values: Floats, names: Sequence[str], levels: Mapping[str, int]
) -> tuple[Floats, dict[str, list[float]]]:
    """Cut columns into equally frequent levels 0, 1, ...

    Parameters
    ----------
    values : array of shape (n, p)
    names : sequence of str
        Names of the columns.
    levels : mapping of str to int
        Number of levels of each column that is cut.

    Returns
    -------
    coded : array of shape (n, p)
    thresholds : dict
        For each column that is cut, where its levels 1, 2, ... begin.

    Raises
    ------
    OptionError
        If a column has too few distinct values.

    Examples
    --------
    >>> coded, thresholds = cut(np.array([[1.0], [2.0], [3.0], [4.0]]), ["X"], {"X": 2})
    >>> coded[:, 0], thresholds
    (array([0., 0., 1., 1.]), {'X': [2.5]})
    """
    coded, thresholds = values.copy(), {}
    for name, count in levels.items():
        column = values[:, list(names).index(name)]
        edges = np.quantile(column, np.arange(1, count) / count)
        codes = np.searchsorted(edges, column, side="right")
        if len(np.unique(codes)) < count:
            raise OptionError(
                f"discrete[{name!r}]={count}: the column has too few distinct values for as many "
                "levels; ask for fewer levels or a greater length."
            )
        coded[:, list(names).index(name)] = codes
        thresholds[name] = [float(edge) for edge in edges]
    return coded, thresholds


def missing_cells(
    values: Floats, names: Sequence[str], how: Missing, rng: np.random.Generator
) -> tuple[NDArray[np.bool_], dict[str, str]]:
    """Choose the cells that are missing.

    Under MAR and MNAR the chance of a cell runs linearly over the mid-ranks u, between 0 and 1,
    of what it depends on: from ``max(0, 2 rate - 1)`` to ``min(1, 2 rate)``, whose mean is the
    rate.

    Parameters
    ----------
    values : array of shape (n, p)
    names : sequence of str
    how : Missing
    rng : Generator

    Returns
    -------
    missing : array of bool, shape (n, p)
    depends_on : dict
        For each column that loses cells under MAR or MNAR, the column whose ranks decide.

    Examples
    --------
    >>> values = np.arange(8.0).reshape(4, 2)
    >>> missing, depends_on = missing_cells(
    ...     values, ["X", "Y"], Missing("mar", 0.5, ["Y"]), np.random.default_rng(0)
    ... )
    >>> missing.any(axis=0), depends_on
    (array([False,  True]), {'Y': 'X'})
    """
    lossy = _lossy(names, how, rng)
    complete = [name for name in names if name not in lossy]
    missing = np.zeros(values.shape, bool)
    depends_on: dict[str, str] = {}
    for name in lossy:
        chance: float | Floats = how.rate
        if how.mechanism != "mcar":
            depends_on[name] = name if how.mechanism == "mnar" else str(rng.choice(complete))
            chance = _chance(values[:, list(names).index(depends_on[name])], how.rate)
        missing[:, list(names).index(name)] = rng.random(len(values)) < chance
    return missing, depends_on


def _lossy(names: Sequence[str], how: Missing, rng: np.random.Generator) -> list[str]:
    """Give the columns that lose cells, in the order of the columns."""
    if how.columns:
        return [name for name in names if name in how.columns]
    if how.mechanism != "mar":
        return list(names)
    chosen = rng.choice(len(names), len(names) // 2, replace=False)
    return [names[i] for i in sorted(chosen)]


def _chance(column: Floats, rate: float) -> Floats:
    from scipy.stats import rankdata

    low, high = max(0.0, 2 * rate - 1), min(1.0, 2 * rate)
    return np.asarray(low + (high - low) * (rankdata(column) - 0.5) / len(column))


def observed_steps(steps: int, share: float, rng: np.random.Generator) -> NDArray[np.intp]:
    """Choose the steps at which a series is observed; each is lost with the same probability.

    Parameters
    ----------
    steps : int
    share : float
        Expected share of lost steps.
    rng : Generator

    Returns
    -------
    array of int
        Increasing, from 0 to ``steps - 1``.

    Raises
    ------
    OptionError
        If fewer than two steps are left.

    Examples
    --------
    >>> observed_steps(4, 0.0, np.random.default_rng(0))
    array([0, 1, 2, 3])
    """
    kept = np.flatnonzero(rng.random(steps) >= share)
    if len(kept) < 2:
        raise OptionError(
            f"irregular={share}: {len(kept)} of {steps} steps are left; ask for a smaller share "
            "or a greater length."
        )
    return kept
