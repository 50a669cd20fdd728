"""Node labels: ``"X"`` is X now, ``"X[t-1]"`` is X one step ago. Parsed here and nowhere else.

>>> parse_label("X[t-2]")
('X', 2)
>>> label("X", 0), label("X", 2)
('X', 'X[t-2]')
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from causalsim.errors import FormatError, GraphError, NameNotFoundError
from causalsim.graph.marks import GLYPH_IN_NAME

__all__ = ["check_names", "index_of", "label", "parse_label"]

_LAGGED = re.compile(r"(?P<name>.+)\[t(?:\s*-\s*(?P<lag>\d+))?\]", re.DOTALL)


def parse_label(text: str) -> tuple[str, int]:
    """Split a label into variable name and lag (0 for now)."""
    found = _LAGGED.fullmatch(text)
    if found is None:
        return text, 0
    return found["name"], int(found["lag"] or 0)


def label(name: str, lag: int) -> str:
    """Write the label of a variable ``lag`` steps ago."""
    if lag < 0:
        raise FormatError(f"lag {lag} of {name!r} lies in the future; lags are 0, 1, 2, ...")
    return name if lag == 0 else f"{name}[t-{lag}]"


def check_names(nodes: Sequence[str]) -> tuple[str, ...]:
    """Validate node names: distinct, non-empty strings that an edge's text can hold."""
    if isinstance(nodes, str):
        raise GraphError(f"nodes={nodes!r}: expected a sequence of names; write [{nodes!r}].")
    for name in nodes:
        if not isinstance(name, str):
            raise GraphError(f"node name {name!r} is a {type(name).__name__}; names are strings.")
        if not name or name != name.strip() or GLYPH_IN_NAME.search(name):
            raise GraphError(
                f"node name {name!r} cannot be written in an edge: names are non-empty, "
                "without spaces at the ends and without ' --> ' or its like inside."
            )
    double = [name for name, count in Counter(nodes).items() if count > 1]
    if double:
        raise GraphError(f"node names must differ; {double[0]!r} stands more than once.")
    return tuple(str(name) for name in nodes)


def index_of(name: str, nodes: dict[str, int]) -> int:
    """Give the position of a node, or name the nearest one."""
    try:
        return nodes[name]
    except (KeyError, TypeError):
        raise NameNotFoundError.from_names("node", name, nodes) from None
