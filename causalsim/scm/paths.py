"""Simulated series: what :meth:`causalsim.TemporalSCM.sample` returns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np
from numpy.typing import NDArray

from causalsim.errors import DataError, OptionError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Paths"]


@final
@dataclass(frozen=True, eq=False)
class Paths:
    """Several series of the same variables and length.

    Parameters
    ----------
    array : array of shape (paths, steps, variables)
        Made read-only.
    names : tuple of str
        The variables.

    Examples
    --------
    >>> paths = Paths(np.zeros((2, 5, 1)), ("X",))
    >>> len(paths), paths.frame(1).shape, [frame.shape for frame in paths]
    (2, (5, 1), [(5, 1), (5, 1)])
    """

    array: NDArray[np.float64]
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        array = np.asarray(self.array, np.float64)
        if array.ndim != 3 or array.shape[2] != len(self.names):
            raise DataError(
                f"array has shape {array.shape}; expected (paths, steps, {len(self.names)})."
            )
        view = array.view()
        view.flags.writeable = False
        object.__setattr__(self, "array", view)
        object.__setattr__(self, "names", tuple(self.names))

    def __repr__(self) -> str:
        paths, steps, _ = self.array.shape
        return f"Paths({paths} x {steps} steps of {', '.join(self.names)})"

    def __len__(self) -> int:
        return len(self.array)

    def __iter__(self) -> Iterator[pd.DataFrame]:
        return (self.frame(i) for i in range(len(self)))

    def frame(self, i: int = 0) -> pd.DataFrame:
        """Give path i as a DataFrame of shape (steps, variables).

        Raises
        ------
        OptionError
            If there is no such path.
        """
        import pandas as pd

        if not -len(self) <= i < len(self):
            raise OptionError(
                f"path {i} of {len(self)}: the first is 0, the last {len(self) - 1}."
            )
        return pd.DataFrame(self.array[i].copy(), columns=list(self.names))
