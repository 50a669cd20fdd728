"""The list of what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from causalsim.datasets._networks import NETWORKS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["list"]

COLUMNS = ("name", "call", "rows", "columns", "kind", "source", "licence")
SACHS_2005 = "Sachs et al. (2005), Science 308:523-529"
FRED = "FRED and BLS, in statsmodels macrodata"
TABLES = (
    ("sachs", "sachs()", 853, 11, "table", SACHS_2005, "none (published supplement)"),
    ("sachs", "sachs('all')", 7466, 12, "table", SACHS_2005, "none (published supplement)"),
    (
        "boston",
        "boston()",
        506,
        13,
        "table",
        "Harrison & Rubinfeld (1978), J. Environ. Econ. Manage. 5:81-102",
        "public domain",
    ),
    (
        "cleveland",
        "cleveland()",
        303,
        14,
        "table",
        "Detrano et al. (1989), Am. J. Cardiol. 64:304-310",
        "CC BY 4.0",
    ),
    ("macro", "macro()", 202, 10, "time series", FRED, "public domain"),
    ("macro", "macro('level')", 203, 10, "time series", FRED, "public domain"),
    ("markets", "markets()", 5011, 5, "time series", "Yahoo Finance and FRED, in arch", "NCSA"),
    ("weather", "weather()", 1461, 4, "time series", "NOAA, in vega_datasets", "public domain"),
)
SIZES = (8, 5, 5, 6, 11, 20, 27, 37)


def list() -> pd.DataFrame:  # noqa: A001 - datasets.list() reads as it should
    """List every data set and network.

    Returns
    -------
    DataFrame
        Columns name, call (how to get it from this module), rows (0 for a network, which can be
        sampled), columns (or nodes), kind, source and licence.

    Examples
    --------
    >>> overview = list()
    >>> overview.query("name == 'alarm'")[["call", "columns"]].values.tolist()
    [["network('alarm')", 37]]
    """
    import pandas as pd

    networks = [
        (name, f"network({name!r})", 0, size, "network", source, "CC BY-SA 3.0")
        for (name, source), size in zip(NETWORKS.items(), SIZES, strict=True)
    ]
    return pd.DataFrame([*TABLES, *networks], columns=[*COLUMNS])
