"""Training with torch: seeded, on one thread, and without a trace in its global state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from causalsim import _lazy

__all__ = ["single_precision", "training"]


@contextmanager
def training(purpose: str, rng: np.random.Generator) -> Iterator[Any]:
    """Give torch, seeded by ``rng``; its seed and threads are as before afterwards.

    On one thread sums are added up in the same order wherever they are computed.

    Raises
    ------
    MissingExtraError
        Without torch: what ``purpose`` needs, and the command that installs it.
    """
    torch: Any = _lazy.optional("torch", "torch", purpose)
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]), torch.device("cpu"), torch.enable_grad():
        torch.default_generator.manual_seed(int(rng.integers(2**31)))
        torch.set_num_threads(1)
        try:
            yield torch
        finally:
            torch.set_num_threads(threads)


def single_precision(torch: Any, values: Any) -> Any:
    """Give a copy of an array as a tensor of float32."""
    return torch.from_numpy(np.array(values, np.float32))
