"""Opening the bundled extracts; ``files/README.md`` tells where each comes from."""

from __future__ import annotations

import gzip
from importlib.resources import files
from io import StringIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["bundled_text", "read_csv"]


def bundled_text(name: str) -> str:
    """Give the text of a compressed file of this package."""
    data = files("causalsim.datasets").joinpath("files", f"{name}.gz").read_bytes()
    return gzip.decompress(data).decode()


def read_csv(name: str, **options: Any) -> pd.DataFrame:
    """Read a bundled table; options are those of :func:`pandas.read_csv`."""
    import pandas as pd

    frame: pd.DataFrame = pd.read_csv(StringIO(bundled_text(name)), **options)
    return frame
