"""Columns as standardised blocks, and random streams keyed by what the columns hold.

A test that draws numbers must not answer one question in two ways, so its stream hangs on the
question alone: on a seed, the settings and the contents of the columns asked about, without
regard to the order of rows, the order of calls, units, or what other columns there are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import final

import numpy as np

from causalsim.citest._base import Floats, Ints
from causalsim.citest._correlation import unit_columns
from causalsim.data import Kind, Table
from causalsim.errors import DataError, OptionError, listing
from causalsim.kernels._widths import content_order

__all__ = ["Columns", "check_seed", "coded_columns"]

_DECIMALS = 6


@final
@dataclass(frozen=True, eq=False)
class Columns:
    """Standardised columns in a row order that hangs on their values alone.

    Parameters
    ----------
    names : tuple of str
    kinds : tuple of Kind
    blocks : tuple of arrays of shape (n, d)
        Numbers and binary codes with mean 0 and variance 1; a discrete column as centred
        indicators of its levels whose variances sum to 1.
    values : array of shape (n, p)
        As measured.
    n : int

    Attributes
    ----------
    origin : tuple of Columns and array of int of shape (n, lags), or None
        Of a lagged table: the steps of its series, and the one that each row sees at each lag.
    """

    names: tuple[str, ...]
    kinds: tuple[Kind, ...]
    blocks: tuple[Floats, ...]
    values: Floats
    n: int
    origin: tuple[Columns, Ints] | None = field(default=None, init=False, repr=False)

    @cached_property
    def keys(self) -> tuple[bytes, ...]:
        """Digests of the values, whatever their order, place and scale."""
        return tuple(_key(*part) for part in zip(self.values.T, self.kinds, strict=True))

    def ordered(self, members: Iterable[int]) -> tuple[int, ...]:
        """Sort columns by content, those of equal content by name."""
        members = tuple(members)
        if len(members) < 2:
            return members
        return tuple(sorted(members, key=lambda i: (self.keys[i], self.names[i])))

    def by_set(self, givens: Ints) -> dict[tuple[int, ...], list[int]]:
        """Group the numbers of questions by their conditioning set, in :meth:`ordered` form."""
        groups: dict[tuple[int, ...], list[int]] = {}
        for m, given in enumerate(givens.tolist()):
            groups.setdefault(self.ordered(given), []).append(m)
        return groups

    def joined(self, members: Iterable[int]) -> Floats:
        """Give the blocks of some columns side by side, shape (n, d); d = 0 for none."""
        return np.hstack([np.empty((self.n, 0)), *(self.blocks[i] for i in members)])

    def row_order(self, members: Iterable[int]) -> Ints:
        """Give the order of rows in which these columns ascend, the first one first."""
        return content_order(self.joined(members))

    def stream(self, seed: int, *parts: str | int | Iterable[int]) -> np.random.Generator:
        """Give the stream of some columns.

        Parameters
        ----------
        seed : int
        *parts : str, int or iterable of int
            Settings as text or numbers, and groups of columns.
        """
        digest = blake2b(digest_size=32)
        for part in parts:
            if isinstance(part, str | int):
                text = repr(part).encode()
            else:
                text = b"".join(self.keys[i] for i in part)
            digest.update(len(text).to_bytes(8, "little") + text)
        return np.random.default_rng([seed, int.from_bytes(digest.digest(), "little")])


def coded_columns(table: Table) -> Columns:
    """Standardise a table of continuous, binary and discrete columns.

    Raises
    ------
    DataError
        If values are missing, or a column is constant.

    Examples
    --------
    >>> table = Table(("A",), np.array([[1.0], [3.0]]), (Kind.CONTINUOUS,))
    >>> coded_columns(table).blocks[0].ravel().tolist()
    [-1.0, 1.0]
    """
    if table.has_missing:
        names = [table.names[i] for i in np.flatnonzero(np.isnan(table.values).any(axis=0))]
        raise DataError(
            f"this test needs complete rows; values are missing in {listing(names)}. Read with "
            "missing='listwise'."
        )
    columns, order = _coded(table)
    if table.origin is not None:
        p = table.origin.steps.shape[1]
        steps, place = _coded(Table(table.names[:p], table.origin.steps, table.kinds[:p]))
        rows = np.argsort(place)[table.origin.rows[order]]
        object.__setattr__(columns, "origin", (steps, rows))
    return columns


def _coded(table: Table) -> tuple[Columns, Ints]:
    """Standardise a table, and give the order of its rows."""
    order = np.lexsort(table.values.T)
    values = table.values[order]
    unit = unit_columns(values) * np.sqrt(len(values))
    _refuse_constant(table.names, unit)
    blocks = tuple(
        _indicators(column) if kind is Kind.DISCRETE else unit[:, [i]]
        for i, (column, kind) in enumerate(zip(values.T, table.kinds, strict=True))
    )
    return Columns(table.names, table.kinds, blocks, values, len(values)), order


def check_seed(seed: object) -> None:
    """Refuse what is no seed.

    Raises
    ------
    OptionError
        If it is not a whole number from 0 on.

    Examples
    --------
    >>> check_seed(0)
    """
    if type(seed) is not int or seed < 0:
        raise OptionError(f"seed={seed!r}: expected a whole number from 0 on; write seed=0.")


def _refuse_constant(names: tuple[str, ...], unit: Floats) -> None:
    constant = np.flatnonzero(~unit.any(axis=0))
    if len(constant):
        found = [names[i] for i in constant]
        raise DataError(
            f"columns {listing(found)} do not vary, so nothing can be said of them; drop them."
        )


def _indicators(column: Floats) -> Floats:
    """Give centred indicators of the levels whose variances sum to 1."""
    indicators = (column[:, None] == np.unique(column)).astype(np.float64)
    centred = indicators - indicators.mean(axis=0)
    return np.asarray(centred / np.sqrt(centred.var(axis=0).sum()))


def _key(column: Floats, kind: Kind) -> bytes:
    """Digest the sorted column; rounding hides what a change of units does to the last digits."""
    ascending = unit_columns(np.sort(column)[:, None]) * np.sqrt(len(column))
    rounded = np.round(ascending, _DECIMALS) + 0.0
    return blake2b(kind.encode() + rounded.tobytes(), digest_size=16).digest()
