"""Running a temporal model: compiled, or in short runs by numpy, all paths at once.

What is compiled and what is not depends on steps and nodes alone, never on paths or threads, so
that a path is the same in any batch; an intervention leaves the arithmetic of other nodes alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from causalsim._parallel import check_n_jobs, interruptible
from causalsim._rng import RNG, spawn
from causalsim.errors import DivergenceError, OptionError
from causalsim.graph.intervention import Intervention, Policy, Replace, Set, Shift
from causalsim.graph.kinds import DAG
from causalsim.graph.labels import parse_label
from causalsim.graph.temporal import TemporalGraph
from causalsim.scm._packing import Packed, in_threads, pack, runs
from causalsim.scm.copula import Copula
from causalsim.scm.exogenous import Driver, driver_names, driver_table
from causalsim.scm.functions import FittedMechanism, Floats, as_column
from causalsim.scm.laws import FittedNoise, InvertibleNoise

__all__ = ["Plan", "abduct", "plan", "replay", "roll"]

# Node-steps of a path below which numpy is faster than importing the compiled kernel.
SMALL = 4096


class Node(NamedTuple):
    """One variable: where it stands, where its parents stand, and what acts on it."""

    at: int
    lags: NDArray[np.intp]
    parents: NDArray[np.intp]
    function: FittedMechanism
    actions: tuple[tuple[int, Intervention], ...]


@dataclass(frozen=True, eq=False)
class Plan:
    """A model by positions: nodes in causal order at lag 0, noises and actions.

    ``noises`` and ``copula`` are by name; ``outside`` are the positions of the drivers' columns.
    """

    names: tuple[str, ...]
    depth: int
    nodes: tuple[Node, ...]
    noises: Mapping[str, FittedNoise]
    actions: tuple[Intervention, ...]
    copula: Copula | None
    drivers: tuple[Driver, ...]
    outside: tuple[int, ...]

    @property
    def past(self) -> int:
        """Steps that it looks back, 1 at least: a policy sees the last one."""
        return max(self.depth, 1)

    @cached_property
    def packed(self) -> Packed:
        """What the kernel reads of it."""
        return pack(self.nodes)


def plan(
    graph: TemporalGraph,
    mechanisms: Mapping[str, FittedMechanism],
    noises: Mapping[str, FittedNoise],
    actions: Sequence[tuple[str, Intervention]],
    copula: Copula | None = None,
    drivers: Sequence[Driver] = (),
) -> Plan:
    """Translate a model's names to positions."""
    order = DAG.from_directed(graph.nodes, graph.directed[:, :, 0]).topological_order()
    nodes = []
    for name in order:
        if name not in mechanisms:
            continue
        labels = [parse_label(text) for text in graph.parents(name)]
        mine = tuple((k, act) for k, (target, act) in enumerate(actions) if target == name)
        lags = np.array([lag for _, lag in labels], np.intp)
        parents = np.array([graph.index(parent) for parent, _ in labels], np.intp)
        nodes.append(Node(graph.index(name), lags, parents, mechanisms[name], mine))
    acts = tuple(act for _, act in actions)
    outside = tuple(graph.index(name) for name in driver_names(drivers))
    return Plan(
        graph.nodes, graph.max_lag, tuple(nodes), noises, acts, copula, tuple(drivers), outside
    )


def roll(
    model: Plan,
    steps: int,
    paths: int,
    *,
    burn_in: int,
    history: Floats | None = None,
    first_step: int = 0,
    rng: RNG = None,
    n_jobs: int = 1,
) -> Floats:
    """Simulate, shape (paths, steps, nodes), with the paths over ``n_jobs`` threads.

    The steps before the burn-in are the ``history``, shape (at least ``model.past``, nodes), and 0
    without one.

    Raises
    ------
    DivergenceError
        If a value is not finite.
    OptionError
        If ``n_jobs`` is no number of threads.
    """
    check_n_jobs(n_jobs)
    _check_lengths(model, steps)
    total, past = burn_in + steps, model.past
    values = np.zeros((past + total, len(model.names), paths))
    if history is not None:
        values[:past] = history[-past:, :, None]
    values[past:], fresh = _draw(model, total, paths, rng)
    clock = np.arange(first_step - burn_in - past, first_step + steps)
    values[:, list(model.outside)] = driver_table(model.drivers, clock)[:, :, None]
    _run(model, values, past, -burn_in, fresh, n_jobs)
    return np.ascontiguousarray(values[past + burn_in :].transpose(2, 0, 1))


