"""Background knowledge: what must be, what cannot be, and what comes first.

Knowledge is enforced strictly, and it saves tests: a pair that may not be joined, or must be,
is never tested. Contradictions are refused with both rules named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from os import PathLike
from pathlib import Path
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from causalsim._files import reason
from causalsim.errors import KnowledgeError, NameNotFoundError
from causalsim.graph._base import find_cycle, index_sets, true_cells
from causalsim.graph.labels import label, parse_label
from causalsim.graph.marks import Mark, split_edge

__all__ = ["Knowledge", "Resolved", "as_knowledge", "resolve"]

_ANY_LAG = "[t-*]"

Bools = NDArray[np.bool_]


@final
@dataclass(frozen=True, eq=False)
class Resolved:
    """Knowledge about numbered variables.

    Parameters
    ----------
    forbidden, required : arrays of bool, shape (p, p)
        Whether ``i --> j`` cannot be, or must be.
    joined : array of bool, shape (p, p)
        Pairs that must be joined, in whichever direction.
    rules : dict
        (i, j) to the rule that forbids or requires ``i --> j``, in words.
    """

    forbidden: Bools
    required: Bools
    joined: Bools
    rules: dict[tuple[int, int], str] = field(default_factory=dict)

    @property
    def apart(self) -> Bools:
        """Pairs that cannot be joined in either direction."""
        return self.forbidden & self.forbidden.T

    @property
    def fixed(self) -> Bools:
        """Pairs that must be joined."""
        return self.required | self.required.T | self.joined

    def arrows(self, adjacency: Bools) -> list[tuple[int, int]]:
        """Give the arrows (tail, head) that knowledge puts on the edges that are there."""
        one_way = self.required | (self.forbidden.T & ~self.forbidden)
        return [(i, j) for i, j in true_cells(one_way & adjacency).tolist()]

    def about(self, i: int, j: int) -> list[str]:
        """Give the rules about a pair, in words."""
        found = [self.rules[key] for key in ((i, j), (j, i)) if key in self.rules]
        return [*found, "required in some direction"] if self.joined[i, j] else found


@final
@dataclass(frozen=True)
class Knowledge:
    """Background knowledge about the edges of a graph.

    A name between slashes is a regular expression that must match whole names. In time series
    ``X[t-1]`` is X one step ago, and ``X[t-*]`` X at any lag; see :meth:`resolve_lagged`.

    Parameters
    ----------
    required : sequence of str
        ``"X --> Y"`` must be there; ``"X --- Y"`` must be there in some direction.
    forbidden : sequence of str
        ``"X --> Y"`` cannot be there; ``"X --- Y"`` forbids both directions.
    tiers : sequence of sequences of str
        Groups of names in causal order: no edge points from a later to an earlier group.
        Names in no group are free.
    within_tiers : bool or sequence of bool
        Whether edges inside a group are allowed, for all groups or one by one.

    Examples
    --------
    >>> Knowledge(forbidden=["/gene.*/ --> age"], tiers=[["age", "sex"], ["pressure"]])
    Knowledge(forbidden=('/gene.*/ --> age',), tiers=(('age', 'sex'), ('pressure',)))
    >>> Knowledge(required=["X --> Y"], forbidden=["X --> Y"]).resolve(["X", "Y"])
    Traceback (most recent call last):
    ...
    causalsim.errors.KnowledgeError: X --> Y is both required ('X --> Y' in required) and
    forbidden ('X --> Y' in forbidden); drop one of the two rules.
    """

    required: Sequence[str] = ()
    forbidden: Sequence[str] = ()
    tiers: Sequence[Sequence[str]] = ()
    within_tiers: bool | Sequence[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "required", _texts("required", self.required))
        object.__setattr__(self, "forbidden", _texts("forbidden", self.forbidden))
        if isinstance(self.tiers, str) or not isinstance(self.tiers, Iterable):
            raise KnowledgeError(f"tiers={self.tiers!r}: expected a list of lists of names.")
        object.__setattr__(self, "tiers", tuple(_texts("tier", tier) for tier in self.tiers))
        object.__setattr__(self, "within_tiers", self._flags(self.within_tiers))

    def _flags(self, within: object) -> bool | tuple[bool, ...]:
        """Read ``within_tiers``."""
        if isinstance(within, bool):
            return within
        flags = tuple(within) if isinstance(within, Iterable) else (within,)
        if not all(isinstance(flag, bool) for flag in flags):
            raise KnowledgeError(f"within_tiers={within!r}: expected a bool, or a list of them.")
        if len(flags) != len(self.tiers):
            raise KnowledgeError(f"{len(flags)} within_tiers for {len(self.tiers)} tiers.")
        return flags

    def __repr__(self) -> str:
        defaults = Knowledge.__dataclass_fields__
        parts = [
            f"{name}={getattr(self, name)!r}"
            for name in defaults
            if getattr(self, name) != defaults[name].default
        ]
        return f"Knowledge({', '.join(parts)})"

    def __bool__(self) -> bool:
        return bool(self.required or self.forbidden or self.tiers)

    # -- files ----------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Give the rules as plain values."""
        within = self.within_tiers
        return {
            "required": list(self.required),
            "forbidden": list(self.forbidden),
            "tiers": [list(tier) for tier in self.tiers],
            "within_tiers": within if isinstance(within, bool) else list(within),
        }

    @classmethod
    def from_dict(cls, payload: Mapping[str, Any]) -> Self:
        """Read the rules from plain values, as in a TOML file.

        >>> Knowledge.from_dict({"required": ["X --> Y"]})
        Knowledge(required=('X --> Y',))
        """
        known = cls.__dataclass_fields__
        for key in payload:
            if key not in known:
                raise KnowledgeError(str(NameNotFoundError.from_names("rule", key, known)))
        return cls(**payload)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Read a TOML file with ``required``, ``forbidden``, ``tiers``, ``within_tiers``."""
        import tomllib

        try:
            payload = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise KnowledgeError(f"cannot read knowledge from {path}: {reason(error)}") from error
        return cls.from_dict(payload)

    # -- resolution -----------------------------------------------------------------------

    def resolve(self, names: Sequence[str]) -> Resolved:
        """Turn the rules into matrices over ``names``.

        Raises
        ------
        NameNotFoundError
            If a rule names no variable.
        KnowledgeError
            If two rules contradict each other, or required edges form a cycle.
        """
        return self._resolve(names, self._tier_pairs(names))

    def resolve_lagged(self, names: Sequence[str], max_lag: int) -> Resolved:
        """Turn the rules into matrices over variables at lags 0 to ``max_lag``.

        ``X`` is X now, ``X[t-2]`` is X two steps ago and ``X[t-*]`` X at any lag from 1 up. A
        pattern is matched against these labels. Tiers name variables and hold at every lag.
        Edges end in the present, and none runs against time.

        Returns
        -------
        Resolved
            Over ``lag * p + i``, the lag of variable i.

        Examples
        --------
        >>> known = Knowledge(forbidden=["X[t-*] --> Y"]).resolve_lagged(["X", "Y"], 2)
        >>> known.forbidden[:, 1].tolist()
        [False, False, True, False, True, False]
        """
        p = len(names)
        labels = [label(name, lag) for lag in range(max_lag + 1) for name in names]
        tiers = [
            (lag * p + i, j, rule)
            for i, j, rule in self._tier_pairs(names)
            for lag in range(max_lag + 1)
        ]
        return self._resolve(labels, tiers, present=p)

    def _resolve(
        self,
        names: Sequence[str],
        ruled_out: Iterable[tuple[int, int, str]],
        present: int | None = None,
    ) -> Resolved:
        """Apply the rules to nodes, with arrows (tail, head, rule) that cannot be.

        Edges end in the first ``present`` nodes, by default in any.
        """
        p = len(names)
        found = Resolved(np.zeros((p, p), bool), np.zeros((p, p), bool), np.zeros((p, p), bool))
        found.forbidden[:, present or p :] = ~np.eye(p, dtype=bool)[:, present or p :]
        for text in self.forbidden:
            for i, j in self._pairs(text, names):
                self._set(found.forbidden, found.rules, i, j, f"{text!r} in forbidden")
        for i, j, text in ruled_out:
            self._set(found.forbidden, found.rules, i, j, text)
        for text in self.required:
            if " --- " in text:
                self._join(found, names, text)
                continue
            for i, j in self._pairs(text, names):
                self._require(found, names, i, j, text)
        _refuse_cycle(found, names)
        return found

    @staticmethod
    def _set(where: Bools, rules: dict[tuple[int, int], str], i: int, j: int, text: str) -> None:
        where[i, j] = True
        rules.setdefault((i, j), text)

    def _join(self, found: Resolved, names: Sequence[str], text: str) -> None:
        for i, j in self._pairs(text, names):
            if found.forbidden[i, j] and found.forbidden[j, i]:
                raise KnowledgeError(
                    f"{names[i]} --- {names[j]} is both required ({text!r} in required) and "
                    f"forbidden ({_why(found, names, i, j)}); drop one of the two rules."
                )
            found.joined[i, j] = found.joined[j, i] = True

    def _require(self, found: Resolved, names: Sequence[str], i: int, j: int, text: str) -> None:
        edge, rule = f"{names[i]} --> {names[j]}", f"{text!r} in required"
        if found.required[j, i]:
            raise KnowledgeError(
                f"{edge} is required ({rule}), and so is the opposite ({found.rules[j, i]}); "
                "drop one of the two rules."
            )
        if found.forbidden[i, j]:
            raise KnowledgeError(
                f"{edge} is both required ({rule}) and forbidden ({_why(found, names, i, j)}); "
                "drop one of the two rules."
            )
        found.required[i, j] = found.forbidden[j, i] = True
        found.rules[i, j] = rule
        found.rules.setdefault((j, i), rule)

    def _pairs(self, text: str, names: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Give the (tail, head) pairs that an edge text stands for."""
        edge = split_edge(text)
        marks = {edge.at_x, edge.at_y}
        if edge.x == edge.y and not _is_pattern(edge.x):
            raise KnowledgeError(f"{text!r} joins {edge.x!r} to itself; an edge needs two nodes.")
        if marks not in ({Mark.TAIL, Mark.ARROW}, {Mark.TAIL}):
            raise KnowledgeError(f"{text!r}: knowledge is written 'X --> Y' or 'X --- Y'.")
        tails, heads = _match(edge.x, names), _match(edge.y, names)
        if edge.at_x == Mark.ARROW:
            tails, heads = heads, tails
        for i in tails:
            for j in heads:
                if i != j:
                    yield i, j
                    if edge.at_x == edge.at_y:
                        yield j, i

    def _tier_pairs(self, names: Sequence[str]) -> Iterator[tuple[int, int, str]]:
        """Give (tail, head, rule) for every arrow that the tiers forbid."""
        groups = [[i for text in tier for i in _match(text, names)] for tier in self.tiers]
        place: dict[int, int] = {}
        for number, group in enumerate(groups):
            for i in group:
                if place.setdefault(i, number) != number:
                    raise KnowledgeError(
                        f"{names[i]!r} stands in tiers {place[i] + 1} and {number + 1}; keep one."
                    )
        within = self.within_tiers
        free = [within] * len(groups) if isinstance(within, bool) else list(within)
        for (i, tier_i), (j, tier_j) in product(place.items(), repeat=2):
            if tier_i > tier_j:
                yield i, j, f"{names[i]!r} in tier {tier_i + 1}, {names[j]!r} in tier {tier_j + 1}"
            elif tier_i == tier_j and i != j and not free[tier_i]:
                yield i, j, f"no edges within tier {tier_i + 1}"


