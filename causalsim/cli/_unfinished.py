"""What an interrupted search had found, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from causalsim.errors import InterruptedRunError

__all__ = ["unfinished"]

SHOWN = 60


def unfinished(
    error: InterruptedRunError, nodes: Sequence[str], max_lag: int | None
) -> Iterator[str]:
    """Say where a search stopped, and which pairs it had not yet separated.

    Parameters
    ----------
    error : InterruptedRunError
        Pairs are told of those that carry a skeleton.
    nodes : sequence of str
        The variables of the search, in its order.
    max_lag : int or None
        Of a search over lags, whose skeleton has the nodes at lags 0 to 2 ``max_lag``.
    """
    from causalsim.discovery._skeleton import Skeleton
    from causalsim.graph.labels import label

    yield f"error: {str(error).partition(';')[0]}; nothing was written."
    if not isinstance(error.partial, Skeleton):
        return
    left = np.argwhere(np.triu(error.partial.adjacency)).tolist()
    p, lags = len(nodes), max_lag or 0
    if len(error.partial.adjacency) != p * (2 * lags + 1):  # columns were dropped on the way
        yield f"not yet separated: {len(left)} pairs"
        return
    names = [label(name, lag) for lag in range(lags + 1) for name in nodes]
    yield f"not yet separated: {len(left)} of {lags * p * p + p * (p - 1) // 2} pairs"
    yield from (f"  {names[i]} --- {names[j]}" for i, j in left[:SHOWN])
    if len(left) > SHOWN:
        yield f"  ... {len(left) - SHOWN} more"
