"""Numbers of adjustment: the back-door and the front-door formula, and regression slopes."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_letters

import numpy as np
from numpy.typing import NDArray

from causalsim.diagrams.distribution import Distribution
from causalsim.diagrams.semantics.gaussian import Gaussian
from causalsim.errors import PositivityError
from causalsim.graph.kinds import DAG

__all__ = ["Table", "back_door", "by_parents", "contract", "front_door", "joint_slopes", "slopes"]

Floats = NDArray[np.float64]
Table = tuple[tuple[str, ...], Floats]


def _ratio(
    numerator: Floats, denominator: Floats, needed: Floats, law: Distribution, names: Sequence[str]
) -> Floats:
    """Divide tables with one axis for each of ``names``; refuse 0/0 where ``needed`` is not 0."""
    lacking = (denominator == 0) & (needed > 0)
    if lacking.any():
        index = np.argwhere(lacking)[0]
        cell = ", ".join(
            f"{name}={law.states[name][k]}"
            for name, k, size in zip(names, index, lacking.shape, strict=True)
            if size > 1
        )
        raise PositivityError(f"P({cell}) is 0, and the effect needs what follows from it.")
    shape = np.broadcast_shapes(numerator.shape, denominator.shape)
    return np.divide(numerator, denominator, out=np.zeros(shape), where=denominator > 0)


def _table(
    law: Distribution, *groups: Sequence[str]
) -> tuple[Floats, tuple[str, ...], list[tuple[int, ...]]]:
    """Give the joint table of groups of variables, its names, and the axes of each group."""
    names = tuple(name for group in groups for name in group)
    axes = [tuple(names.index(name) for name in group) for group in groups]
    return law.marginal(names).array(*names), names, axes


def back_door(
    law: Distribution, x: Sequence[str], y: Sequence[str], z: Sequence[str]
) -> Distribution:
    """Give the sum over z of P(y | x, z) P(z)."""
    table, names, (at_x, at_y, at_z) = _table(law, x, y, z)
    both = table.sum(axis=at_y, keepdims=True)
    alone = both.sum(axis=at_x, keepdims=True)
    weight = _ratio(alone, both, np.broadcast_to(alone, both.shape), law, names)
    states = {name: law.states[name] for name in (*x, *y)}
    return Distribution((table * weight).sum(axis=at_z), (*x, *y), states, x)


def front_door(
    law: Distribution, x: Sequence[str], y: Sequence[str], z: Sequence[str]
) -> Distribution:
    """Give the sum over z of P(z | x) times the sum over x' of P(y | x', z) P(x')."""
    table, names, (at_x, at_y, at_z) = _table(law, x, y, z)
    both = table.sum(axis=at_y, keepdims=True)
    cause = both.sum(axis=at_z, keepdims=True)
    reached = (both.sum(axis=at_x, keepdims=True) > 0) * cause
    inner = (table * _ratio(cause, both, reached, law, names)).sum(axis=at_x, keepdims=True)
    outer = _ratio(both, cause, np.ones_like(cause), law, names)
    states = {name: law.states[name] for name in (*x, *y)}
    return Distribution((outer * inner).sum(axis=at_z), (*x, *y), states, x)


def contract(tables: Sequence[Table], keep: Sequence[str]) -> Floats:
    """Multiply tables with named axes and sum out all but ``keep``, axes in that order."""
    names = dict.fromkeys([*keep, *(name for own, _ in tables for name in own)])
    letter = dict(zip(names, ascii_letters, strict=False))
    inputs = ["".join(letter[name] for name in own) for own, _ in tables]
    there = [name for name in keep if any(name in own for own, _ in tables)]
    rule = f"{','.join(inputs)}->{''.join(letter[name] for name in there)}"
    values = (
        np.einsum(rule, *(table for _, table in tables), optimize=True) if tables else np.ones(())
    )
    shape = iter(values.shape)
    return values.reshape([next(shape) if name in there else 1 for name in keep])


def by_parents(
    law: Distribution, x: Sequence[str], y: Sequence[str], parents: Sequence[Sequence[str]]
) -> Distribution:
    """Divide the law by P(cause | its parents) for each cause, and sum out all but x and y."""
    rest = dict.fromkeys(name for group in parents for name in group if name not in {*x, *y})
    table, names, (_, _, at_rest) = _table(law, x, y, tuple(rest))
    for cause, above in zip(x, parents, strict=True):
        spare = tuple(k for k, name in enumerate(names) if name not in {cause, *above})
        family = law.marginal((cause, *above)).array(*(n for n in names if n in {cause, *above}))
        family = np.expand_dims(family, spare)
        alone = family.sum(axis=names.index(cause), keepdims=True)
        weight = _ratio(alone, family, np.broadcast_to(alone, family.shape), law, names)
        table = table * weight
    states = {name: law.states[name] for name in (*x, *y)}
    return Distribution(table.sum(axis=at_rest), (*x, *y), states, x)


def joint_slopes(law: Gaussian, dag: DAG, x: Sequence[str], y: str) -> Floats:
    """Give the effect on y of each of x when all of them are held, shape (len(x),)."""
    weights = np.zeros((len(dag), len(dag)))
    for name in dag.nodes:
        parents = dag.parents(name)
        if parents and name not in x:
            weights[dag.indices(parents), dag.index(name)] = slopes(law, parents, name, ())
    column = np.eye(len(dag))[dag.index(y)]
    total: Floats = np.linalg.solve(np.eye(len(dag)) - weights, column)
    return total[dag.indices(x)]


def slopes(law: Gaussian, x: Sequence[str], y: str, z: Sequence[str]) -> Floats:
    """Give the coefficients of x in the regression of y on x and z, shape (len(x),)."""
    cov = law.marginal((*x, *z, y)).cov
    return np.asarray(np.linalg.solve(cov[:-1, :-1], cov[:-1, -1])[: len(x)], np.float64)
