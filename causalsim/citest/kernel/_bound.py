"""The bound kernel test: what a search asks again is remembered, within a budget."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from causalsim.citest._base import BoundTest, CIResult, Floats, questions
from causalsim.citest._streams import Columns
from causalsim.citest.kernel._factors import (
    Factor,
    NarrowRidge,
    basis,
    centred,
    exact_factor,
    gaussian_factor,
    kernel_factor,
)
from causalsim.citest.kernel._laws import LAWS, MARGINAL, Pair, aligned, asymptotic
from causalsim.citest.kernel._ridge import Ridge, Space, gaussian_spaces, tune
from causalsim.citest.kernel._store import Store
from causalsim.citest.kernel._sums import Rows
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
_LOST = 1e-9
Block = tuple[int, ...]


def _scaled(columns: Columns, block: Block) -> Floats:
    """Give columns at mean 0 and variance 1 (ddof=1), shape (n, d)."""
    return np.asarray(columns.joined(block) * np.sqrt((columns.n - 1) / columns.n))


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
        answers = np.empty((len(x), 2))
        for given, members in self.columns.by_set(s).items():
            for m in members:
                answers[m] = self._answer((int(x[m]),), (int(y[m]),), given)
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
        fitted = int(self._fitted(given).sum())
        tested = self.n - fitted if self._splits(given) else fitted
        return min(fitted, tested) < SPARE_ROWS + len(given)

    def _effect(self, x: Block, y: Block, given: Block) -> float:
        """Give the alignment of the residual Grams, NaN if rows are too few."""
        self.spec.refuse(self.n, len(given))
        return np.nan if self._starved(given) else aligned(self._pair(x, y, given))

    def _details(self, x: int, y: int, given: tuple[int, ...]) -> tuple[float, float, int]:
        return self._effect((x,), (y,), self.columns.ordered(given)), np.nan, self.n

    def _pair(self, x: Block, y: Block, given: Block) -> Pair:
        kernel_x, kernel_y, _ = self.spec.kernels()
        multiplier = None
        if self.spec.form == "zhang":
            first, second = sorted((x, y))
            a = self._residual(kernel_x, first, given, half=given)
            b = self._residual(kernel_y, second, given)
        else:
            first, second = x, y
            a, b = (self._residual(k, i, given) for k, i in ((kernel_x, x), (kernel_y, y)))
            multiplier = self._multiplier(given) if given else None
        if self.spec.null == "permutation" and self._content(second) < self._content(first):
            a, b = b, a  # the rows of a are moved, so that x and y must not change places
        return Pair(
            a,
            b,
            multiplier,
            lambda: self._stream(x, y, given),
            lambda: content_order(self._rows(self._asked(x, y, given))[self._tested(given)]),
            self.spec.draws,
        )

    def _stream(self, x: Block, y: Block, given: Block) -> np.random.Generator:
        first, second = sorted((x, y), key=self._content)
        return self.columns.stream(self.spec.seed, self.spec.null, first, second, given)

    def _asked(self, x: Block, y: Block, given: Block) -> Block:
        first, second = sorted((x, y), key=self._content)
        return (*first, *second, *given)

    def _content(self, block: Block) -> list[tuple[bytes, str]]:
        return [(self.columns.keys[i], self.columns.names[i]) for i in block]

    def _rows(self, block: Block) -> Floats:
        return _scaled(self.columns, block)

    def _residual(
        self, kernel: Kernel | None, block: Block, given: Block, half: Block = ()
    ) -> Floats:
        """Give what the regression on a set leaves of a block's features, shape (m, r).

        Columns ``half`` stand beside the block at half their size, in Zhang's form only.
        """

        def make() -> Floats:
            target = self._features(kernel, block, given, half)
            if not given:
                return centred(target)
            if self.spec.exact:
                return self._ridge(given)(centred(target))
            rows, fitted = self._rows(given), self._fitted(given)
            tuning = self.spec.tuning(rows[fitted])
            learned = centred(target[fitted])
            fit = tune(rows[fitted], learned, tuning, self._spaces(given))
            if not self._splits(given):
                return fit.residual(learned)
            return fit.held_out(target[fitted], rows[~fitted], target[~fitted])

        return self.store.get(("residual", kernel, block, given, half), make)

    def _ridge(self, given: Block) -> Ridge | NarrowRidge:
        """Give the regression on a set at Zhang's fixed ridge, without a choice of rank."""

        def make() -> Ridge | NarrowRidge:
            kernel = self.spec.kernels()[2] or self._zhang_kernel(given)
            gram, epsilon = kernel(self._rows(given)), float(self.spec.ridge)
            if len(given) > 1:
                return Ridge.of(gram, epsilon)
            left = exact_factor(gram, _LOST * epsilon / self.n)
            return NarrowRidge.of(centred(left), epsilon)

        return self.store.get(("ridge", given), make)

    def _splits(self, given: Block) -> bool:
        return self.spec.split is not None and bool(given)

    def _fitted(self, given: Block) -> NDArray[np.bool_]:
        """Tell which rows the regressions on a set learn from."""
        if self.spec.split is None or not given:
            return np.ones(self.n, np.bool_)
        learned = round(self.spec.split * self.n)

        def make() -> NDArray[np.bool_]:
            drawn = self.columns.stream(self.spec.seed, "split", given).permutation(self.n)
            chosen = np.zeros(self.n, np.bool_)
            chosen[self.columns.row_order(given)[drawn[:learned]]] = True
            return chosen

        return self.store.get(("fitted", given), make)

    def _tested(self, given: Block) -> NDArray[np.bool_]:
        """Tell which rows the statistic sees: all, or those that no regression learns from."""
        fitted = self._fitted(given)
        return ~fitted if self._splits(given) else fitted

    def _features(self, kernel: Kernel | None, block: Block, given: Block, half: Block) -> Floats:
        """Give the factor of a block's Gram, shape (n, r)."""
        if self.spec.form != "zhang":
            return self._operator_features(kernel or self._by_kind(block), block)
        rows, chosen = self._rows(block), kernel or self._zhang_kernel(given, block)
        if half:
            return exact_factor(chosen(np.hstack([rows, self._rows(half) / 2])))
        return self.store.get(("features", chosen, block), lambda: exact_factor(chosen(rows)))

    def _operator_features(self, kernel: Kernel, block: Block) -> Floats:
        """Give the low-rank factor; that of one column at several lags is found once."""
        columns, members, at = self.columns, block, np.arange(self.n)
        if columns.origin is not None and len(block) == 1:
            columns, rows = columns.origin
            lag, variable = divmod(block[0], len(columns.names))
            members, at = (variable,), rows[:, lag]

        def make() -> Floats:
            rows = _scaled(columns, members)
            return kernel_factor(kernel, rows, columns.n, self.spec.tolerance).columns

        return self.store.get(("features", kernel, members), make)[at]

    def _zhang_kernel(self, given: Block, block: Block = ()) -> Kernel:
        """Give the Gaussian whose width hangs on the set, or on the block where there is none."""
        if given:
            return Gaussian(width_of("empirical", self._rows(given)), standardise=False)
        width = width_of("empirical_marginal", self._rows(block))
        return Gaussian(width, standardise=False)

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
