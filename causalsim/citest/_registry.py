"""Tests by name. Registering one is one line; the conformance suite runs over all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar

from causalsim.citest._auto import Auto
from causalsim.citest._base import BoundTest, CITest
from causalsim.citest.contingency import ChiSquared, GSquared
from causalsim.citest.gaussian import FisherZ, ParCorr
from causalsim.citest.kernel import QPC, KCILowRank, KCISplit, KCIZhang, KernelCI, QPCPlus
from causalsim.citest.mixed import Mixed
from causalsim.citest.oracle import Oracle
from causalsim.citest.random_features import RCIT, RCoT
from causalsim.citest.residual import GCM
from causalsim.errors import NameNotFoundError, OptionError, nearest

__all__ = ["bind", "get", "names", "register"]

Spec = TypeVar("Spec", bound=type[CITest])
_SPECS: dict[str, type[CITest]] = {}


def register(spec: Spec) -> Spec:
    """Make a test known by its ``name``; usable as a class decorator.

    Parameters
    ----------
    spec : subclass of CITest

    Returns
    -------
    subclass of CITest
        The same.

    Raises
    ------
    OptionError
        If the name belongs to another test.

    Examples
    --------
    >>> register(FisherZ) is FisherZ
    True
    """
    known = _SPECS.setdefault(spec.name, spec)
    if (known.__module__, known.__qualname__) != (spec.__module__, spec.__qualname__):
        raise OptionError(
            f"the name {spec.name!r} belongs to {known.__qualname__}; give "
            f"{spec.__qualname__} another one."
        )
    _SPECS[spec.name] = spec
    return spec


def names() -> tuple[str, ...]:
    """Give the names of all registered tests, sorted.

    Examples
    --------
    >>> "fisher_z" in names()
    True
    """
    return tuple(sorted(_SPECS))


def get(name: str, **options: Any) -> CITest:
    """Give the spec of a test by name.

    Parameters
    ----------
    name : str
        One of :func:`names`.
    **options
        The spec's settings.

    Raises
    ------
    NameNotFoundError
        With the nearest name, if there is no such test.
    OptionError
        If the test has no such setting, or lacks one that it needs.

    Examples
    --------
    >>> get("chi_squared", dof="full")
    ChiSquared(dof='full')
    """
    if name not in _SPECS:
        raise NameNotFoundError.from_names("test", name, names())
    return _make(_SPECS[name], options)


def _make(spec: type[CITest], options: Mapping[str, Any]) -> CITest:
    """Call the class of a spec after checking the names of its settings."""
    settings = {setting.name: setting for setting in fields(spec)}
    for option in options:
        if option not in settings:
            known = f"its settings: {', '.join(settings)}" if settings else "it has none"
            hint = nearest(option, settings)
            raise OptionError(f"test {spec.name!r} has no setting {option!r}; {known}.{hint}")
    lacking = [n for n, s in settings.items() if s.default is MISSING and n not in options]
    if lacking:
        raise OptionError(
            f"test {spec.name!r} needs {lacking[0]}=; write "
            f"{spec.__name__}({lacking[0]}=...) or get({spec.name!r}, {lacking[0]}=...)."
        )
    return spec(**options)


def bind(test: str | CITest | type[CITest] | BoundTest, data: object) -> BoundTest:
    """Turn a test in any form into a bound test.

    Parameters
    ----------
    test : str, CITest, subclass of CITest, or BoundTest
        A bound test is given back; ``data`` is then not looked at.
    data : Table, DataFrame, array or path

    Returns
    -------
    BoundTest

    Raises
    ------
    NameNotFoundError
        If there is no test of that name.
    OptionError
        If ``test`` is something else, or a class that needs settings.
    DataError
        If the test does not take the data.

    Examples
    --------
    >>> import numpy as np
    >>> data = np.random.default_rng(0).normal(size=(50, 2))
    >>> bind("fisher_z", data).spec == bind(FisherZ, data).spec == FisherZ()
    True
    """
    if isinstance(test, BoundTest):
        return test
    if isinstance(test, str):
        return get(test)(data)
    if isinstance(test, type) and issubclass(test, CITest):
        return _make(test, {})(data)
    if isinstance(test, CITest):
        return test(data)
    raise OptionError(
        f"test={test!r}: expected a name such as 'fisher_z', a spec such as FisherZ(), or a "
        "bound test."
    )


for _spec in (
    *(FisherZ, ParCorr, GSquared, ChiSquared, Mixed, GCM, RCIT, RCoT),
    *(KernelCI, KCIZhang, KCILowRank, KCISplit, QPC, QPCPlus),
    *(Oracle, Auto),
):
    register(_spec)
