"""Phase 4 of CD-NOD: what drives a changing module, up to sign and scale.

The embeddings of a module at all contexts (:mod:`._embedding`) lie near a line or a surface if
one force or a few drive it. Kernel principal components find it [Huang2017]_: with v_k the
eigenvectors of the centred Gram matrix H G H, the k-th component is G v_k, as published, of the
uncentred matrix. ``kernel="gaussian"`` takes G from the distances of the embeddings,
``kernel="linear"`` takes G = M.

References
----------
.. [Huang2017] Huang, Zhang, Zhang, Sanchez-Romero, Glymour & Schoelkopf, Behind distribution
   shift: mining driving forces of changes and causal arrows, ICDM 2017.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, final

import numpy as np
from numpy.typing import NDArray

from causalsim.discovery._embedding import distance_gram, embedding
from causalsim.discovery._modules import Module, Positions
from causalsim.discovery._time_width import time_width
from causalsim.errors import OptionError, listing
from causalsim.kernels import centred

__all__ = ["DrivingForce", "driving_force"]

Floats = NDArray[np.float64]
Kernel = Literal["gaussian", "linear"]

WIDTH = 0.5
RIDGE = 1.0


@final
@dataclass(frozen=True, eq=False, repr=False)
class DrivingForce:
    """What drives a module, at each context.

    Parameters
    ----------
    array : array of shape (c, k)
        Components with mean 0 and variance 1, the largest first; each has the sign that makes
        its third moment positive.
    contexts : array of shape (c,)
        Times (of more than 1500 rows, 500 evenly spaced), or codes of domains.
    kind : {"time", "domain"}
    shares : array of shape (k,)
        Of the eigenvalues: near 1 for the first if one force drives the module.
    width : float
        Of the kernel over times; infinite for domains.
    kernel : {"gaussian", "linear"}
    labels : tuple of str
        The name of each domain, or the date of each time; empty where there is none.
    """

    array: Floats
    contexts: Floats
    kind: Literal["time", "domain"]
    shares: Floats
    width: float
    kernel: Kernel
    labels: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Say what it holds."""
        c, k = self.array.shape
        parts = ", ".join(f"{share:.2f}" for share in self.shares)
        return f"DrivingForce({k} components at {c} {self.kind}s, shares {parts})"

    def summary(self) -> str:
        """Give the result as text."""
        where = f"{len(self.contexts)} {self.kind}s"
        if self.labels:
            times = f"{self.labels[0]} to {self.labels[-1]}"
            where += f" ({times if self.kind == 'time' else listing(self.labels)})"
        near = f", kernel width {self.width:.4g} in units of time" if self.kind == "time" else ""
        lines = [f"driving force ({self.kernel} kernel) at {where}{near}"]
        lines += [
            f"  component {k}: {share:.1%} of the change"
            for k, share in enumerate(self.shares.tolist(), start=1)
        ]
        return "\n".join([*lines, "  Sign and scale are not identified."])

    def to_dict(self) -> dict[str, Any]:
        """Give plain values."""
        return {
            "array": self.array.tolist(),
            "contexts": self.contexts.tolist(),
            "kind": self.kind,
            "shares": self.shares.tolist(),
            "width": None if np.isinf(self.width) else self.width,
            "kernel": self.kernel,
            "labels": list(self.labels),
        }

    @classmethod
    def from_dict(cls, payload: Mapping[str, Any]) -> Self:
        """Rebuild what :meth:`to_dict` gave."""
        return cls(
            np.array(payload["array"], np.float64),
            np.array(payload["contexts"], np.float64),
            payload["kind"],
            np.array(payload["shares"], np.float64),
            np.inf if payload["width"] is None else float(payload["width"]),
            payload["kernel"],
            tuple(payload.get("labels", ())),
        )


def driving_force(
    parents: Floats,
    y: Floats,
    context: Positions,
    *,
    width: float = WIDTH,
    time_width: float | Literal["auto"] = "auto",
    ridge: float = RIDGE,
    kernel: Kernel = "gaussian",
    components: int = 3,
) -> DrivingForce:
    """Recover what drives a changing module.

    Parameters
    ----------
    parents : array of shape (n, d)
        d = 0 for a module without parents.
    y : array of shape (n,)
    context : Positions
    width : float
        Of the kernels on y and its parents, in standard deviations.
    time_width : float or "auto"
        Of the kernel over times, in their unit; by :func:`._time_width.time_width`.
    ridge : float
    kernel : {"gaussian", "linear"}
    components : int
        At most; there are no more than contexts.

    Returns
    -------
    DrivingForce

    Raises
    ------
    DataError
        If shapes differ, values are missing, or y does not vary.
    OptionError
        If an option is out of range.

    Examples
    --------
    >>> rng, t = np.random.default_rng(0), np.arange(300.0)
    >>> x, e = rng.normal(size=(2, 300))
    >>> driver = np.sin(2 * np.pi * t / 150)
    >>> y = (1 + 0.9 * driver) * x + 0.3 * e
    >>> found = driving_force(x[:, None], y, Positions.times(t))
    >>> bool(abs(np.corrcoef(found.array[:, 0], driver)[0, 1]) > 0.95)
    True
    """
    if kernel not in {"gaussian", "linear"}:
        raise OptionError.from_choice("kernel", kernel, ["gaussian", "linear"])
    if type(components) is not int or components < 1:
        raise OptionError(f"components={components!r}: expected a whole number from 1 on.")
    module = Module(parents, y, context)
    near = _near(module, time_width)
    embedded = embedding(
        module, width=width, time_width=near if np.isfinite(near) else 1.0, ridge=ridge
    )
    gram = distance_gram(embedded) if kernel == "gaussian" else embedded
    found, shares = _components(gram, min(components, len(gram)))
    return DrivingForce(found, context.points, context.kind, shares, near, kernel)


def _near(module: Module, width: float | Literal["auto"]) -> float:
    """Give the width over time, infinite for domains."""
    if module.context.kind == "domain":
        return np.inf
    if isinstance(width, str):
        if width != "auto":
            raise OptionError(f"time_width={width!r}: expected 'auto' or a number above 0.")
        return time_width(module.parents, module.y, module.context.values)
    return float(width)


def _components(gram: Floats, count: int) -> tuple[Floats, Floats]:
    """Give standardised G v_k of the largest eigenvalues of H G H, and their shares."""
    from scipy.linalg import eigh

    around, c = centred(gram), len(gram)
    values, vectors = eigh(around, subset_by_index=[c - count, c - 1])
    forces = gram @ vectors[:, ::-1]
    forces -= forces.mean(axis=0)
    scale = forces.std(axis=0)
    forces /= np.where(scale > 0, scale, 1.0)
    sign = np.where((forces**3).sum(axis=0) < 0, -1.0, 1.0)
    total = float(np.trace(around))
    shares = values[::-1] / total if total > 0 else np.zeros(count)
    return np.asarray(forces * sign), np.clip(shares, 0.0, 1.0)
