"""Small real data sets and published networks, each with source, licence, shape and citation.

:func:`list` names them all. Data come as pandas data frames as their sources publish them, on the
original scale. A published graph is one more opinion: agreement with it can be reported, but it is
never called truth.
"""

from causalsim.datasets._catalogue import list  # noqa: A004 - datasets.list() reads as it should
from causalsim.datasets._networks import network, reference
from causalsim.datasets._tables import boston, cleveland, macro, markets, sachs, weather

__all__ = [
    "boston",
    "cleveland",
    "list",
    "macro",
    "markets",
    "network",
    "reference",
    "sachs",
    "weather",
]
