"""The one border where data come in."""

from causalsim.data.frames import read_table
from causalsim.data.kinds import KindWarning
from causalsim.data.table import Kind, Shifts, Table

__all__ = ["Kind", "KindWarning", "Shifts", "Table", "read_table"]
