"""Running a temporal model: all paths at once, one step after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from causalsim._rng import RNG, spawn
from causalsim.errors import DivergenceError, FormatError, OptionError
from causalsim.graph.intervention import Intervention, Policy, Replace, Set, Shift
from causalsim.graph.kinds import DAG
from causalsim.graph.labels import parse_label
from causalsim.graph.temporal import TemporalGraph
from causalsim.scm.functions import FittedMechanism, Floats, as_column
from causalsim.scm.laws import FittedNoise

__all__ = ["Plan", "decode_action", "encode_action", "plan", "roll"]


class _Node(NamedTuple):
    """One variable: where it stands, where its parents stand, and what acts on it."""

    at: int
    lags: NDArray[np.intp]
    parents: NDArray[np.intp]
    function: FittedMechanism
    actions: tuple[tuple[int, Intervention], ...]


class Plan(NamedTuple):
    """A model by positions: nodes in causal order at lag 0, noises and actions."""

    names: tuple[str, ...]
    depth: int
    nodes: tuple[_Node, ...]
    noises: tuple[FittedNoise, ...]
    actions: tuple[Intervention, ...]


def plan(
    graph: TemporalGraph,
    mechanisms: Mapping[str, FittedMechanism],
    noises: Mapping[str, FittedNoise],
    actions: Sequence[tuple[str, Intervention]],
) -> Plan:
    """Translate a model's names to positions."""
    order = DAG.from_directed(graph.nodes, graph.directed[:, :, 0]).topological_order()
    nodes = []
    for name in order:
        labels = [parse_label(text) for text in graph.parents(name)]
        mine = tuple((k, act) for k, (target, act) in enumerate(actions) if target == name)
        lags = np.array([lag for _, lag in labels], np.intp)
        parents = np.array([graph.index(parent) for parent, _ in labels], np.intp)
        nodes.append(_Node(graph.index(name), lags, parents, mechanisms[name], mine))
    acts = tuple(act for _, act in actions)
    return Plan(graph.nodes, graph.max_lag, tuple(nodes), tuple(noises.values()), acts)


def roll(model: Plan, steps: int, paths: int, *, burn_in: int, rng: RNG) -> Floats:
    """Simulate, shape (paths, steps, p).

    Raises
    ------
    DivergenceError
        If a value is not finite.
    """
    _check_lengths(model, steps)
    noise, fresh = _draw(model, burn_in + steps, paths, rng)
    past = max(model.depth, 1)
    values = np.concatenate([np.zeros((past, *noise.shape[1:])), noise])
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(len(noise)):
            _advance(model, values[t : t + past + 1], t - burn_in, [drawn[t] for drawn in fresh])
    _refuse_divergence(values[past:], model.names, burn_in)
    return np.ascontiguousarray(values[past + burn_in :].transpose(2, 0, 1))


def _draw(model: Plan, total: int, paths: int, rng: RNG) -> tuple[Floats, list[Floats]]:
    """Draw noise, shape (total, p, paths), and for each ``Replace`` values (total, paths).

    Each path and node has its own stream, so that neither the number of paths nor an action
    changes the others.
    """
    noise = np.empty((total, len(model.names), paths))
    fresh = [np.zeros((total, paths)) for _ in model.actions]
    for k, stream in enumerate(spawn(rng, paths)):
        for i, (law, own) in enumerate(
            zip(model.noises, stream.spawn(len(model.noises)), strict=True)
        ):
            noise[:, i, k] = law.sample(total, own)
        for drawn, act, own in zip(fresh, model.actions, stream.spawn(len(fresh)), strict=True):
            if isinstance(act, Replace):
                drawn[:, k] = as_column(act.sampler(total, own), total, "a sampler")
    return noise, fresh


def _advance(model: Plan, values: Floats, step: int, fresh: Sequence[Floats]) -> None:
    """Compute the last of the time points in ``values``, in place: it holds its noise."""
    last = len(values) - 1
    for node in model.nodes:
        now = node.function.predict(values[last - node.lags, node.parents].T)
        now += values[last, node.at]
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
        return np.full(len(now), value[_offset(action, step)] if np.ndim(value) else value)
    raise OptionError(f"do {action!r}: expected a number, Set, Shift, Replace or Policy.")


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


# -- plain values -------------------------------------------------------------------------


def encode_action(name: str, action: Intervention) -> dict[str, Any]:
    """Give an action in time as plain values.

    Raises
    ------
    FormatError
        If it holds a Python function.
    """
    if isinstance(action, Set):
        content: dict[str, Any] = {"type": "Set", "value": action.value}
    elif isinstance(action, Shift):
        content = {"type": "Shift", "by": action.by}
    else:
        raise FormatError(
            f"{name!r} follows a Python function ({type(action).__name__}), which a file cannot "
            "hold. Save the model before that intervention and apply it after loading."
        )
    return {"variable": name, **content, "window": action.window}


def decode_action(payload: Mapping[str, Any]) -> tuple[str, Intervention]:
    """Rebuild an action from :func:`encode_action`."""
    window = payload["window"] and (payload["window"][0], payload["window"][1])
    if payload["type"] == "Shift":
        return payload["variable"], Shift(payload["by"], window=window)
    value = payload["value"]
    plain = tuple(value) if isinstance(value, list | tuple) else value
    return payload["variable"], Set(plain, window=window)
