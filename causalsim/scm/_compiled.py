"""The compiled rollout; imported when first needed. Programs are laid out in ``_program``."""

# mypy: disable-error-code="no-untyped-def, untyped-decorator"
from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["advance"]


@njit(cache=True, nogil=True)
def _spline(ints, floats, io, fo, x, k):
    """Sum natural cubic splines as ``functions.natural_spline`` does."""
    total = 0.0
    at = fo + 1
    for j in range(k):
        m = ints[io + j]
        first, span = floats[at], floats[at + m - 1] - floats[at]
        z = (x[j] - first) / span
        weights = at + m
        part = floats[weights] * z
        end = max(z - (floats[at + m - 1] - first) / span, 0.0)
        near = (floats[at + m - 2] - first) / span
        gap = max(z - near, 0.0)
        last = (gap * gap * gap - end * end * end) / (1.0 - near)
        for i in range(m - 2):
            knot = (floats[at + i] - first) / span
            gap = max(z - knot, 0.0)
            slope = (gap * gap * gap - end * end * end) / (1.0 - knot)
            part += floats[weights + 1 + i] * (slope - last)
        total += part
        at = weights + m - 1
    return total


@njit(cache=True, nogil=True)
def _network(ints, floats, io, fo, x, k):
    """Sum the weighted activations of one hidden layer."""
    d, activation = ints[io], ints[io + 1]
    total = 0.0
    for i in range(d):
        inside = 0.0
        for j in range(k):
            inside += floats[fo + 1 + 2 * d + i * k + j] * x[j]
        inside += floats[fo + 1 + d + i]
        if activation == 0:
            inside = np.tanh(inside)
        elif activation == 1:
            inside = np.sin(inside)
        elif activation == 2:
            inside = np.cos(inside)
        else:
            inside = max(inside, 0.0)
        total += floats[fo + 1 + i] * inside
    return total


@njit(cache=True, nogil=True)
def _leaf(ints, bits, nodes, x, node):
    """Walk from a node to its leaf."""
    at = nodes + 4 * node
    while ints[at] >= 0:
        left = np.float32(x[ints[at]]) <= bits[at + 3]
        node = ints[at + 1] if left else ints[at + 2]
        at = nodes + 4 * node
    return node


@njit(cache=True, nogil=True)
def _leaves(ints, bits, io, x, at, live):
    """Put the leaf of each tree into ``at``.

    All trees take a step in turn, those in ``live`` that are not in a leaf yet: a step need not
    wait for the one before it in the same tree, which is what a walk tree by tree waits for.
    """
    trees = ints[io]
    nodes = io + 3 + trees
    for tree in range(trees):
        at[tree], live[tree] = ints[io + 3 + tree], tree
    count = trees
    while count > 0:
        kept = 0
        for i in range(count):
            tree = live[i]
            node = nodes + 4 * at[tree]
            feature = ints[node]
            if feature >= 0:
                right = not np.float32(x[feature]) <= bits[node + 3]
                at[tree] = ints[node + 1 + right]
                live[kept] = tree
                kept += 1
        count = kept


@njit(cache=True, nogil=True)
def _mean(ints, bits, floats, io, fo, x, at, live):
    """Average the trees in their order."""
    _leaves(ints, bits, io, x, at, live)
    total = 0.0
    for tree in range(ints[io]):
        total += floats[fo + 1 + at[tree]]
    return total / ints[io]


@njit(cache=True, nogil=True)
def _chosen(ints, io, u):
    """Split u into the number of a tree and what is left."""
    at = min(max(u, 0.0), np.nextafter(1.0, 0.0)) * ints[io]
    return int(at), at - int(at)


@njit(cache=True, nogil=True)
def _response(ints, floats, io, fo, leaf, share):
    """Take a response of a leaf."""
    trees, size = ints[io], ints[io + 1]
    nodes = io + 3 + trees
    first, stop = ints[nodes + 4 * leaf + 1], ints[nodes + 4 * leaf + 2]
    row = ints[nodes + 4 * size + first + int(share * (stop - first))]
    return floats[fo + 1 + size + row]


@njit(cache=True, nogil=True)
def _draw(ints, bits, floats, io, fo, x, u):
    """Take a response of a leaf: u chooses the tree, what is left the response."""
    tree, share = _chosen(ints, io, u)
    leaf = _leaf(ints, bits, io + 3 + ints[io], x, ints[io + 3 + tree])
    return _response(ints, floats, io, fo, leaf, share)


