"""A recurrent network that reads windows step by step (torch)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np

from causalsim import _lazy
from causalsim.errors import OptionError
from causalsim.scm._torch import single_precision, training
from causalsim.simulate._classifiers import Discriminator, Floats, Labels, standardised

__all__ = ["LSTM"]

_NEED = "the discriminator LSTM"
_JUDGED = 1024


@final
@dataclass(frozen=True)
class LSTM(Discriminator):
    """Long short-term memory network read over the steps of a window; needs torch.

    The same stream gives the same scores, on any number of threads.

    Parameters
    ----------
    hidden, layers, epochs, batch : int
    dropout : float
        Share of what one layer tells the next that is left out in training.
    rate : float
        Learning rate of Adam.

    Raises
    ------
    OptionError
        If a number is out of range.

    Examples
    --------
    >>> LSTM(epochs=5).epochs
    5
    """

    hidden: int = 128
    layers: int = 2
    epochs: int = 10
    batch: int = 32
    dropout: float = 0.1
    rate: float = 1e-3
    name: ClassVar[str] = "lstm"

    def __post_init__(self) -> None:
        counts = (self.hidden, self.layers, self.epochs, self.batch)
        if min(counts) < 1 or not 0 <= self.dropout < 1 or not self.rate > 0:
            raise OptionError(f"{self!r}: expected positive numbers, and dropout in [0, 1).")

    def check(self) -> None:
        """Refuse if torch is missing, with the command that installs it."""
        _lazy.optional("torch", "torch", _NEED)

    def scores(
        self, train_x: Floats, train_y: Labels, test_x: Floats, rng: np.random.Generator
    ) -> Floats:
        """Learn from training windows and score others; see :meth:`Discriminator.scores`.

        Raises
        ------
        MissingExtraError
            Without torch, with the command that installs it.
        """
        flat = standardised(*(part.reshape(len(part), -1) for part in (train_x, test_x)))
        cut = [part.reshape(-1, *train_x.shape[1:]) for part in flat]
        with training(_NEED, rng) as torch:
            train, test = (single_precision(torch, part) for part in cut)
            logits = self._trained(torch, train, single_precision(torch, train_y))
            with torch.no_grad():
                parts = [logits(part).double().numpy() for part in test.split(_JUDGED)]
        return np.concatenate(parts)

    def _trained(self, torch: Any, x: Any, y: Any) -> Any:
        """Train by Adam on the cross-entropy; give the function from windows to logits."""
        shape = (x.shape[2], self.hidden, self.layers)
        dropout = self.dropout if self.layers > 1 else 0.0
        body = torch.nn.LSTM(*shape, batch_first=True, dropout=dropout, dtype=x.dtype)
        head = torch.nn.Linear(self.hidden, 1, dtype=x.dtype)

        def logits(cut: Any) -> Any:
            return head(body(cut)[0][:, -1])[:, 0]

        optimiser = torch.optim.Adam([*body.parameters(), *head.parameters()], lr=self.rate)
        loss = torch.nn.BCEWithLogitsLoss()
        for _ in range(self.epochs):
            for rows in torch.randperm(len(x)).split(self.batch):
                optimiser.zero_grad()
                loss(logits(x[rows]), y[rows]).backward()
                optimiser.step()
        body.eval()
        return logits
