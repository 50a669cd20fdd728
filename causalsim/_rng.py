"""Random streams: one argument ``rng`` everywhere, children by spawning, no global state."""

from __future__ import annotations

import numpy as np

from causalsim.errors import OptionError

__all__ = ["RNG", "check_rng", "spawn"]

RNG = int | np.random.Generator | np.random.SeedSequence | None


def check_rng(rng: RNG) -> np.random.Generator:
    """Turn ``rng`` (int, Generator, SeedSequence or None) into a Generator.

    >>> int(check_rng(0).integers(100)) == int(check_rng(0).integers(100))
    True
    """
    if isinstance(rng, bool) or not isinstance(
        rng, int | np.integer | np.random.Generator | np.random.SeedSequence | None
    ):
        raise OptionError(f"rng={rng!r}: expected an int, a numpy Generator or None; write rng=0.")
    if isinstance(rng, int | np.integer) and rng < 0:
        raise OptionError(f"rng={rng!r}: a seed cannot be negative; write rng={-rng}.")
    return np.random.default_rng(rng)


def spawn(rng: RNG, n: int) -> list[np.random.Generator]:
    """Give ``n`` independent child streams; task k always gets the same one.

    >>> a, b = spawn(0, 2)
    >>> bool(a.random() == b.random())
    False
    """
    return check_rng(rng).spawn(n)
