"""What each column measures: inferred by a stated rule, or told by the user."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from causalsim.data._moments import WRITTEN, as_seconds, refuse_mixed_zones
from causalsim.data._raw import CLEARLY_CONTINUOUS, Floats, Origin, Raw, as_number, ordered
from causalsim.data.table import GUESSED, Kind, Table
from causalsim.errors import DataError, NameNotFoundError, OptionError, listing

__all__ = ["KindWarning", "KindsLike", "convert_labels", "settle", "told_kinds"]

KindsLike = str | Mapping[str, str] | None

MAX_DISCRETE = 10
ROWS_PER_LEVEL = 10

_CERTAIN = {
    Origin.FLOAT: Kind.CONTINUOUS,
    Origin.TIME: Kind.TIME,
    Origin.BOOLEAN: Kind.BINARY,
}


class KindWarning(UserWarning):
    """Whether a column is continuous or discrete had to be guessed."""


def told_kinds(kinds: KindsLike, names: tuple[str, ...]) -> dict[str, Kind]:
    """Give the kinds the caller stated, by column."""
    stated = dict.fromkeys(names, kinds) if isinstance(kinds, str) else dict(kinds or {})
    for name, kind in stated.items():
        if name not in names:
            raise NameNotFoundError.from_names("column", name, names)
        if kind not in list(Kind):
            raise OptionError.from_choice(f"kinds[{name!r}]", kind, map(str, Kind))
    return {name: Kind(kind) for name, kind in stated.items()}


def convert_labels(raw: Raw, told: Mapping[str, Kind]) -> Raw:
    """Turn labels into the numbers or times that the caller says they are, in place."""
    read = {Kind.CONTINUOUS: as_number, Kind.TIME: as_seconds}
    values, levels = raw.values, dict(raw.levels)
    for i, name in enumerate(raw.names):
        if name in levels and told.get(name) in read:
            if told[name] is Kind.TIME:
                refuse_mixed_zones(name, levels[name])
            numbers = [read[told[name]](level) for level in levels[name]]
            values[:, i] = _looked_up(raw, i, numbers, told[name])
            del levels[name]
    return replace(raw, levels=levels)


def _looked_up(raw: Raw, column: int, numbers: list[float | None], kind: Kind) -> Floats:
    """Replace codes by numbers, or name the first value that is none."""
    name, codes = raw.names[column], raw.values[:, column]
    otherwise = (
        f"Write times as {WRITTEN}, or leave the cell empty if it is missing."
        if kind is Kind.TIME
        else "Correct the value, leave the cell empty if it is missing, or write "
        f"kinds={{{name!r}: 'discrete'}}."
    )
    present = ~np.isnan(codes)
    for row in np.flatnonzero(present):
        code = int(codes[row])
        if numbers[code] is None:
            raise DataError(
                f"column {name!r} is to be {kind} but row {row} (the first is 0) holds "
                f"{raw.levels[name][code]!r}. {otherwise}"
            )
    table = np.array([np.nan if number is None else number for number in numbers] + [np.nan])
    return table[np.where(present, codes, len(numbers)).astype(np.intp)]


def settle(raw: Raw, told: Mapping[str, Kind]) -> Table:
    """Give every column its kind and its codes; warn once about all guesses.

    The values of ``raw`` are coded in place.
    """
    kinds, levels = [], {}
    doubts: dict[str, tuple[str, Kind]] = {}
    for i, (name, origin) in enumerate(zip(raw.names, raw.origins, strict=True)):
        column, labels = raw.values[:, i], None
        if name in raw.levels:
            column[:], labels = _dense(origin, column, raw.levels[name])
        kind, doubt = (told[name], "") if name in told else _guess(origin, column, labels)
        if doubt:
            doubts[name] = doubt, kind
        if kind in {Kind.DISCRETE, Kind.BINARY}:
            levels[name] = _number(origin, column) if labels is None else labels
        kinds.append(kind)
    _check_binary(raw.names, kinds, levels)
    notes = raw.notes
    if doubts:
        guessed = _guessed(doubts)
        warnings.warn(f"{guessed}. {_advice(next(iter(doubts)))}", KindWarning, stacklevel=3)
        notes = (*notes, guessed)
    return Table(raw.names, raw.values, tuple(kinds), levels, notes)


def _guess(origin: Origin, column: Floats, labels: tuple[str, ...] | None) -> tuple[Kind, str]:
    """Give the kind by the rule of :func:`~causalsim.data.read_table`, and any doubt about it."""
    if origin in _CERTAIN:
        return _CERTAIN[origin], ""
    if labels is not None:
        return (Kind.BINARY if len(labels) <= 2 else Kind.DISCRETE), _doubt_labels(labels)
    size = len(np.unique(column[~np.isnan(column)]))
    if origin is Origin.WHOLE:
        return Kind.CONTINUOUS, f"{size} distinct whole numbers beside missing cells"
    if size in {1, 2}:
        return Kind.BINARY, ""
    few = 2 < size <= MAX_DISCRETE and len(column) >= ROWS_PER_LEVEL * size
    doubt = f"{size} distinct integers" if 2 < size <= CLEARLY_CONTINUOUS else ""
    return (Kind.DISCRETE if few else Kind.CONTINUOUS), doubt


def _doubt_labels(labels: tuple[str, ...]) -> str:
    """Doubt a text column whose many levels are mostly numbers."""
    others = [label for label in labels if as_number(label) is None]
    if len(labels) <= MAX_DISCRETE:
        return ""
    if 2 * len(others) > len(labels):
        return "text, all dates" if all(as_seconds(label) is not None for label in labels) else ""
    return f"text, mostly numbers, also {others[0]!r}" if others else "text, all numbers"


def _dense(
    origin: Origin, codes: Floats, labels: tuple[str, ...]
) -> tuple[Floats, tuple[str, ...]]:
    """Keep the labels that occur, in their declared order or else sorted, and renumber."""
    used = [int(code) for code in np.unique(codes[~np.isnan(codes)])]
    kept = [labels[code] for code in used]
    order = used if origin is Origin.CATEGORY else [used[i] for i in ordered(kept)]
    renumbered = np.full(len(labels) + 1, np.nan)
    renumbered[order] = np.arange(len(order))
    lookup = np.nan_to_num(codes, nan=len(labels)).astype(np.intp)
    return renumbered[lookup], tuple(labels[code] for code in order)


def _number(origin: Origin, column: Floats) -> tuple[str, ...]:
    """Replace the numbers that occur by codes 0, 1, ..., in place, and give their labels."""
    present = ~np.isnan(column)
    used, column[present] = np.unique(column[present], return_inverse=True)
    return tuple(_text(origin, float(number)) for number in used)


def _text(origin: Origin, number: float) -> str:
    if origin is Origin.BOOLEAN:
        return str(bool(number))
    return str(int(number)) if number.is_integer() else repr(number)


def _check_binary(
    names: tuple[str, ...], kinds: list[Kind], levels: Mapping[str, tuple[str, ...]]
) -> None:
    for name, kind in zip(names, kinds, strict=True):
        if kind is Kind.BINARY and len(levels[name]) > 2:
            raise DataError(
                f"column {name!r} is to be binary and has {len(levels[name])} levels: "
                f"{listing(levels[name])}. Write kinds={{{name!r}: 'discrete'}}."
            )


def _guessed(doubts: Mapping[str, tuple[str, Kind]]) -> str:
    guesses = [f"{name!r} ({doubt}) as {kind}" for name, (doubt, kind) in doubts.items()]
    shown = "; ".join(guesses[:12]) + (f"; ... ({len(guesses)} in all)" if guesses[12:] else "")
    return f"{GUESSED}: {shown}"


def _advice(name: str) -> str:
    return (
        f"Settle it with kinds={{{name!r}: 'discrete'}} or kinds={{{name!r}: 'continuous'}}, or "
        f"one kind for all columns: kinds='discrete'."
    )