@njit(cache=True, nogil=True)
def _draws(ints, bits, floats, io, fo, values, t, sources, noise, leaf, live, out):
    """Do so for all paths; they take a step in turn, as trees do in ``_leaves``."""
    nodes = io + 3 + ints[io]
    count = len(noise)
    for path in range(count):
        leaf[path], live[path] = ints[io + 3 + _chosen(ints, io, noise[path])[0]], path
    while count > 0:
        kept = 0
        for i in range(count):
            path = live[i]
            node = nodes + 4 * leaf[path]
            feature = ints[node]
            if feature >= 0:
                seen = values[t - sources[feature, 1], sources[feature, 0], path]
                right = not np.float32(seen) <= bits[node + 3]
                leaf[path] = ints[node + 1 + right]
                live[kept] = path
                kept += 1
        count = kept
    for path in range(len(noise)):
        share = _chosen(ints, io, noise[path])[1]
        out[path] = floats[fo] + _response(ints, floats, io, fo, leaf[path], share)


@njit(cache=True, nogil=True)
def _quantile(ints, bits, floats, io, fo, x, noise, weight, at, live):
    """Interpolate between weighted responses; ``weight`` is scratch, all 0 before and after."""
    trees, size, m = ints[io], ints[io + 1], ints[io + 2]
    nodes = io + 3 + trees
    low, high = m, -1
    _leaves(ints, bits, io, x, at, live)
    for tree in range(trees):
        leaf = at[tree]
        first, stop = ints[nodes + 4 * leaf + 1], ints[nodes + 4 * leaf + 2]
        for i in range(first, stop):
            row = ints[nodes + 4 * size + i]
            weight[row] += 1.0 / (stop - first)
            low, high = min(low, row), max(high, row)
    total = 0.0
    for row in range(low, high + 1):
        total += weight[row]
    u = min(max(noise, 0.0), 1.0)
    start = weight[low] / 2
    target = start + u * (total - weight[high] / 2 - start)
    known = fo + 1 + size
    answer = floats[known + high]
    before, value, cumulated = -1.0, 0.0, 0.0
    for row in range(low, high + 1):
        if weight[row] > 0:
            cumulated += weight[row]
            middle = cumulated - weight[row] / 2
            response = floats[known + row]
            if middle >= target:
                answer = response
                if before >= 0:
                    share = (target - before) / (middle - before)
                    answer = value + share * (response - value)
                break
            before, value = middle, response
    weight[low : high + 1] = 0.0
    return answer + (noise - u)


@njit(cache=True, nogil=True)
def _snapped(value, bounds):
    """Round to the grid, and clip; a NaN stays."""
    if bounds[2] > 0:
        value = np.rint(value / bounds[2]) * bounds[2]
    if value < bounds[0]:  # noqa: PLR1730
        value = bounds[0]
    if value > bounds[1]:  # noqa: PLR1730
        value = bounds[1]
    return value


@njit(cache=True, nogil=True)
def _value(ints, bits, floats, program, bounds, x, k, noise, weight, at, live):
    """Give one program's value at parents x and a noise."""
    kind, io, fo = program[0], program[1], program[2]
    if kind == 0:
        total = 0.0
        for j in range(k):
            total += floats[fo + 1 + j] * x[j]
        value = floats[fo] + total + noise
    elif kind == 1:
        value = floats[fo] + _spline(ints, floats, io, fo, x, k) + noise
    elif kind == 2:
        value = floats[fo] + _network(ints, floats, io, fo, x, k) + noise
    elif kind == 3:
        value = floats[fo] + _mean(ints, bits, floats, io, fo, x, at, live) + noise
    elif kind == 4:
        value = floats[fo] + _draw(ints, bits, floats, io, fo, x, noise)
    else:
        told = _quantile(ints, bits, floats, io, fo, x, noise, weight, at, live)
        value = floats[fo] + told
    return _snapped(value, bounds)


@njit(cache=True, nogil=True)
def _piece(floats, at, n, i, t):
    """Give value and slope in t of a monotone cubic as ``learnt_laws.MonotoneCubic`` does."""
    width, rise = floats[at + i + 1] - floats[at + i], floats[at + n + i + 1] - floats[at + n + i]
    left, right = width * floats[at + 2 * n + i], width * floats[at + 2 * n + i + 1]
    square, cube = 3 * rise - 2 * left - right, left + right - 2 * rise
    value = floats[at + n + i] + t * (left + t * (square + t * cube))
    return value, left + t * (2 * square + 3 * t * cube)


@njit(cache=True, nogil=True)
def _cdf(floats, law, n, x):
    """Give the probability up to x; ``law`` is where the tails stand, the curve behind them."""
    at = law + 2
    below, above = x - floats[at], x - floats[at + n - 1]
    if below < 0:
        return floats[at + n] * np.exp(below / floats[law])
    if above > 0:
        return 1 - (1 - floats[at + 2 * n - 1]) * np.exp(-above / floats[law + 1])
    i = min(max(np.searchsorted(floats[at : at + n], x) - 1, 0), n - 2)
    t = (x - floats[at + i]) / (floats[at + i + 1] - floats[at + i])
    return _piece(floats, at, n, i, min(max(t, 0.0), 1.0))[0]


