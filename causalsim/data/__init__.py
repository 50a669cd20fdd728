"""The one border where data come in."""

from causalsim.data.frames import read_table
from causalsim.data.kinds import KindWarning
from causalsim.data.table import Kind, Table

__all__ = ["Kind", "KindWarning", "Table", "read_table"]
