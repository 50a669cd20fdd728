"""Our tests by name inside causal-learn's own algorithms."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalsim.citest import cached, get, names
from causalsim.data import read_table
from causalsim.data._quality import Missing
from causalsim.data.kinds import KindsLike
from causalsim.errors import NameNotFoundError

__all__ = ["register_with_causal_learn"]


def register_with_causal_learn(*tests: str, prefix: str = "causalsim_") -> tuple[str, ...]:
    """Make our tests known to causal-learn, so that its algorithms take them by name.

    A name that causal-learn knows already is given the new test. Its algorithms pass on what
    they do not know themselves: the settings of the test, and ``kinds`` and ``missing`` of
    :func:`causalsim.data.read_table`, with columns called ``X1``, ``X2``, ... as there.

    Parameters
    ----------
    *tests : str
        Names in :func:`causalsim.citest.names`; all but the oracle if none is given.
    prefix : str
        Put before each name.

    Returns
    -------
    tuple of str
        The names for causal-learn.

    Raises
    ------
    NameNotFoundError
        With the nearest name, if there is no such test.

    Notes
    -----
    Answers are remembered for one search, by column numbers. causal-learn's ``cache_path`` is no
    setting of ours: its files are keyed by a digest of the printed array, which leaves out most
    of a long one, so that one data set is given the answers of another.

    Examples
    --------
    >>> register_with_causal_learn("fisher_z")
    ('causalsim_fisher_z',)
    >>> import numpy as np
    >>> from causallearn.search.ConstraintBased.PC import pc
    >>> x, y, e = np.random.default_rng(0).normal(size=(3, 500))
    >>> data = np.column_stack([x, y, x + y + e])
    >>> pc(data, 0.05, "causalsim_fisher_z", show_progress=False).G.graph
    array([[ 0,  0, -1],
           [ 0,  0, -1],
           [ 1,  1,  0]])
    """
    from causallearn.utils.cit import register_ci_test

    known = names()
    for test in tests:
        if test not in known:
            raise NameNotFoundError.from_names("test", test, known)
    chosen = tests or tuple(name for name in known if name != "oracle")
    for test in chosen:
        register_ci_test(prefix + test, _adapter(test, prefix + test))
    return tuple(prefix + test for test in chosen)


def _adapter(test: str, method: str) -> type:
    """Make the class that causal-learn builds with data and calls with column numbers."""
    from causallearn.utils.cit import CIT_Base

    class Adapter(CIT_Base):  # type: ignore[misc]  # causal-learn has no types
        """One of our tests in causal-learn's form."""

        def __init__(
            self,
            data: NDArray[Any],
            kinds: KindsLike = None,
            missing: Missing = "error",
            **settings: Any,
        ) -> None:
            super().__init__(data)
            self.method = method
            spec, labels = get(test, **settings), [f"X{i + 1}" for i in range(data.shape[1])]
            table = read_table(data, names=labels, kinds=kinds, missing=missing, degenerate="keep")
            self.bound = cached(spec(table))

        def __call__(self, x: int, y: int, condition_set: Iterable[int] | None = None) -> float:
            """Give the p-value."""
            xs, ys, given, _ = self.get_formatted_XYZ_and_cachekey(x, y, condition_set)
            return float(np.exp(self.bound.batch(xs, ys, [given])[1][0]))

    return Adapter
