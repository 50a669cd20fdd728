"""The bound kernel test: what a search asks again is remembered, within a budget."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causalsim.citest._base import BoundTest, CIResult, Floats, questions
from causalsim.citest._streams import Columns
from causalsim.citest.kernel._factors import (
    Factor,
    basis,
    centred,
    gaussian_factor,
    kernel_factor,
)
from causalsim.citest.kernel._laws import LAWS, MARGINAL, Pair, asymptotic
from causalsim.citest.kernel._ridge import Space, gaussian_spaces, tune
from causalsim.citest.kernel._store import Store
from causalsim.citest.kernel._sums import Rows, gram_norm
from causalsim.data import Kind
from causalsim.errors import OptionError
from causalsim.kernels import Delta, Gaussian, Kernel, Part, Product
from causalsim.kernels._widths import content_order, width_of

if TYPE_CHECKING:
    from causalsim.citest.kernel._spec import KernelCI

__all__ = ["KernelTest"]

TARGET_WIDTH = 1.2
MULTIPLIER_WIDTH = 1.2
SPARE_ROWS = 6
_DENSE = 2048
_EXACT = 1e-12
Block = tuple[int, ...]


@final
@dataclass(frozen=True, eq=False)
class KernelTest(BoundTest):
    """A kernel test of some columns.

    Parameters
    ----------
    spec : KernelCI
    names : tuple of str
    n : int
    columns : Columns
    store : Store

    Examples
    --------
    >>> from causalsim.citest import KernelCI
    >>> data = np.random.default_rng(0).normal(size=(60, 4))
    >>> KernelCI()(data).joint(["x0", "x1"], "x2", "x3").p_value > 0.05
    True
    """

    spec: KernelCI
    names: tuple[str, ...]
    n: int
    columns: Columns
    store: Store

    def batch(self, xs: ArrayLike, ys: ArrayLike, givens: ArrayLike) -> tuple[Floats, Floats]:
        """Test many pairs at once, those that share a set together."""
        x, y, s = questions(xs, ys, givens)
        sets = [self.columns.ordered(given) for given in s.tolist()]
        answers = np.empty((len(x), 2))
        for m in sorted(range(len(x)), key=lambda m: sets[m]):
            answers[m] = self._answer((int(x[m]),), (int(y[m]),), sets[m])
        return answers[:, 0], answers[:, 1]

    def joint(
        self, x: str | Iterable[str], y: str | Iterable[str], given: str | Iterable[str] = ()
    ) -> CIResult:
        """Test blocks of columns: ``x _||_ y | given`` with several columns in each place.

        Parameters
        ----------
        x, y, given : str or iterable of str

        Returns
        -------
        CIResult

        Raises
        ------
        NameNotFoundError
            If a column does not exist.
        OptionError
            If x or y is empty, or a column is named twice.
        """
        left, right, rest = (
            (part,) if isinstance(part, str) else tuple(part) for part in (x, y, given)
        )
        if not left or not right or len({*left, *right, *rest}) < len(left + right + rest):
            raise OptionError(
                f"x, y and given must be different columns, and x and y not empty: {list(left)}, "
                f"{list(right)}, {list(rest)}."
            )
        first, second, group = (
            self.columns.ordered(map(self.index, part)) for part in (left, right, rest)
        )
        statistic, log_p = self._answer(first, second, group)
        effect = self._effect(first, second, group)
        return CIResult(statistic, float(np.exp(log_p)), log_p, effect, np.nan, self.n)

    def _answer(self, x: Block, y: Block, given: Block) -> tuple[float, float]:
        self.spec.refuse(self.n, len(given))
        if self._starved(given):
            return np.nan, -np.inf
        pair = self._pair(x, y, given)
        if given:
            return LAWS[self.spec.null](pair)
        if self.spec.form == "zhang" and self.spec.null == "gamma":
            return asymptotic(pair)
        return MARGINAL[self.spec.null](pair)

    def _starved(self, given: Block) -> bool:
        """Tell whether rows are too few, in either part of a split."""
        parts = self._fitted(given).sum(), self._tested(given).sum()
        return int(min(parts)) < SPARE_ROWS + len(given)

    def _effect(self, x: Block, y: Block, given: Block) -> float:
        """Give the alignment of the residual Grams: T / (|A| |B|)."""
        if self._starved(given):
            return np.nan
        pair = self._pair(x, y, given)
        scale = gram_norm(pair.a) * gram_norm(pair.b)
        return self._answer(x, y, given)[0] / scale if scale > 0 else 0.0

    def _details(self, x: int, y: int, given: tuple[int, ...]) -> tuple[float, float, int]:
        return self._effect((x,), (y,), self.columns.ordered(given)), np.nan, self.n

    def _pair(self, x: Block, y: Block, given: Block) -> Pair:
        operator = self.spec.form == "operator"
        first, second = (x, y) if operator else sorted((x, y))
        kernel_x, kernel_y, _ = self.spec.kernels()
        a = self._residual(kernel_x, first, given, joint=not operator)
        b = self._residual(kernel_y, second, given, joint=False)
        if self._content(second) < self._content(first):  # a permutation moves the rows of a
            a, b = b, a
        asked = *sorted((x, y), key=self._content), given
        return Pair(
            a,
            b,
            self._multiplier(given) if given and operator else None,
            lambda: self.columns.stream(self.spec.seed, self.spec.null, *asked),
            lambda: content_order(self._rows(tuple(chain(*asked)))[self._tested(given)]),
            self.spec.draws,
        )

    def _content(self, block: Block) -> list[tuple[bytes, str]]:
        return [(self.columns.keys[i], self.columns.names[i]) for i in block]

    def _rows(self, block: Block) -> Floats:
        """Give columns at mean 0 and variance 1 (ddof=1), shape (n, d)."""
        return np.asarray(self.columns.joined(block) * np.sqrt((self.n - 1) / self.n))

    def _residual(
        self, kernel: Kernel | None, block: Block, given: Block, *, joint: bool
    ) -> Floats:
        """Give what the regression on a set leaves of a block's features, shape (m, r)."""

        def make() -> Floats:
            target = self._features(kernel, block, given, joint=joint)
            if not given:
                return centred(target)
            rows, fitted = self._rows(given), self._fitted(given)
            tuning = self.spec.tuning(rows[fitted])
            learned = centred(target[fitted])
            fit = tune(rows[fitted], learned, tuning, self._spaces(given))
            if self.spec.split is None:
                return fit.residual(learned)
            return fit.held_out(target[fitted], rows[~fitted], target[~fitted])

        return self.store.get(("residual", kernel, block, given, joint), make)

    def _fitted(self, given: Block) -> NDArray[np.bool_]:
        """Tell which rows the regressions on a set learn from."""
        if self.spec.split is None or not given:
            return np.ones(self.n, np.bool_)
        chosen = np.zeros(self.n, np.bool_)
        drawn = self.columns.stream(self.spec.seed, "split", given).permutation(self.n)
        learned = drawn[: round(self.spec.split * self.n)]
        chosen[self.columns.row_order(given)[learned]] = True
        return chosen

    def _tested(self, given: Block) -> NDArray[np.bool_]:
        """Tell which rows the statistic sees: all, or those that no regression learns from."""
        fitted = self._fitted(given)
        return fitted if self.spec.split is None or not given else ~fitted

    def _features(
        self, kernel: Kernel | None, block: Block, given: Block, *, joint: bool
    ) -> Floats:
        """Give the factor of a block's Gram, shape (n, r); ``joint`` appends half the set."""
        if self.spec.form == "operator":
            found = self._operator_factor(kernel, block)
        else:
            found = self._zhang_factor(kernel, block, given, joint=joint)
        return found.columns

    def _operator_factor(self, kernel: Kernel | None, block: Block) -> Factor:
        def make() -> Factor:
            chosen = self._by_kind(block) if kernel is None else kernel
            return kernel_factor(chosen, self._rows(block), self.n, self.spec.tolerance)

        return self.store.get(("features", kernel, block), make)

    def _zhang_factor(
        self, kernel: Kernel | None, block: Block, given: Block, *, joint: bool
    ) -> Factor:
        """Factor the kernel of [x, z/2], or of y, with the width that belongs to z."""
        rows, rest = self._rows(block), self._rows(given)
        if joint:
            rows = np.hstack([rows, rest / 2])
        if kernel is not None:
            return kernel_factor(kernel, rows, self.n, _EXACT)
        width = width_of("empirical", rest) if given else width_of("empirical_marginal", rows)
        return gaussian_factor(rows, width, self.n, _EXACT)

    def _by_kind(self, block: Block) -> Kernel:
        """Choose Gaussian for numbers, equality for codes, their product for both."""
        parts, start = [], 0
        for i in block:
            d = self.columns.blocks[i].shape[1]
            codes = self.columns.kinds[i] is Kind.DISCRETE
            plain = Gaussian(TARGET_WIDTH, standardise=False)
            parts.append(Part(Delta() if codes else plain, tuple(range(start, start + d))))
            start += d
        return parts[0].kernel if len(parts) == 1 else Product(tuple(parts))

    def _spaces(self, given: Block) -> list[Space]:
        """Give the spaces of the regressions on a set, one for each width."""

        def make() -> list[Space]:
            rows = self._rows(given)[self._fitted(given)]
            tuning = self.spec.tuning(rows)
            kernel = self.spec.kernels()[2]
            if kernel is None:
                return gaussian_spaces(rows, tuning)
            found = kernel_factor(kernel, rows, tuning.rank, tuning.tolerance)
            return [Space(rows, np.nan, found, basis(found.columns))]

        return self.store.get(("spaces", given), make)

    def _multiplier(self, given: Block) -> Rows:
        """Give the rows of K_Z, not centred, among the rows that are tested."""
        left = self.store.get(("multiplier", given), lambda: self._set_factor(given).columns)
        if self.n > _DENSE:
            return lambda rows: left[rows] @ left.T
        return self.store.get(("product", given), lambda: left @ left.T).__getitem__

    def _set_factor(self, given: Block) -> Factor:
        rows = self._rows(given)[self._tested(given)]
        tuning, kernel = self.spec.tuning(rows), self.spec.kernels()[2]
        if kernel is not None:
            return kernel_factor(kernel, rows, tuning.rank, tuning.tolerance)
        width = MULTIPLIER_WIDTH * float(np.sqrt(len(given)))
        return gaussian_factor(rows, width, tuning.rank, tuning.tolerance)
