"""Columns that were surely meant otherwise: numbers read as text, identifiers, huge integers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from causalsim.data._moments import as_seconds
from causalsim.data._raw import CLEARLY_CONTINUOUS, Origin, Raw, as_number
from causalsim.errors import DataError

__all__ = ["mark_whole", "refuse_misread"]

LARGEST = 2.0**53
NEARLY_ALL = 0.9


def mark_whole(raw: Raw) -> Raw:
    """Mark columns of floats that may be integers, made floats only by their missing cells."""
    origins = list(raw.origins)
    for i in np.flatnonzero(np.isnan(raw.values).any(axis=0)).tolist():
        column = raw.values[:, i]
        present = column[~np.isnan(column)]
        few = 1 < len(np.unique(present)) <= min(CLEARLY_CONTINUOUS, len(present) / 2)
        if origins[i] is Origin.FLOAT and few and (present == np.floor(present)).all():
            origins[i] = Origin.WHOLE
    return replace(raw, origins=tuple(origins))


def refuse_misread(raw: Raw, told: Collection[str]) -> None:
    """Refuse columns that no kind fits, unless the caller told their kinds."""
    for i, (name, origin) in enumerate(zip(raw.names, raw.origins, strict=True)):
        if origin is Origin.INTEGER and (np.abs(raw.values[:, i]) >= LARGEST).any():
            raise DataError(_too_large(name))
        if origin is Origin.LABEL and name not in told:
            _refuse_text(raw, i)


def _too_large(name: str) -> str:
    return (
        f"column {name!r} holds integers beyond 2^53, which are not kept exactly; subtract a "
        f"constant first, or leave it out: data.drop(columns={name!r})."
    )


def _refuse_text(raw: Raw, column: int) -> None:
    """Refuse text that holds numbers written otherwise, or a label of its own in each row."""
    name, codes = raw.names[column], raw.values[:, column]
    rows = np.flatnonzero(~np.isnan(codes)).tolist()
    texts = [raw.levels[name][int(codes[row])] for row in rows]
    numbers = {text: as_number(text) for text in raw.levels[name]}
    others = [text for text, number in numbers.items() if number is None]
    if not others and any(abs(number or 0.0) >= LARGEST for number in numbers.values()):
        raise DataError(_too_large(name))
    commas = [text for text in others if "," in text]
    if commas and all(as_number(text.replace(",", "")) is not None for text in others):
        raise DataError(
            f"column {name!r} holds {commas[0]!r}, which is read as text: write numbers with a "
            f"decimal point, or read with decimal=',' (or thousands=',') in pandas.read_csv. If "
            f"it is a label, write kinds={{{name!r}: 'discrete'}}."
        )
    if len(numbers) <= max(CLEARLY_CONTINUOUS, NEARLY_ALL * len(rows)) or not others:
        return
    row = next(row for row, text in zip(rows, texts, strict=True) if numbers[text] is None)
    if 2 * len(others) <= len(numbers):
        raise DataError(
            f"column {name!r} is text because row {row} (the first is 0) holds {others[0]!r}. "
            f"Correct the value, or leave missing cells empty; or leave the column out: "
            f"data.drop(columns={name!r})."
        )
    if all(as_seconds(text) is not None for text in others):
        raise DataError(
            f"{name!r} holds {len(numbers)} different dates, such as {others[0]!r}. Say so with "
            f"kinds={{{name!r}: 'time'}}, or leave it out: data.drop(columns={name!r})."
        )
    raise DataError(
        f"{name!r} has {len(numbers)} different labels in {len(rows)} rows: an identifier, a "
        f"date, or numbers that could not be read ({others[0]!r}). Drop it with "
        f"data.drop(columns={name!r}), or say that it is a kind: kinds={{{name!r}: 'discrete'}}."
    )
