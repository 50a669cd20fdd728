"""What may be asked: blocks of columns, codes, kernels of one's own; and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from dense import centre, curved, gamma_p, gram, mixed, operator_product, standard
from hypothesis import given
from hypothesis import strategies as st

from causalsim.citest import KCILowRank, KCISplit, KCIZhang, KernelCI, get
from causalsim.citest.kernel._sums import Invariants, permuted_moments
from causalsim.data import Kind
from causalsim.errors import DataError, NameNotFoundError, OptionError
from causalsim.kernels import Delta, Gaussian, Linear

seeds = st.integers(0, 10**6)
SPECS = {
    "operator": KernelCI(),
    "gp": KernelCI(ridge="gp", null="hbe"),
    "permutation": KernelCI(null="permutation", draws=49),
    "zhang": KernelCI(form="zhang", ridge="loo", undersmooth=10),
    "split": KCISplit(),
    "low rank": KCILowRank(),
}
every = pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)


def permuted_p(first, second):
    """Give T and p of two centred Grams by the moments over all permutations."""
    parts = [
        Invariants(np.trace(m), (m**2).sum(), (np.diag(m) ** 2).sum()) for m in (first, second)
    ]
    total = (first * second).sum()
    return total, gamma_p(total, *permuted_moments(*parts, len(first)))


def marginal_gram(table, name):
    column = table.values[:, table.names.index(name)]
    if table.kinds[table.names.index(name)] is Kind.DISCRETE:
        return (column[:, None] == column).astype(np.float64)
    return gram(standard(column), 1.2)


@pytest.mark.parametrize("x", ["X", "D", "B"])
@pytest.mark.parametrize("y", ["Y", "Z"])
def test_codes_are_compared_by_equality_and_numbers_by_distance(x, y):
    table = mixed()
    found = KernelCI(tolerance=1e-13)(table)(x, y)
    statistic, p = permuted_p(*(centre(marginal_gram(table, name)) for name in (x, y)))
    assert found.statistic == pytest.approx(statistic, rel=1e-8)
    assert found.p_value == pytest.approx(p, rel=1e-6)


@pytest.mark.parametrize("block", [("X", "D"), ("D", "W"), ("B", "X", "D"), ("X", "W")])
def test_a_block_has_the_product_of_its_columns_kernels(block):
    table = mixed()
    found = KernelCI(tolerance=1e-13)(table).joint(block, "Y")
    product = np.prod([marginal_gram(table, name) for name in block], axis=0)
    statistic, p = permuted_p(centre(product), centre(marginal_gram(table, "Y")))
    assert found.statistic == pytest.approx(statistic, rel=1e-8)
    assert found.p_value == pytest.approx(p, rel=1e-6)


@given(seed=seeds)
def test_a_block_given_a_set_is_its_formula(seed):
    table = curved(seed, 20, 0.3)
    spec = KernelCI(ridge=0.01, width=1.2, rank=20, tolerance=1e-13)
    found = spec(table).joint(["X", "W"], "Y", "Z")
    values = table.values
    u = operator_product(values[:, [0, 3]], values[:, 1], values[:, 2], 1.2, 0.01)
    assert found.statistic == pytest.approx(u.sum(), rel=1e-8)
    assert found.p_value == pytest.approx(
        gamma_p(u.sum(), np.trace(u), 2 * (u**2).sum()), rel=1e-6
    )


@every
@pytest.mark.parametrize("z", [(), "Z", ("Z", "D"), ("D", "B"), ("W", "Z", "B")])
def test_a_joint_question_about_single_columns_is_the_plain_one(spec, z):
    table = mixed()
    for x, y in (("X", "Y"), ("Y", "X")):
        plain, joint = spec(table)(x, y, z), spec(table).joint([x], y, z)
        assert repr(joint) == repr(plain)
        assert np.isfinite([plain.statistic, plain.log_p]).all()
        assert 0 <= plain.effect <= 1 + 1e-12


@every
def test_the_order_of_columns_in_a_block_does_not_matter(spec):
    test = spec(mixed())
    one = test.joint(["X", "D"], ["Y", "W"], ["Z", "B"])
    assert repr(test.joint(["D", "X"], ["W", "Y"], ["B", "Z"])) == repr(one)
    swapped = test.joint(["Y", "W"], ["X", "D"], ["Z", "B"])
    assert swapped.log_p == pytest.approx(one.log_p, rel=1e-10)


def test_a_block_sees_what_no_column_shows():
    """Two coins and their exclusive or: any two are independent, all three are not."""
    coins = np.random.default_rng(0).integers(2, size=(2, 200))
    table = replace(
        mixed(0, 200).select(["X", "Y", "B"]),
        values=np.vstack([coins, coins[0] ^ coins[1]]).T.astype(np.float64),
        kinds=(Kind.DISCRETE,) * 3,
    )
    test = KernelCI()(table)
    assert min(test("X", "B").p_value, test("Y", "B").p_value) > 0.05
    assert test.joint(["X", "Y"], "B").p_value < 1e-20
    assert test("X", "B", "Y").p_value < 1e-20


def test_names_in_a_joint_question_are_checked():
    test = KernelCI()(curved())
    for question in ((["X", "Y"], "Y"), ([], "Y"), ("X", ()), ("X", "Y", ["X"])):
        with pytest.raises(OptionError, match="must be different columns, and x and y not empty"):
            test.joint(*question)
    with pytest.raises(NameNotFoundError, match=r"no column 'x'.*Did you mean 'X'"):
        test.joint(["x", "Y"], "Z")


@every
@pytest.mark.parametrize("z", [(), ("Z",), ("Z", "D")], ids=["none", "one", "two"])
def test_the_order_of_rows_and_other_columns_do_not_matter(spec, z):
    table = mixed()
    shuffled = replace(table, values=np.random.default_rng(1).permutation(table.values))
    few = table.select(["D", "Z", "Y", "X"] if spec.form == "operator" else ["X", "Y", "Z", "D"])
    expected = spec(table)("X", "Y", z)
    for other in (shuffled, few):
        found = spec(other)("X", "Y", z)
        assert found.statistic == pytest.approx(expected.statistic, rel=1e-9)
        assert found.log_p == pytest.approx(expected.log_p, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("null", ["spectral", "permutation"])
def test_a_seed_has_one_answer_and_another_seed_another(null):
    table, spec = curved(), KernelCI(null=null)
    for z in ((), "Z"):
        p = [replace(spec, seed=seed)(table)("X", "W", z).p_value for seed in (0, 0, 1)]
        assert p[0] == p[1] != p[2]


def test_kernels_of_ones_own():
    """Given the default ones by hand, the answer is the default one."""
    table = curved(0, 60, 0.4)
    plain = Gaussian(1.2, standardise=False)
    own = KernelCI(kernel_x=plain, kernel_y=plain)
    assert own(table)("X", "Y", "Z") == KernelCI()(table)("X", "Y", "Z")
    fixed = KernelCI(width=1.2, metric="plain")
    assert replace(fixed, kernel_z=plain)(table)("X", "Y", "Z").p_value == pytest.approx(
        fixed(table)("X", "Y", "Z").p_value, rel=1e-10
    )
    lines = KernelCI(kernel_x=Linear(), kernel_y=Linear(), kernel_z=Linear())(table)
    assert lines("X", "Y", "Z").p_value != own(table)("X", "Y", "Z").p_value


def test_linear_kernels_ask_for_correlation():
    """T is then the squared correlation times (n - 1)^2."""
    table = curved(0, 60)
    test = KernelCI(kernel_x=Linear(), kernel_y=Linear())(table)
    r = np.corrcoef(table.values[:, 0], table.values[:, 3])[0, 1]
    assert test("X", "W").statistic == pytest.approx((r * 59) ** 2, rel=1e-8)
    assert test("X", "W").effect == pytest.approx(r**2, rel=1e-8)


def test_nothing_is_left_of_a_column_given_its_copy():
    """A target that the set fixes leaves almost nothing, and says nothing against it."""
    values = curved(0, 80).values
    values[:, 3] = 2 * values[:, 0] + 1
    found = KernelCI()(replace(curved(0, 80), values=values))("X", "Y", "W")
    assert np.isfinite(found.log_p)
    assert found.statistic < 1e-2


@pytest.mark.parametrize("split", [0.01, 0.2, 0.5, 0.99])
def test_a_part_of_too_few_rows_keeps_the_edge(split):
    test = KCISplit(split=split)(curved(0, 30))
    learned = round(split * 30)
    found = test("X", "Y", "Z")
    assert np.isnan(found.statistic) == (min(learned, 30 - learned) < 7)
    if np.isnan(found.statistic):
        assert (found.log_p, found.p_value) == (-np.inf, 0)
        assert np.isnan(found.effect)
    assert test("X", "Y").p_value > 0


@pytest.mark.parametrize("k", [0, 1, 2])
def test_the_fewest_rows_that_are_tested(k):
    few, enough = (KernelCI()(curved(0, n)) for n in (5 + k, 6 + k))
    given_ones = ["Z", "W"][:k]
    assert np.isnan(few("X", "Y", given_ones).statistic)
    assert few("X", "Y", given_ones).log_p == -np.inf
    assert enough("X", "Y", given_ones).p_value > 0


@pytest.mark.parametrize("spec", [KernelCI(), KCIZhang(), KCISplit()])
def test_data_that_say_nothing_are_refused(spec):
    table = curved()
    still = table.values.copy()
    still[:, 3] = 2.5
    with pytest.raises(DataError, match="columns 'W' do not vary"):
        spec(replace(table, values=still))
    still[5, 1] = np.nan
    with pytest.raises(DataError, match="missing in 'Y'. Read with missing='listwise'"):
        spec(replace(table, values=still))
    with pytest.raises(DataError, match="takes binary, continuous.*columns; got 'W'"):
        spec(replace(table, kinds=(*table.kinds[:3], Kind.TIME)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"form": "zang"}, "form='zang' is unknown.*Did you mean 'zhang'"),
        ({"metric": "learnt"}, "metric='learnt' is unknown.*Did you mean 'learned'"),
        ({"null": "gama"}, "null='gama' is unknown.*Did you mean 'gamma'"),
        ({"ridge": "cv"}, "ridge='cv': expected a positive number or one of 'loo', 'gp'"),
        ({"ridge": 0}, "ridge=0: expected a positive number or one of"),
        ({"ridge": True}, "ridge=True: expected a positive number"),
        ({"width": "wide"}, "width='wide': expected a positive number or one of 'loo', 'median'"),
        ({"width": np.inf}, "width=inf: expected a positive number"),
        ({"width": [1.0]}, r"width=\[1.0\]: expected a positive number"),
        ({"undersmooth": -1}, "undersmooth=-1: expected a positive number"),
        ({"tolerance": "loo"}, "tolerance='loo': expected a positive number"),
        ({"draws": 0}, "draws=0: expected a whole number from 1 on"),
        ({"rank": 2.5}, "rank=2.5: expected a positive whole number"),
        ({"memory": True}, "memory=True: expected a positive whole number"),
        ({"kernel_x": "gaussian"}, "kernel_x='gaussian': expected a kernel, such as"),
        ({"kernel_z": Delta}, "kernel_z=.*expected a kernel, such as"),
        ({"split": 1.0}, r"split=1.0: expected a number in \(0, 1\), or None"),
        ({"split": 0.5, "kernel_z": Delta()}, "split learns .* leave kernel_z out"),
        ({"seed": -1}, "seed=-1: expected a whole number from 0"),
    ],
)
def test_a_wrong_setting_is_named(options, message):
    with pytest.raises(OptionError, match=message):
        KernelCI(**options)


@pytest.mark.parametrize("name", ["kci", "kci_zhang", "kci_low_rank", "kci_split", "qpc_plus"])
def test_settings_are_plain(name):
    spec = get(name)
    options = spec.options()
    assert json.loads(json.dumps(options)) == options
    assert get(name, **options) == spec
    assert replace(spec, kernel_x=Linear()).options()["kernel_x"] == repr(Linear())