def abduct(model: Plan, values: Floats) -> Floats:
    """Give the noises behind observed values, shape (paths, steps - depth, nodes).

    Parameters
    ----------
    model : Plan
    values : array of shape (paths, steps, nodes)
        With the columns of the drivers, which keep their values.
    """
    depth, steps = model.depth, values.shape[1]
    noise = values[:, depth:].copy()
    for node in model.nodes:
        at = [
            values[:, depth - lag : steps - lag, parent]
            for lag, parent in zip(node.lags, node.parents, strict=True)
        ]
        parents = np.array(at).reshape(len(at), -1).T if at else np.empty((noise[..., 0].size, 0))
        seen = values[:, depth:, node.at]
        noise[:, :, node.at] = node.function.residual(parents, seen.ravel()).reshape(seen.shape)
    return noise


def replay(
    model: Plan, values: Floats, noise: Floats, replaced: Sequence[int], *, rng: RNG = None
) -> Floats:
    """Run a model on given noises after a given history, shape (paths, steps, nodes).

    Parameters
    ----------
    model : Plan
    values : array of shape (paths, steps, nodes)
        Its first ``depth`` steps are the history, its drivers' columns those of all steps.
    noise : array of shape (paths, steps - depth, nodes)
    replaced : sequence of int
        Nodes whose noise is drawn anew, since the model gives them another law.
    rng : int, Generator or None
    """
    depth = values.shape[1] - noise.shape[1]
    _check_lengths(model, values.shape[1])
    drawn, fresh = _draw(model, noise.shape[1], len(values), rng)
    full = np.concatenate([values[:, :depth], noise], axis=1).transpose(1, 2, 0).copy()
    full[depth:, list(replaced)] = drawn[:, list(replaced)]
    past = model.past
    padded = np.concatenate([np.zeros((past, *full.shape[1:])), full])
    _run(model, padded, past + depth, depth, fresh)
    return np.ascontiguousarray(padded[past:].transpose(2, 0, 1))


def _run(
    model: Plan,
    values: Floats,
    start: int,
    first_step: int,
    fresh: Sequence[Floats],
    n_jobs: int = 1,
) -> None:
    """Compute all time points from ``start`` on, in place; they hold their noises.

    Parameters
    ----------
    model : Plan
    values : array of shape (time points, nodes, paths)
    start : int
        At least ``model.past``.
    first_step : int
        Number of the step at ``start``, as actions count.
    fresh : sequence of arrays of shape (time points - start, paths)
        For each action, what a ``Replace`` has drawn.
    n_jobs : int
        Threads over which the paths are spread.
    """
    steps = len(values) - start
    with np.errstate(over="ignore", invalid="ignore"):
        if steps * len(model.nodes) >= SMALL:
            _run_compiled(model, values, start, first_step, fresh, n_jobs)
        else:
            for t in range(start, len(values)):
                now = [drawn[t - start] for drawn in fresh]
                _advance(model, model.nodes, values[: t + 1], t - start + first_step, now)
    _refuse_divergence(values[start:], model.names, -first_step)


def _run_compiled(
    model: Plan,
    values: Floats,
    start: int,
    first_step: int,
    fresh: Sequence[Floats],
    n_jobs: int,
) -> None:
    """Do the same with the kernel; nodes that follow Python code are computed step by step."""
    packed, end = model.packed, len(values)
    compiled = [
        packed.nodes[i, 3] >= 0 and not any(isinstance(act, Policy) for _, act in node.actions)
        for i, node in enumerate(model.nodes)
    ]
    forces = _forces(model, range(first_step, first_step + end - start), fresh)
    if all(compiled):
        work = 100.0 * (end - start) * len(model.nodes) * values.shape[2]
        span, nodes = (start, end, start), (0, len(model.nodes))
        interruptible(in_threads, values, span, nodes, packed, forces, n_jobs, steps=work)
        return
    never, parts = np.zeros(1, np.bool_), runs(compiled)
    for t in range(start, end):
        for fast, first, last in parts:
            if fast:
                in_threads(values, (t, t + 1, start), (first, last), packed, forces, 1, never)
            else:
                now, step = [drawn[t - start] for drawn in fresh], t - start + first_step
                _advance(model, model.nodes[first:last], values[: t + 1], step, now)


def _forces(
    model: Plan, steps: range, fresh: Sequence[Floats]
) -> tuple[NDArray[np.int64], NDArray[np.bool_], Floats]:
    """Give actions as arrays: node and kind, when active, and amounts; see the kernel."""
    acts, active, amounts = [], [], []
    for n, node in enumerate(model.nodes):
        for k, action in node.actions:
            if isinstance(action, Policy):
                continue
            acts.append((n, int(isinstance(action, Shift))))
            active.append([action.active(step) for step in steps])
            amounts.append(_amount(action, steps, fresh[k]))
    paths = max((one.shape[1] for one in amounts), default=1)
    amount = np.zeros((len(acts), len(steps), paths))
    for row, one in zip(amount, amounts, strict=True):
        row[:] = one
    return (
        np.array(acts, np.int64).reshape(-1, 2),
        np.array(active, np.bool_).reshape(-1, len(steps)),
        amount,
    )


