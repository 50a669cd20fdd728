"""A test for continuous, binary and discrete columns in any role.

Every column is a block of numbers: a discrete one with L states the indicators of L - 1 of them.
What the set explains is taken out of the blocks of x and y by least squares. With the squared
canonical correlations r_i^2 of what is left, d_x and d_y columns of it and k columns taken out,
-(n - k - (d_x + d_y + 3) / 2) sum log(1 - r_i^2) is compared with chi-squared on d_x d_y degrees
of freedom [Bartlett1938]_. All dimensions are ranks.

The two forms differ in what they take out. ``linear`` takes the blocks of the set, which makes
it the likelihood-ratio test of the degenerate Gaussian [Andrews2019]_. ``spline`` takes smooth
functions of the continuous columns in each stratum of the discrete ones. Without a set the forms
agree.

Given the set, the variance of an indicator changes with it. Where that of x and that of y are
large for the same rows, the statistic is too large, by c = n sum |a_i|^2 |b_i|^2 / (d_x d_y) with
the whitened remainders a_i of x and b_i of y in row i. ``spline`` divides by c, the first-order
correction of [Rao1984]_; a remainder first gets back what the set took out of its length
[MacKinnon1985]_.

References
----------
.. [Andrews2019] Andrews, Ramsey & Cooper, Learning high-dimensional directed acyclic graphs with
   mixed data-types, Proceedings of Machine Learning Research 104, 4-21.
.. [Bartlett1938] Bartlett, Further aspects of the theory of multiple regression, Mathematical
   Proceedings of the Cambridge Philosophical Society 34(1), 33-40.
.. [MacKinnon1985] MacKinnon & White, Some heteroskedasticity-consistent covariance matrix
   estimators with improved finite sample properties, Journal of Econometrics 29(3): HC2.
.. [Rao1984] Rao & Scott, On chi-squared tests for multiway contingency tables with cell
   proportions estimated from survey data, Annals of Statistics 12(1), 46-60.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, final

from causalsim.citest._base import BoundTest, CITest
from causalsim.citest._mixed_test import LinearTest, MixedTest, SplineTest
from causalsim.data import Kind, Table
from causalsim.errors import DataError, OptionError

__all__ = ["Mixed", "MixedTest"]

_FORMS = ("spline", "linear")


@final
@dataclass(frozen=True)
class Mixed(CITest):
    """Wilks' test of partial canonical correlations, for columns of mixed kinds.

    The effect is sqrt(1 - prod(1 - r_i^2)): |r| for two continuous columns, and the multiple
    correlation for a continuous and a discrete one.

    Parameters
    ----------
    form : {"spline", "linear"}
        What is taken out for the set: splines in each stratum, or only the columns themselves
        [Andrews2019]_. ``linear`` is faster and needs fewer rows.

    Raises
    ------
    OptionError
        If there is no such form.
    DataError
        If values are missing.

    Notes
    -----
    Only differences in means are found: of indicators, that is in the chances of states. The
    forms must describe how x and y follow the set; curves that bend often in the data's range
    are not followed by ``spline``, nor any curve, interaction or logistic slope by ``linear``.
    Where x and y are both sin(az) + .6 noise, given z and three groups, ``spline`` rejects .075 of
    the time at a = 2 and n = 200, .16 at n = 500, and .90 at a = 3 and n = 200 (at least 600
    repetitions).
    Large strata tables use up the rows; what is left may be untestable (NaN, the edge stays).
    Rejections at .05 of a true independence / of a dependence, with roles of random kind: linear
    logits and means (``l``), or sines, squares and their like, cut into states (``c``); 300
    repetitions, standard error about .013 at .05:

    ===  ===  ===========  ===========  ===========  ===========
    n    |S|  spline, l    linear, l    spline, c    linear, c
    ===  ===  ===========  ===========  ===========  ===========
    50   1    .05 / .45    .07 / .58    .06 / .28    .20 / .47
    50   2    .02 / .30    .07 / .42    .05 / .16    .25 / .34
    50   3    .01 / .14    .05 / .28    .04 / .08    .21 / .33
    200  1    .06 / .91    .11 / .93    .05 / .71    .27 / .72
    200  2    .04 / .81    .10 / .85    .06 / .62    .41 / .67
    200  3    .05 / .71    .11 / .80    .07 / .55    .41 / .70
    500  1    .06 / 1.0    .13 / 1.0    .07 / .82    .27 / .84
    500  2    .09 / .99    .17 / .99    .07 / .83    .42 / .84
    500  3    .08 / .94    .14 / .96    .08 / .74    .50 / .77
    ===  ===  ===========  ===========  ===========  ===========

    Power of ``spline`` is low where n < 100 and |S| > 1: prefer ``linear`` there if relations are
    known to be linear.

    Examples
    --------
    >>> from causalsim.data import read_table
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> group = rng.integers(3, size=200)
    >>> values = np.column_stack([group, group + rng.normal(size=200)])
    >>> table = read_table(values, kinds={"x0": "discrete", "x1": "continuous"})
    >>> Mixed()(table)("x0", "x1").dof
    2.0
    """

    form: Literal["spline", "linear"] = "spline"

    name: ClassVar[str] = "mixed"
    accepts: ClassVar[frozenset[Kind]] = frozenset({Kind.CONTINUOUS, Kind.BINARY, Kind.DISCRETE})
    assumes: ClassVar[str] = (
        "x and y differ in their means, and the set acts by smooth sums within its strata"
    )

    def __post_init__(self) -> None:
        if self.form not in _FORMS:
            raise OptionError.from_choice("form", self.form, _FORMS)

    def bind(self, table: Table) -> BoundTest:
        """Lay out the blocks once."""
        if table.has_missing:
            raise DataError(
                f"test {self.name!r} needs complete rows; read with missing='listwise'."
            )
        bound = SplineTest if self.form == "spline" else LinearTest
        return bound.from_table(self, table)