@njit(cache=True, nogil=True)
def _invert(floats, law, n, y):
    """Invert the same as ``learnt_laws.SplineNoise.quantile`` does."""
    at = law + 2
    first, last = floats[at + n], floats[at + 2 * n - 1]
    if y < first:
        return floats[at] + floats[law] * np.log(y / first)
    if y > last:
        return floats[at + n - 1] - floats[law + 1] * np.log((1 - y) / (1 - last))
    i = min(max(np.searchsorted(floats[at + n : at + 2 * n], y) - 1, 0), n - 2)
    low, high, t = 0.0, 1.0, 0.5
    for _ in range(60):
        value, slope = _piece(floats, at, n, i, t)
        if value >= y:
            high = t
        else:
            low = t
        step = t - (value - y) / slope if slope > 0 else t
        if not low < step < high:
            step = (low + high) / 2
        if abs(step - t) < 1e-15:
            break
        t = step
    return floats[at + i] + t * (floats[at + i + 1] - floats[at + i])


@njit(cache=True, nogil=True)
def _hurdle(ints, floats, program, bounds, mean, scale, odds, u):
    """Give the atom or a value beside it as ``atoms.AtomFunction`` does."""
    n, fo = ints[program[1]], program[2]
    p = 1 / (1 + np.exp(-odds))
    if not u > p:
        return floats[fo] + floats[fo + 1]
    low, high, law = floats[fo + 2], floats[fo + 3], fo + 4
    below = _cdf(floats, law, n, (low - mean) / scale) if np.isfinite(low) else 0.0
    up = _cdf(floats, law, n, (high - mean) / scale) if np.isfinite(high) else 1.0
    inside = below + max(up - below, 1e-12) * (u - p) / (1 - p)
    drawn = _invert(floats, law, n, min(max(inside, 1e-300), np.nextafter(1.0, 0.0)))
    return floats[fo] + _snapped(mean + scale * drawn, bounds)


@njit(cache=True, nogil=True)
def advance(  # noqa: C901, PLR0912  the loops over time, nodes and paths in one place
    values, start, stop_at, origin, nodes, first, last, parents, programs, bounds, ints, floats,
    acts, active, amount, scratch, stop,
):  # fmt: skip
    """Compute nodes ``first`` to ``last`` at time points ``start`` to ``stop_at``, in place.

    Values have shape (time points, columns, paths) and hold their noises. A row of ``nodes``:
    column, start and number of parents, program, and those of scale, odds and hurdle or -1.
    ``parents``: column and lag. ``acts``: node and 1 for a shift, 0 for a value. ``active`` and
    ``amount`` have shapes (actions, steps) and (actions, steps, 1 or paths); step 0 is time point
    ``origin``.
    """
    bits = ints.view(np.float32)
    x, weight = np.empty(64), np.zeros(scratch)
    unbounded = np.array([-np.inf, np.inf, 0.0])
    widest = max(scratch, values.shape[2])
    leaf, live = np.empty(widest, np.int64), np.empty(widest, np.int64)
    drawn = np.empty(values.shape[2])
    paths, shared = values.shape[2], amount.shape[2] == 1
    for t in range(start, stop_at):
        if stop[0]:
            return
        for n in range(first, last):
            at, begin, k = nodes[n, 0], nodes[n, 1], nodes[n, 2]
            base, scale, odds, hurdle = nodes[n, 3], nodes[n, 4], nodes[n, 5], nodes[n, 6]
            if k > len(x):
                x = np.empty(k)
            together = paths > 3 and programs[base, 0] == 4 and scale < 0 and hurdle < 0
            if together:
                _draws(
                    ints, bits, floats, programs[base, 1], programs[base, 2], values, t,
                    parents[begin : begin + k], values[t, at], leaf, live, drawn,
                )  # fmt: skip
            for path in range(paths):
                for j in range(0 if together else k):
                    x[j] = values[t - parents[begin + j, 1], parents[begin + j, 0], path]
                noise, size = values[t, at, path], 1.0
                if scale >= 0:
                    size = _value(
                        ints, bits, floats, programs[scale], bounds[scale], x, k, 0.0,
                        weight, leaf, live,
                    )  # fmt: skip
                if together:
                    now = _snapped(drawn[path], bounds[base])
                elif hurdle >= 0:
                    chance = _value(
                        ints, bits, floats, programs[odds], bounds[odds], x, k, 0.0,
                        weight, leaf, live,
                    )  # fmt: skip
                    mean = _value(
                        ints, bits, floats, programs[base], unbounded, x, k, 0.0,
                        weight, leaf, live,
                    )  # fmt: skip
                    now = _hurdle(
                        ints, floats, programs[hurdle], bounds[hurdle], mean, size, chance, noise
                    )
                    now = _snapped(now, bounds[base])
                else:
                    now = _value(
                        ints, bits, floats, programs[base], bounds[base], x, k, size * noise,
                        weight, leaf, live,
                    )  # fmt: skip
                for a in range(len(acts)):
                    if acts[a, 0] == n and active[a, t - origin]:
                        by = amount[a, t - origin, 0 if shared else path]
                        now = now + by if acts[a, 1] else by
                values[t, at, path] = now