def _texts(what: str, given: object) -> tuple[str, ...]:
    """Read a list of texts."""
    if isinstance(given, str):
        raise KnowledgeError(f"{what}={given!r}: expected a list; write [{given!r}].")
    if not isinstance(given, Iterable) or not all(isinstance(text, str) for text in given):
        raise KnowledgeError(f"{what}={given!r}: expected a list of texts.")
    return tuple(given)


def _is_pattern(text: str) -> bool:
    return len(text) > 1 and text.startswith("/") and text.endswith("/")


def _match(text: str, names: Sequence[str]) -> list[int]:
    """Give the positions of a name, or of all names that a /pattern/ matches."""
    if text.endswith(_ANY_LAG):
        past = [i for i, name in enumerate(names) if parse_label(name)[1]]
        hits = [i for i in past if parse_label(names[i])[0] == text.removesuffix(_ANY_LAG)]
        if hits:
            return hits
    if _is_pattern(text):
        try:
            pattern = re.compile(text[1:-1])
        except re.error as error:
            raise KnowledgeError(f"pattern {text} is no regular expression: {error}") from error
        hits = [i for i, name in enumerate(names) if pattern.fullmatch(name)]
        if not hits:
            raise KnowledgeError(f"pattern {text} matches no variable of {list(names)[:12]}.")
        return hits
    if text not in names:
        raise NameNotFoundError.from_names("variable (in knowledge)", text, names)
    return [list(names).index(text)]


