"""Tables as Markdown, and intervals of means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

__all__ = ["half_width", "markdown", "publish", "spread"]


def half_width(values: Sequence[float]) -> float:
    """Give half the 95 % interval of a mean, by Student's t."""
    from scipy.special import stdtrit

    x = np.asarray(values, np.float64)
    if len(x) < 2:
        return float("nan")
    return float(stdtrit(len(x) - 1, 0.975) * x.std(ddof=1) / np.sqrt(len(x)))


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Write mean and 95 % interval.

    >>> spread([1.0, 2.0, 3.0])
    '2.00 ± 2.48'
    """
    return f"{np.mean(values):.{digits}f} ± {half_width(values):.{digits}f}"


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table with aligned columns.

    >>> print(markdown(["a", "b"], [["1", "22"]]))
    | a | b  |
    |---|----|
    | 1 | 22 |
    """
    widths = [max(len(row[k]) for row in [header, *rows]) for k in range(len(header))]
    lines = [
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |"
        for row in [header, *rows]
    ]
    rule = "|" + "|".join("-" * (w + 2) for w in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def publish(text: str, path: Path | None, machine: Mapping[str, str]) -> None:
    """Print a text, and write it to a file with the machine it was made on."""
    facts = "\n".join(f"- {key}: {value}" for key, value in machine.items())
    whole = f"{text.rstrip()}\n\n## Machine\n\n{facts}\n"
    print(whole)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(whole)


def wilson(hits: int, repetitions: int) -> tuple[float, float]:
    """Give Wilson's 95 % interval of a share."""
    from scipy.stats import binomtest

    found = binomtest(hits, repetitions).proportion_ci(method="wilson")
    return float(found.low), float(found.high)
