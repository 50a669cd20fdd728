"""Products of arrays with shared axes against one einsum over everything."""

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from causalsim.diagrams import _elimination
from causalsim.diagrams._contraction import Contraction, Factor, contract
from causalsim.diagrams._elimination import find_order

SIZES = (2, 3, 1, 4, 2, 3)


@st.composite
def products(draw):
    """Draw scopes over six variables, and which of those that occur are kept."""
    scopes = draw(
        st.lists(
            st.lists(st.integers(0, 5), max_size=4, unique=True).map(tuple), min_size=1, max_size=6
        )
    )
    there = sorted({v for scope in scopes for v in scope})
    keep = [v for v in draw(st.permutations(there)) if draw(st.booleans())]
    return scopes, keep, draw(st.integers(0, 2**32 - 1))


def arrays(scopes, seed):
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 5, [SIZES[v] for v in scope]).astype(float) for scope in scopes]


def direct(tables, scopes, keep):
    operands = [part for pair in zip(tables, map(list, scopes), strict=True) for part in pair]
    return np.einsum(*operands, keep)


@given(products())
def test_a_product_is_the_sum_over_all_axes_left_out(product):
    scopes, keep, seed = product
    tables = arrays(scopes, seed)
    expected = direct(tables, scopes, keep)
    found = contract(list(zip(tables, scopes, strict=True)), keep)
    np.testing.assert_array_equal(found, expected)
    scaled = contract(list(zip(tables, scopes, strict=True)), keep, scaled=True)
    assert (scaled == 0).tolist() == (expected == 0).tolist()
    total = expected.sum() or 1
    np.testing.assert_allclose(scaled / (scaled.sum() or 1), expected / total, atol=1e-15)


@given(products())
def test_fractions_stay_exact(product):
    scopes, keep, seed = product
    tables = [table.astype(int).astype(object) / Fraction(7) for table in arrays(scopes, seed)]
    tables = [np.asarray(table, object) for table in tables]
    found = contract(list(zip(tables, scopes, strict=True)), keep)
    whole = direct(arrays(scopes, seed), scopes, keep)
    expected = whole.astype(int).astype(object) * Fraction(1, 7 ** len(scopes))
    assert np.asarray(found == expected).all()


@given(products(), st.data())
def test_axes_fixed_later_are_slices(product, data):
    scopes, keep, seed = product
    tables = arrays(scopes, seed)
    there = sorted({v for scope in scopes for v in scope} - set(keep))
    fixed = [v for v in there if data.draw(st.booleans())]
    factors = []
    for table, scope in zip(tables, scopes, strict=True):
        front = [k for k, v in enumerate(scope) if v in fixed]
        back = [k for k, v in enumerate(scope) if v not in fixed]
        slots = tuple(fixed.index(scope[k]) for k in front)
        factors.append(Factor(table.transpose(front + back), tuple(scope[k] for k in back), slots))
    loose = set(keep).difference(*[factor.scope for factor in factors])
    assert not loose
    program = Contraction(factors, SIZES, keep)
    whole = direct(tables, scopes, [*fixed, *keep])
    for codes in np.ndindex(*[SIZES[v] for v in fixed]):
        np.testing.assert_array_equal(program.at(codes), whole[codes])


def test_nothing_multiplies_to_one():
    assert contract([], []) == 1


def grid(width):
    """Give the pairs of neighbours on a square."""
    at = np.arange(width * width).reshape(width, width)
    pairs = [*zip(at[:, :-1].flat, at[:, 1:].flat, strict=True)]
    return [
        tuple(map(int, pair)) for pair in (*pairs, *zip(at[:-1].flat, at[1:].flat, strict=True))
    ]


def test_an_order_has_each_variable_once_and_work_of_known_size():
    scopes = grid(4)
    order = find_order(scopes, [2] * 16, keep=[5], varying=[0])
    assert sorted([*order.variables, 5]) == list(range(16))
    chain = find_order([(k, k + 1) for k in range(9)], [3] * 10, keep=[9])
    assert chain.work == 9 * 9


def test_random_orders_only_help_where_work_is_hard(monkeypatch):
    scopes, sizes = grid(7), [6] * 49
    found = find_order(scopes, sizes)
    assert found.work > _elimination.HARD
    assert find_order(scopes, sizes) == found
    monkeypatch.setattr(_elimination, "HARD", np.inf)
    assert find_order(scopes, sizes).work >= found.work


def test_what_varies_is_left_for_last():
    scopes = [(0, 1), (1, 2), (2, 3), (3, 4)]
    assert find_order(scopes, [2] * 5, keep=[4], varying=[0, 1]).variables[:2] in {(2, 3), (3, 2)}
