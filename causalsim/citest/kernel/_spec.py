"""The settings of a kernel test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal

import numpy as np

from causalsim.citest._base import BoundTest, CITest, Floats
from causalsim.citest._limits import check_draws
from causalsim.citest._streams import check_seed, coded_columns
from causalsim.citest.kernel._bound import KernelTest
from causalsim.citest.kernel._laws import LAWS
from causalsim.citest.kernel._ridge import CRITERIA, RIDGES, ROUNDS, WIDTHS, Tuning
from causalsim.citest.kernel._store import Store
from causalsim.data import Kind, Table
from causalsim.errors import OptionError
from causalsim.kernels import Kernel
from causalsim.kernels._widths import width_of

__all__ = ["KernelCI"]

_FORMS = ("operator", "zhang")
_METRICS = ("learned", "plain")


@dataclass(frozen=True, repr=False)
class KernelCI(CITest):
    """A conditional-independence test that sees any smooth dependence.

    The columns x and y become feature vectors of a kernel; a kernel ridge regression takes out
    of each what the set explains; the statistic is the squared size of what the residuals still
    share, also in interaction with the set.

    Parameters
    ----------
    kernel_x, kernel_y : Kernel, optional
        Left out: Gaussian of width 1.2 on standardised numbers, equality for codes.
    kernel_z : Kernel, optional
        Left out: Gaussian with tuned width and metric.
    form : {"operator", "zhang"}
        ``operator``: residual Grams of x and of y times the Gram of the set, symmetric in x and
        y [Pogodin2024]_. ``zhang``: the original, which regresses [x, z/2] and y
        [Zhang2011]_; the earlier column takes the place of x.
    ridge : "loo", "gp" or float
        Chosen by leave-one-out error, or by the marginal likelihood of a Gaussian process, for
        each target; or fixed: lambda in (K + n lambda I), in Zhang's form epsilon in
        (K + epsilon I).
    width : "loo", "median", "empirical" or float
        Of the set's kernel: chosen with the ridge, by a rule, or as given on the standardised
        scale.
    metric : {"learned", "plain"}
        Whether the regression on two or more columns learns which directions matter.
    undersmooth : float
        Divide the chosen ridge by this.
    split : float, optional
        Share of rows that the regressions learn from; the statistic sees only the others
        [Pogodin2024]_. Drawn by the set's content; rows alike in it are told apart by the
        table's other columns. Needs ``kernel_z=None``.
    null : {"gamma", "spectral", "permutation", "hbe"}
        Law under independence: a gamma with the moments of U = A o B o K, draws from the
        weighted sum of chi-squareds, permutations of residuals (exact without a set), or
        three moments.
    draws : int
        For ``spectral`` and ``permutation``; 19 to 100 000, as p is at least 1/(1 + draws).
    rank : int
        Most columns of a Cholesky factor of the set's kernel.
    tolerance : float
        Share of the diagonal that a factor may leave out.
    memory : int
        Bytes for what a search needs again; the least recently used goes first.
    seed : int
        For ``spectral`` and ``permutation``; streams hang on the content of the columns.

    Raises
    ------
    OptionError
        If a setting is out of range.

    Notes
    -----
    Without a set, ``gamma`` in the operator form has the exact mean and variance over all
    permutations. A question with fewer than 6 + ``|given|`` rows, in either part of a split, is
    untestable. The measured level and power stand in docs/calibration.md: they hold on the
    families listed there.

    References
    ----------
    .. [Zhang2011] Zhang, Peters, Janzing & Schoelkopf, Kernel-based conditional independence
       test and application in causal discovery, UAI 2011.
    .. [Pogodin2024] Pogodin, Schrab, Li, Sutherland & Gretton, Practical kernel tests of
       conditional independence, arXiv 2402.13196.

    Examples
    --------
    >>> z, e, f = np.random.default_rng(0).normal(size=(3, 100))
    >>> test = KernelCI()(np.column_stack([np.sin(z) + e / 2, z**2 + f / 2, z]))
    >>> test("x0", "x1").p_value < 0.05, test("x0", "x1", "x2").p_value > 0.05
    (True, True)
    """

    kernel_x: Kernel | None = None
    kernel_y: Kernel | None = None
    kernel_z: Kernel | None = None
    form: Literal["operator", "zhang"] = "operator"
    ridge: float | Literal["loo", "gp"] = "loo"
    width: float | Literal["loo", "median", "empirical"] = "loo"
    metric: Literal["learned", "plain"] = "learned"
    undersmooth: float = 1.0
    split: float | None = None
    null: Literal["gamma", "spectral", "permutation", "hbe"] = "gamma"
    draws: int = 1000
    rank: int = 60
    tolerance: float = 1e-6
    memory: int = 1 << 28
    seed: int = 0

    name: ClassVar[str] = "kci"
    accepts: ClassVar[frozenset[Kind]] = frozenset({Kind.CONTINUOUS, Kind.BINARY, Kind.DISCRETE})
    assumes: ClassVar[str] = (
        "what the conditioning set explains of x and y is smooth enough to be learned from rows"
    )

    def __post_init__(self) -> None:
        for option, choices in (("form", _FORMS), ("metric", _METRICS), ("null", tuple(LAWS))):
            if getattr(self, option) not in choices:
                raise OptionError.from_choice(option, getattr(self, option), choices)
        _check_number_or("ridge", self.ridge, tuple(CRITERIA))
        _check_number_or("width", self.width, ("loo", "median", "empirical"))
        _check_number_or("undersmooth", self.undersmooth, ())
        _check_number_or("tolerance", self.tolerance, ())
        check_draws("draws", self.draws, ranked=self._drawn)
        for option in ("rank", "memory"):
            value = getattr(self, option)
            if type(value) is not int or value < 1:
                raise OptionError(f"{option}={value!r}: expected a positive whole number.")
        for option in ("kernel_x", "kernel_y", "kernel_z"):
            value = getattr(self, option)
            if not (value is None or isinstance(value, Kernel)):
                raise OptionError(
                    f"{option}={value!r}: expected a kernel, such as kernels.Gaussian(1.2)."
                )
        share: object = self.split
        if share is not None and not (isinstance(share, float) and 0 < share < 1):
            raise OptionError(f"split={self.split!r}: expected a number in (0, 1), or None.")
        if self.split is not None and self.kernels()[2] is not None:
            raise OptionError("split learns on some rows with a Gaussian; leave kernel_z out.")
        check_seed(self.seed)

    def __repr__(self) -> str:
        changed = [s.name for s in fields(self) if getattr(self, s.name) != s.default]
        shown = (f"{name}={_plain(getattr(self, name), text=repr)}" for name in changed)
        return f"{type(self).__name__}({', '.join(shown)})"

    def bind(self, table: Table) -> BoundTest:
        """Bind the test; nothing is computed before it is asked.

        Raises
        ------
        DataError
            If values are missing, or a column does not vary.
        """
        columns = coded_columns(table)
        return KernelTest(self, table.names, columns.n, columns, Store(self.memory))

    def options(self) -> dict[str, Any]:
        """Give the settings as plain values; kernels as text."""
        settings = {setting.name: getattr(self, setting.name) for setting in fields(self)}
        return {name: _plain(value) for name, value in settings.items()}

    @property
    def _drawn(self) -> bool:
        return self.null in {"spectral", "permutation"}

    @property
    def least_p(self) -> float:
        """The smallest p-value that it can give."""
        return 1 / (1 + self.draws) if self._drawn else 0.0

    def kernels(self) -> tuple[Kernel | None, Kernel | None, Kernel | None]:
        """Give the kernels of x, y and the set; None where the columns decide."""
        return self.kernel_x, self.kernel_y, self.kernel_z

    def tuning(self, rows: Floats) -> Tuning:
        """Give what a regression on a set may choose from.

        Parameters
        ----------
        rows : array of shape (n, d)
            The set.
        """
        return Tuning(
            widths=self._widths(rows),
            ridges=RIDGES if isinstance(self.ridge, str) else (self.ridge,),
            criterion=self.ridge if isinstance(self.ridge, str) else "loo",
            rounds=ROUNDS if self.metric == "learned" and self.kernels()[2] is None else 0,
            undersmooth=self.undersmooth,
            rank=self.rank,
            tolerance=self.tolerance,
        )

    @property
    def exact(self) -> bool:
        """Whether regressions have Zhang's fixed ridge, and so need no choice and no rank."""
        return self.form == "zhang" and not isinstance(self.ridge, str)

    def _widths(self, rows: Floats) -> tuple[float, ...]:
        if self.width == "loo":
            return WIDTHS
        return (width_of(self.width, rows),)

    def refuse(self, n: int, k: int) -> None:
        """Refuse a question that the test is known to answer badly; the plain test has none.

        Parameters
        ----------
        n : int
            Rows.
        k : int
            Size of the set.
        """


def _plain(value: Any, text: Callable[[Any], Any] = lambda value: value) -> Any:
    """Give a setting as a plain value; a circuit by its name and size, without its address."""
    if value is None or isinstance(value, str | int | float):
        return text(value)
    if hasattr(value, "num_qubits"):
        return f"<circuit {value.name}: {value.num_qubits} qubits, {value.size()} gates>"
    return repr(value)


def _check_number_or(option: str, value: object, words: tuple[str, ...]) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if (number and 0 < float(value) < np.inf) or value in words:  # type: ignore[arg-type]
        return
    also = f" or one of {', '.join(map(repr, words))}" if words else ""
    raise OptionError(f"{option}={value!r}: expected a positive number{also}.")
