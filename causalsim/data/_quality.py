"""Values that no method can use: missing, infinite, constant, copied and collinear columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from causalsim.data._raw import Floats, Raw
from causalsim.data.table import Kind, Table
from causalsim.errors import DataError, OptionError, listing

__all__ = ["Degenerate", "Missing", "check_finite", "drop_missing", "screen"]

Missing = Literal["error", "listwise", "testwise"]
Degenerate = Literal["error", "drop", "keep"]

T = TypeVar("T", Raw, Table)

ROUNDING = 4 * float(np.finfo(np.float64).eps)
COLLINEAR = 1e-10


def check_finite(names: Sequence[str], values: Floats) -> None:
    """Refuse infinite values, naming columns and counts."""
    if np.isfinite(values).all():
        return
    counts = np.isinf(values).sum(axis=0)
    if counts.any():
        raise DataError(
            f"infinite values: {_counted(names, counts)}. Replace them, or mark them as missing "
            f"(NaN) and choose missing='listwise' or 'testwise'."
        )


def _counted(names: Sequence[str], counts: NDArray[np.intp]) -> str:
    found = [f"{name!r} {count}" for name, count in zip(names, counts, strict=True) if count]
    return ", ".join(found[:12]) + (f", ... ({len(found)} columns in all)" if found[12:] else "")


def drop_missing(data: T, policy: Missing) -> T:
    """Apply the policy for missing values; see :func:`~causalsim.data.read_table`."""
    missing = np.isnan(data.values)
    if not missing.any():
        return data
    where = _counted(data.names, missing.sum(axis=0))
    empty = [data.names[i] for i in np.flatnonzero(missing.all(axis=0)).tolist()]
    if empty and policy != "testwise":
        raise DataError(
            f"{listing(empty)} {'has' if len(empty) == 1 else 'have'} no values in "
            f"{len(missing)} rows; leave out what is empty: data.drop(columns={empty[0]!r})."
        )
    if policy == "error":
        raise DataError(
            f"missing values: {where} (of {len(missing)} rows). Choose missing='listwise' to "
            f"drop those rows, or missing='testwise' to leave them to each test."
        )
    if policy == "testwise":
        note = f"missing values kept: {where}"
        return data if note in data.notes else replace(data, notes=(*data.notes, note))
    complete = ~missing.any(axis=1)
    if not complete.any():
        raise DataError(f"no row is complete: {where} missing of {len(missing)} rows.")
    note = f"{(~complete).sum()} of {len(missing)} rows dropped, missing values: {where}"
    return replace(data, values=data.values[complete], notes=(*data.notes, note))


def screen(table: Table, policy: Degenerate) -> Table:
    """Refuse, drop or keep columns that carry nothing new; see ``read_table``."""
    if policy not in get_args(Degenerate):
        raise OptionError.from_choice("degenerate", policy, get_args(Degenerate))
    if policy == "keep":
        return table
    found = _degenerate(table)
    if not found:
        return table
    what = "; ".join(found.values())
    if policy == "error":
        raise DataError(
            f"{what}. Remove these columns, or choose degenerate='drop' or degenerate='keep'."
        )
    if len(found) == len(table.names):
        raise DataError(f"nothing is left: {what}.")
    kept = table.select([name for name in table.names if name not in found])
    notes = tuple(f"dropped: {reason}" for reason in found.values())
    return replace(kept, notes=(*kept.notes, *notes))


def _degenerate(table: Table) -> dict[str, str]:
    """Give a reason for each column that carries nothing new."""
    most, least = (np.fmax, np.fmin) if table.has_missing else (np.maximum, np.minimum)
    high, low = most.reduce(table.values, axis=0), least.reduce(table.values, axis=0)
    scale = np.fmax(np.maximum(np.abs(high), np.abs(low)), 0.0)
    scale = np.where(scale > 0, scale, 1.0)
    scaled, spread = table.values / scale, high / scale - low / scale
    found = {
        name: f"{name!r} has no values" if np.isnan(width) else f"{name!r} is constant"
        for name, width in zip(table.names, spread.tolist(), strict=True)
        if not width > ROUNDING
    }
    found |= _copies(table, found)
    columns = [
        i
        for i, (name, kind) in enumerate(zip(table.names, table.kinds, strict=True))
        if kind is Kind.CONTINUOUS and name not in found
    ]
    chosen = scaled if len(columns) == len(table.names) else scaled[:, columns]
    for i, others in _collinear(chosen).items():
        name, base = table.names[columns[i]], [table.names[columns[j]] for j in others]
        found[name] = f"{name!r} is determined by {listing(base)}"
    return found


def _copies(table: Table, seen: dict[str, str]) -> dict[str, str]:
    """Find columns with the same content; labels may differ if they split the rows alike."""
    first: dict[bytes, str] = {}
    found: dict[str, str] = {}
    values = np.add(table.values.T, 0.0, order="C")
    for name, kind, column in zip(table.names, table.kinds, values, strict=True):
        if name in seen:
            continue
        labelled = kind in {Kind.DISCRETE, Kind.BINARY}
        content = (_by_appearance(column) if labelled else column).tobytes()
        original = first.setdefault(content, name)
        if original != name:
            found[name] = f"{name!r} repeats {original!r}"
    return found


def _by_appearance(codes: Floats) -> Floats:
    """Renumber codes in the order in which they appear."""
    present = ~np.isnan(codes)
    _, first, inverse = np.unique(codes[present], return_index=True, return_inverse=True)
    renumbered = codes.copy()
    renumbered[present] = np.argsort(np.argsort(first))[inverse]
    return renumbered


def _collinear(scaled: Floats) -> dict[int, list[int]]:
    """Find columns that are linear functions of earlier ones, by number."""
    missing = np.isnan(scaled)
    complete = scaled[~missing.any(axis=1)] if missing.any() else scaled
    if len(complete) < 3 or scaled.shape[1] < 2:
        return {}
    unit = complete - complete.mean(axis=0)
    norms = np.sqrt(np.einsum("ij,ij->j", unit, unit))
    varying = np.flatnonzero(norms > ROUNDING)
    if len(varying) < len(norms):
        unit = unit[:, varying]
    unit /= norms[varying]
    found = _dependent(unit) if len(unit) > len(varying) + 1 else _parallel(unit)
    return {int(varying[i]): varying[others].tolist() for i, others in found.items()}


def _parallel(unit: Floats) -> dict[int, list[int]]:
    """Find columns equal to an earlier one up to shift and scale, in one sort."""
    probe = np.cos(np.arange(len(unit)) ** 2.0)
    order = np.argsort(np.abs(probe @ unit), kind="stable")
    left, right = unit[:, order[:-1]], unit[:, order[1:]]
    same = 1 - np.abs(np.einsum("ij,ij->j", left, right)) < COLLINEAR
    found: dict[int, list[int]] = {}
    for group in np.split(order, np.flatnonzero(~same) + 1):
        first, *copies = sorted(group.tolist())
        found |= {copy: [first] for copy in copies}
    return dict(sorted(found.items()))


def _dependent(unit: Floats) -> dict[int, list[int]]:
    """Find columns whose residual on the earlier ones vanishes, by Cholesky in column order."""
    gram = unit.T @ unit
    if _well_conditioned(gram):
        return {}
    free, dependent = _eliminate(gram)
    found = {}
    for column in dependent:
        base = [i for i in free if i < column]
        weights = np.abs(np.linalg.lstsq(unit[:, base], unit[:, column])[0])
        found[column] = [i for i, w in zip(base, weights, strict=True) if w > 1e-6 * max(weights)]
    return found


def _well_conditioned(gram: Floats) -> bool:
    try:
        factor = np.linalg.cholesky(gram)
    except np.linalg.LinAlgError:
        return False
    return bool((np.diagonal(factor) ** 2 > COLLINEAR).all())


def _eliminate(gram: Floats) -> tuple[list[int], list[int]]:
    """Run Cholesky row by row and skip columns with nothing left to explain."""
    factor = np.empty_like(gram)
    free: list[int] = []
    dependent: list[int] = []
    for column in range(len(gram)):
        rows = factor[: len(free)]
        rest = gram[column, column:] - rows[:, column] @ rows[:, column:]
        if rest[0] <= COLLINEAR:
            dependent.append(column)
            continue
        factor[len(free), column:] = rest / np.sqrt(rest[0])
        free.append(column)
    return free, dependent