def _why(found: Resolved, names: Sequence[str], i: int, j: int) -> str:
    """Give the rule that forbids ``i --> j``, be it only time."""
    past = parse_label(names[i])[1] > 0
    by_time = "an edge ends in the present" if past else "no cause follows its effect"
    return found.rules.get((i, j), by_time)


def _refuse_cycle(found: Resolved, names: Sequence[str]) -> None:
    must = found.required | (found.joined & found.forbidden.T & ~found.forbidden)
    cycle = find_cycle(index_sets(must))
    if cycle:
        steps = list(zip(cycle, [*cycle[1:], cycle[0]], strict=True))
        walk = " --> ".join(names[i] for i in [*cycle, cycle[0]])
        rules = ", ".join(
            dict.fromkeys(
                found.rules[(i, j) if found.required[i, j] else (j, i)] for i, j in steps
            )
        )
        raise KnowledgeError(f"required edges form a cycle: {walk} ({rules}); drop one of them.")


def as_knowledge(knowledge: Knowledge | Mapping[str, Any]) -> Knowledge:
    """Read knowledge given as a mapping."""
    if isinstance(knowledge, Knowledge):
        return knowledge
    if isinstance(knowledge, Mapping):
        return Knowledge.from_dict(knowledge)
    raise KnowledgeError(
        f"knowledge={knowledge!r}: expected a Knowledge, such as Knowledge(required=['X --> Y'])."
    )


def resolve(knowledge: Knowledge | Mapping[str, Any] | None, names: tuple[str, ...]) -> Resolved:
    """Turn knowledge, given or not, into matrices over ``names``."""
    return (Knowledge() if knowledge is None else as_knowledge(knowledge)).resolve(names)