def _amount(action: Intervention, steps: range, fresh: Floats) -> Floats:
    """Give what an action adds or sets, shape (steps, 1 or paths)."""
    if isinstance(action, Replace):
        return fresh
    zeros = np.zeros((len(steps), 1))
    if isinstance(action, Shift):
        return zeros + action.by
    if isinstance(action, Set) and isinstance(action.value, tuple):
        last = len(action.value) - 1
        return np.array([[action.value[min(_offset(action, step), last)]] for step in steps])
    if isinstance(action, Set):
        return zeros + float(action.value)
    raise _unknown(action)


def _unknown(action: Intervention) -> OptionError:
    return OptionError(f"do {action!r}: expected a number, Set, Shift, Replace or Policy.")


def _draw(model: Plan, total: int, paths: int, rng: RNG) -> tuple[Floats, list[Floats]]:
    """Draw noise, shape (total, nodes, paths), and for each ``Replace`` values (total, paths).

    Each path and node has its own stream, so that neither the number of paths nor an action
    changes the others.
    """
    noise = np.zeros((total, len(model.names), paths))
    fresh = [np.zeros((total, paths)) for _ in model.actions]
    for k, stream in enumerate(spawn(rng, paths)):
        streams = dict(zip(model.names, stream.spawn(len(model.names)), strict=True))
        noise[:, :, k] = _noise(model, total, streams)
        for drawn, act, own in zip(fresh, model.actions, stream.spawn(len(fresh)), strict=True):
            if isinstance(act, Replace):
                drawn[:, k] = as_column(act.sampler(total, own), total, "a sampler")
    return noise, fresh


def _noise(model: Plan, total: int, streams: Mapping[str, np.random.Generator]) -> Floats:
    """Draw the noise of one path, shape (total, nodes); 0 for drivers."""
    joint = {} if model.copula is None else model.copula.uniforms(total, streams)
    noise = np.zeros((total, len(model.names)))
    for i, name in enumerate(model.names):
        law = model.noises.get(name)
        if isinstance(law, InvertibleNoise) and name in joint:
            noise[:, i] = law.quantile(joint[name])
        elif law is not None:
            noise[:, i] = law.sample(total, streams[name])
    return noise


def _advance(
    model: Plan, nodes: Sequence[Node], values: Floats, step: int, fresh: Sequence[Floats]
) -> None:
    """Compute nodes at the last of the time points in ``values``, in place."""
    last = len(values) - 1
    for node in nodes:
        parents = values[last - node.lags, node.parents].T
        now = node.function.value(parents, values[last, node.at])
        for k, action in node.actions:
            if action.active(step):
                before = dict(zip(model.names, values[last - 1], strict=True))
                now = _moved(action, now, step, before, fresh[k])
        values[last, node.at] = now


def _moved(
    action: Intervention, now: Floats, step: int, before: Mapping[str, Floats], fresh: Floats
) -> Floats:
    """Give the values of one variable under an action, shape (paths,)."""
    if isinstance(action, Shift):
        return now + action.by
    if isinstance(action, Replace):
        return fresh
    if isinstance(action, Policy):
        return as_column(action.rule(before), len(now), "a policy")
    if isinstance(action, Set):
        value = action.value
        by_step = isinstance(value, tuple)
        return np.full(len(now), value[_offset(action, step)] if by_step else value)
    raise _unknown(action)


def _offset(action: Intervention, step: int) -> int:
    """Give the place of a step in an array of values; the burn-in takes the first."""
    return max(step - _start(action), 0)


def _start(action: Intervention) -> int:
    return (action.window or (None, None))[0] or 0


def _check_lengths(model: Plan, steps: int) -> None:
    """Refuse a ``Set`` with fewer values than the steps in which it acts."""
    for action in model.actions:
        if isinstance(action, Set) and np.ndim(action.value):
            stop = (action.window or (None, None))[1]
            needed = (steps if stop is None else min(stop, steps)) - _start(action)
            if len(action.value) < needed:
                raise OptionError(
                    f"a Set has {len(action.value)} values for {needed} steps; give one value "
                    "per step, one number for all, or a shorter window=(start, stop)."
                )


def _refuse_divergence(values: Floats, names: Sequence[str], burn_in: int) -> None:
    finite = np.isfinite(values).all(axis=2)
    if finite.all():
        return
    t, i = np.argwhere(~finite)[0]
    raise DivergenceError(
        f"{names[i]!r} grew beyond all numbers at step {t - burn_in}; the model is unstable. "
        "Difference the series before fitting, or look at spectral_radius(model.weights())."
    )
