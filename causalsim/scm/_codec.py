"""Parts of models as plain values and arrays, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import Any

import numpy as np

from causalsim.errors import FormatError
from causalsim.graph.intervention import Intervention, Set, Shift
from causalsim.scm.copula import Copula, GaussianCopula, RowCopula
from causalsim.scm.functions import FittedMechanism, RuleFunction
from causalsim.scm.laws import FittedNoise, SamplerNoise

__all__ = [
    "decode_action",
    "decode_copula",
    "decode_parts",
    "encode_action",
    "encode_copula",
    "encode_parts",
]

_SAVED = {
    "LinearFunction": "functions",
    "AdditiveFunction": "functions",
    "FeatureFunction": "functions",
    "NetworkFunction": "network",
    "ScaledFunction": "scaled",
    "BoundedFunction": "bounded",
    "AtomFunction": "atoms",
    "ForestFunction": "forests",
    "LeafFunction": "forests",
    "QuantileFunction": "forests",
    "Forest": "_trees",
    "ChainFunction": "nonstationary",
    "MarkovFunction": "nonstationary",
    "SwitchFunction": "nonstationary",
    "DriftFunction": "nonstationary",
    "GaussianNoise": "laws",
    "LaplaceNoise": "laws",
    "StudentTNoise": "laws",
    "UniformNoise": "laws",
    "EmpiricalNoise": "laws",
    "ZeroNoise": "laws",
    "KernelNoise": "learnt_laws",
    "SplineNoise": "learnt_laws",
}


def _encode(name: str, part: Any) -> Any:
    """Give a part by its type and fields, and what is not finite as text; arrays stay."""
    if isinstance(part, tuple):
        return tuple(_encode(name, item) for item in part)
    if isinstance(part, float) and not np.isfinite(part):
        return str(part)
    if not is_dataclass(part):
        return part
    if isinstance(part, RuleFunction | SamplerNoise):
        raise FormatError(
            f"{name!r} follows a Python function ({type(part).__name__}), which a file cannot "
            "hold. Save the model before that intervention and apply it after loading."
        )
    kind = type(part).__name__
    if kind not in _SAVED:
        raise FormatError(f"{name!r} has a {kind}; expected one of {list(_SAVED)}.")
    return {"type": kind, **{f.name: _encode(name, getattr(part, f.name)) for f in fields(part)}}


def _decode(payload: Any) -> Any:
    """Undo :func:`_encode`; numbers from text are read by the parts themselves."""
    if isinstance(payload, list | tuple):
        return tuple(_decode(item) for item in payload)
    if not isinstance(payload, Mapping):
        return payload
    options = {key: _decode(value) for key, value in payload.items()}
    kind = options.pop("type", None)
    if kind not in _SAVED:
        raise FormatError(f"type={kind!r} of a node is unknown; expected one of {list(_SAVED)}.")
    return getattr(import_module(f"causalsim.scm.{_SAVED[kind]}"), kind)(**options)


def encode_parts(
    mechanisms: Mapping[str, FittedMechanism], noises: Mapping[str, FittedNoise]
) -> dict[str, Any]:
    """Give mechanisms and noises as plain values."""
    return {
        "mechanisms": {name: _encode(name, part) for name, part in mechanisms.items()},
        "noises": {name: _encode(name, part) for name, part in noises.items()},
    }


def decode_parts(payload: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Rebuild mechanisms and noises from :func:`encode_parts`."""
    return (
        {name: _decode(part) for name, part in payload["mechanisms"].items()},
        {name: _decode(part) for name, part in payload["noises"].items()},
    )


def encode_copula(copula: Copula) -> dict[str, Any]:
    """Give a copula as plain values."""
    return {
        "type": type(copula).__name__,
        **{f.name: getattr(copula, f.name) for f in fields(copula)},
    }


def decode_copula(payload: Mapping[str, Any]) -> Copula:
    """Rebuild a copula from :func:`encode_copula`."""
    kinds: dict[Any, Any] = {kind.__name__: kind for kind in (RowCopula, GaussianCopula)}
    options = dict(payload)
    kind = options.pop("type", None)
    if kind not in kinds:
        raise FormatError(f"type={kind!r} of a copula is unknown; expected one of {list(kinds)}.")
    return kinds[kind](**options)  # type: ignore[no-any-return]


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
