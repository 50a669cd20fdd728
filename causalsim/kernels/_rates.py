"""How often the gamma test of HSIC rejects, with a kernel of one scale or the best of several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from causalsim.kernels._alignment import compare
from causalsim.kernels._base import Floats, Kernel

__all__ = ["Ints", "Rates", "Trial"]

Ints = NDArray[np.intp]
Draws = tuple[Ints, Ints]
ALPHA = 0.05
CELLS = 2**18


@final
@dataclass(frozen=True)
class Rates:
    """How often the gamma test of HSIC rejects at .05 with one scale.

    Parameters
    ----------
    scale : float
    level : float
        Over permutations of y, which make it independent of x.
    power : float
        Over subsamples of half the rows: the power at *that* size.

    Examples
    --------
    >>> Rates(scale=1.0, level=0.05, power=0.8).power
    0.8
    """

    scale: float
    level: float
    power: float


@final
@dataclass(frozen=True, eq=False)
class Trial:
    """Draws of testing rows.

    Parameters
    ----------
    make_kernel : callable
        Gives the kernel of a scale.
    x : array of shape (n, d)
        The testing rows.
    gram_y : array of shape (n, n)
    null, halves : pairs of int arrays of shape (draws, rows)
        Row numbers of x and of y: y permuted, and half the rows of both.
    """

    make_kernel: Callable[[float], Kernel]
    x: Floats
    gram_y: Floats
    null: Draws
    halves: Draws

    @classmethod
    def drawn(
        cls,
        make_kernel: Callable[[float], Kernel],
        x: Floats,
        gram_y: Floats,
        repeats: int,
        streams: Sequence[np.random.Generator],
    ) -> Trial:
        """Draw permutations from the first stream, and halves from the second."""
        level, power = streams
        rows = np.tile(np.arange(len(x)), (repeats, 1))
        half = power.permuted(rows, axis=1)[:, : len(x) // 2]
        return cls(make_kernel, x, gram_y, (rows, level.permuted(rows, axis=1)), (half, half))

    def rates(self, scale: float, scales: Sequence[float]) -> Rates:
        """Give the rates of choosing among ``scales`` anew in each draw."""
        grams = [self.make_kernel(tried)(self.x) for tried in scales]
        level, power = (self._rejections(grams, *draws) for draws in (self.null, self.halves))
        return Rates(scale, level, power)

    def _rejections(self, grams: Sequence[Floats], i: Ints, j: Ints) -> float:
        """Give the share of draws that are rejected, a block of draws at a time."""
        block = max(1, CELLS // i.shape[1] ** 2)
        starts = range(0, len(i), block)
        hits = [self._hits(grams, i[at : at + block], j[at : at + block]) for at in starts]
        return sum(hits) / len(i)

    def _hits(self, grams: Sequence[Floats], i: Ints, j: Ints) -> int:
        """Test each draw at its best scale; one on which a Gram is constant is not rejected."""
        other = self.gram_y[j[:, :, None], j[:, None, :]]
        pairs = [compare(gram[i[:, :, None], i[:, None, :]], other) for gram in grams]
        ratios = np.nan_to_num([pair.snr for pair in pairs], nan=-np.inf)
        p_values = np.stack([pair.p_value for pair in pairs])
        best = ratios.argmax(axis=0)
        return int((p_values[best, np.arange(len(best))] < ALPHA).sum())
