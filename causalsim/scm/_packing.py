"""A plan as arrays for the compiled rollout, and its paths over threads."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from causalsim.scm._program import Program

if TYPE_CHECKING:
    from causalsim.scm._rollout import Node

__all__ = ["Packed", "in_threads", "pack", "runs"]

Longs = NDArray[np.int64]


class Packed(NamedTuple):
    """What the kernel reads of nodes; see ``_compiled.advance``. Nodes without a program: -1."""

    nodes: Longs
    parents: Longs
    programs: Longs
    bounds: NDArray[np.float64]
    ints: NDArray[np.int32]
    floats: NDArray[np.float64]
    scratch: int


def pack(plan: Sequence[Node]) -> Packed:
    """Lay the programs of a plan's nodes one behind the other."""
    programs: list[Program] = []
    nodes: list[list[int]] = []
    parents: list[tuple[int, int]] = []
    for node in plan:
        places = []
        for one in _parts(node.function.program()):
            places.append(-1 if one is None else len(programs))
            programs += [] if one is None else [one]
        nodes.append([node.at, len(parents), len(node.parents), *places])
        parents += list(zip(node.parents, node.lags, strict=True))
    sizes = [(0, 0), *((len(one.ints), len(one.floats)) for one in programs)]
    table = np.cumsum(sizes, axis=0)[:-1] if programs else np.empty((0, 2))
    kinds = np.array([one.kind for one in programs])
    return Packed(
        np.array(nodes, np.int64).reshape(-1, 7),
        np.array(parents, np.int64).reshape(-1, 2),
        np.column_stack([kinds, table]).astype(np.int64),
        np.array([(p.low, p.high, p.grid) for p in programs], np.float64).reshape(-1, 3),
        np.concatenate([np.empty(0, np.int32), *(one.ints for one in programs)]),
        np.concatenate([np.empty(0), *(one.floats for one in programs)]),
        max([1, *(len(one.floats) for one in programs)]),
    )


def _parts(program: Program | None) -> tuple[Program | None, ...]:
    """Give a program and what belongs to it: scale, log-odds, hurdle."""
    if program is None:
        return (None,) * 4
    return program, program.scale, program.odds, program.hurdle


def runs(compiled: Sequence[bool]) -> list[tuple[bool, int, int]]:
    """Give runs of equal flags: the flag, and where the run starts and stops.

    >>> runs([True, True, False])
    [(True, 0, 2), (False, 2, 3)]
    """
    found = []
    for flag, group in groupby(range(len(compiled)), key=lambda i: compiled[i]):
        members = list(group)
        found.append((flag, members[0], members[-1] + 1))
    return found


def in_threads(  # noqa: PLR0917  -- interruptible() passes on positions alone
    values: NDArray[np.float64],
    span: tuple[int, int, int],
    nodes: tuple[int, int],
    packed: Packed,
    forces: tuple[Any, Any, Any],
    n_jobs: int,
    stop: NDArray[np.bool_],
) -> None:
    """Run the kernel on blocks of paths, each in a thread of its own, without the GIL."""
    from concurrent.futures import ThreadPoolExecutor

    from causalsim.scm._compiled import advance

    acts, active, amount = forces

    def run(own: NDArray[np.float64], mine: NDArray[np.float64]) -> None:
        given = (acts, active, mine, packed.scratch, stop)
        advance(own, *span, packed.nodes, *nodes, *packed[1:-1], *given)

    def block(part: slice) -> None:
        own = np.ascontiguousarray(values[:, :, part])
        run(own, amount if amount.shape[2] == 1 else np.ascontiguousarray(amount[:, :, part]))
        values[:, :, part] = own

    threads = n_jobs if n_jobs > 0 else max((os.cpu_count() or 1) + 1 + n_jobs, 1)
    count = min(threads, values.shape[2])
    edges = np.linspace(0, values.shape[2], count + 1).astype(int)
    parts = [slice(a, b) for a, b in pairwise(edges)]
    if len(parts) == 1:
        run(values, amount)
        return
    with ThreadPoolExecutor(len(parts)) as pool:
        list(pool.map(block, parts))
