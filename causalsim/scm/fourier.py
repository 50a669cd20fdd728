"""Random Fourier features: a smooth function of all parents together, by one ridge regression.

References
----------
.. [RahimiRecht2007] Rahimi & Recht, Random features for large-scale kernel machines, NeurIPS
   2007.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from causalsim.errors import OptionError
from causalsim.kernels._widths import Width, check_width, width_of
from causalsim.scm._ridge import ridge, standardised
from causalsim.scm.functions import FittedMechanism, Floats, LinearFunction
from causalsim.scm.mechanisms import Mechanism, refuse_few_rows
from causalsim.scm.network import NetworkFunction

__all__ = ["Fourier"]


@final
@dataclass(frozen=True)
class Fourier(Mechanism):
    """Ridge regression on random sines: kernel ridge regression with a Gaussian kernel, cheaply.

    Frequencies are drawn from the kernel's spectrum and phases evenly [RahimiRecht2007]_; the
    penalty is chosen by generalised cross-validation. Far from the data the function stays
    bounded.

    Parameters
    ----------
    features : int
        How many sines.
    width : float or "median"
        Width of the kernel on standardised parents; by default their median distance.

    Raises
    ------
    OptionError
        If there is no feature, or the width is unknown.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.uniform(-2, 2, (500, 2))
    >>> function = Fourier().fit(x, x[:, 0] * x[:, 1], rng)
    >>> function.predict(np.array([[1.0, -1.0]]))
    array([-1.0])
    """

    features: int = 200
    width: Width = "median"

    def __post_init__(self) -> None:
        check_width(self.width)
        if self.features < 1:
            raise OptionError(f"features={self.features}: expected at least 1.")

    def fit(self, parents: Floats, child: Floats, rng: np.random.Generator) -> FittedMechanism:
        """Draw the features and learn their weights."""
        refuse_few_rows(parents)
        columns, centre, scale = standardised(parents)
        width = width_of(self.width, columns) if columns.shape[1] else np.inf
        if np.isinf(width):
            return LinearFunction((0.0,) * columns.shape[1], intercept=float(child.mean()))
        frequencies = rng.normal(0, 1 / width, (self.features, columns.shape[1]))
        phases = rng.uniform(0, 2 * np.pi, self.features)
        basis = np.sin(columns @ frequencies.T + phases)
        middle = basis.mean(axis=0)
        out, freedom = ridge(basis - middle, child - child.mean())
        hidden = frequencies / scale
        return NetworkFunction(
            tuple(map(tuple, hidden)),
            tuple(phases - hidden @ centre),
            tuple(out),
            "sin",
            intercept=float(child.mean() - middle @ out),
            freedom=freedom,
        )
