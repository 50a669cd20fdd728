"""Our tests by name inside causal-learn's PC."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

import causalsim as cs
from causalsim import citest
from causalsim.compat import causal_learn_pc, register_with_causal_learn
from causalsim.errors import DataError, NameNotFoundError, OptionError

pytestmark = pytest.mark.peer


@pytest.fixture(autouse=True)
def registry(monkeypatch):
    """causal-learn's table of tests, put back afterwards."""
    module = pytest.importorskip("causallearn.utils.cit")
    monkeypatch.setattr(module, "_custom_ci_tests", {})
    return module._custom_ci_tests


def peer(values, test, alpha=0.05, **settings):
    from causallearn.search.ConstraintBased.PC import pc

    return pc(values, alpha, test, show_progress=False, **settings)


def built(values, test, **settings):
    from causallearn.utils.cit import CIT

    return CIT(values, test, **settings)


def gaussian(seed, p=6, n=200):
    return cs.random_scm(p, degree=3, rng=seed).sample(n, rng=seed).to_numpy()


def codes(seed, n=300):
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 3, (n, 4))
    for j in range(1, 4):
        copied = rng.random(n) < 0.5
        values[copied, j] = values[copied, rng.integers(0, j)]
    return values


@pytest.mark.parametrize("seed", range(5))
def test_fisher_z_gives_the_matrix_of_causal_learn_and_of_our_rebuilding(seed):
    (name,) = register_with_causal_learn("fisher_z")
    values = gaussian(seed)
    found = peer(values, name).G.graph
    np.testing.assert_array_equal(found, peer(values, "fisherz").G.graph)
    np.testing.assert_array_equal(found, causal_learn_pc(values))


@pytest.mark.parametrize(("ours", "theirs"), [("chi_squared", "chisq"), ("g_squared", "gsq")])
def test_counts_give_the_matrix_of_causal_learn(ours, theirs):
    (name,) = register_with_causal_learn(ours)
    found = peer(codes(0), name, kinds="discrete").G.graph
    np.testing.assert_array_equal(found, peer(codes(0), theirs).G.graph)
    assert found.any()


@pytest.mark.parametrize("test", ["fisher_z", "kci_zhang"])
def test_a_search_there_finds_our_skeleton(test):
    (name,) = register_with_causal_learn(test)
    values = gaussian(3, p=4, n=80)
    ours = cs.pc(values, test, alpha=0.05).graph.skeleton
    np.testing.assert_array_equal(peer(values, name).G.graph != 0, ours)
    assert 0 < ours.sum() < 12


@pytest.mark.parametrize("test", ["fisher_z", "kci_zhang"])
def test_p_values_are_ours(test):
    (name,) = register_with_causal_learn(test)
    values = gaussian(1, p=4, n=60)
    there, here = built(values, name), citest.get(test)(values)
    for x, y in combinations(range(4), 2):
        rest = [k for k in range(4) if k not in {x, y}]
        for given in ([], rest[:1], rest):
            p = here(f"x{x}", f"x{y}", [f"x{k}" for k in given]).p_value
            assert there(x, y, given) == there(y, np.int64(x), tuple(given[::-1]))
            assert there(x, y, given) == pytest.approx(p, rel=1e-9)
        assert there(x, y) == there(x, y, None) == there(x, y, ())


def test_p_values_of_fisher_z_are_theirs():
    (name,) = register_with_causal_learn("fisher_z")
    values = gaussian(2)
    ours, theirs = built(values, name), built(values, "fisherz")
    for x, y in combinations(range(6), 2):
        given = [k for k in range(6) if k not in {x, y}][:2]
        assert ours(x, y, given) == pytest.approx(theirs(x, y, given), rel=1e-6, abs=1e-14)


def test_all_tests_but_the_oracle_are_registered(registry):
    found = register_with_causal_learn()
    assert found == tuple(f"causalsim_{name}" for name in citest.names() if name != "oracle")
    assert set(registry) == set(found)


def test_registering_again_changes_nothing_but_the_class(registry):
    values = gaussian(0)
    first = register_with_causal_learn("fisher_z", "g_squared")
    one = peer(values, first[0]).G.graph
    assert register_with_causal_learn("fisher_z", "g_squared") == first
    assert len(registry) == 2
    np.testing.assert_array_equal(peer(values, first[0]).G.graph, one)


def test_a_prefix_of_one_s_own_is_put_before_each_name(registry):
    assert register_with_causal_learn("par_corr", prefix="our ") == ("our par_corr",)
    assert set(registry) == {"our par_corr"}


def test_settings_and_kinds_are_passed_on():
    register_with_causal_learn("fisher_z", "g_squared")
    values = gaussian(0)
    shrunk = built(values, "causalsim_fisher_z", shrinkage=0.5)
    assert shrunk(0, 1) > built(values, "causalsim_fisher_z")(0, 1)
    with pytest.raises(OptionError, match="'fisher_z' has no setting 'shrinkag'.*'shrinkage'"):
        peer(values, "causalsim_fisher_z", shrinkag=0.5)
    table = codes(1).astype(float)
    with pytest.raises(DataError, match=r"'g_squared' takes .*'X1' \(continuous\)"):
        peer(table, "causalsim_g_squared")
    kinds = {f"X{i}": "discrete" for i in range(1, 5)}
    by_name = built(table, "causalsim_g_squared", kinds=kinds)
    assert by_name(0, 1, [2]) == built(table, "causalsim_g_squared", kinds="discrete")(0, 1, [2])


def test_missing_values_are_refused_unless_rows_may_go():
    (name,) = register_with_causal_learn("fisher_z")
    values = gaussian(0).copy()
    values[3, 1] = np.nan
    with pytest.raises(DataError, match=r"missing values: 'X2' 1 \(of 200 rows\)"):
        peer(values, name)
    complete = built(np.delete(values, 3, axis=0), name)
    assert built(values, name, missing="listwise")(0, 1, [2]) == complete(0, 1, [2])


def test_data_that_print_alike_are_told_apart(tmp_path):
    """causal-learn keys its files by the printed array, which is abbreviated."""
    (name,) = register_with_causal_learn("fisher_z")
    one = gaussian(0, n=2000)
    two = one.copy()
    two[10:-10, 0] = np.random.default_rng(1).permutation(two[10:-10, 0])
    assert str(one) == str(two)
    assert built(one, name)(0, 1) != built(two, name)(0, 1)
    with pytest.raises(OptionError, match="'fisher_z' has no setting 'cache_path'"):
        built(one, name, cache_path=str(tmp_path / "p.json"))


def test_a_question_is_computed_once():
    (name,) = register_with_causal_learn("fisher_z")
    test = built(gaussian(0), name)
    assert len({test(0, 1, [2, 3]), test(1, 0, [3, 2]), test(np.int64(1), 0, (2, 3))}) == 1
    assert list(test.bound.answers) == [(0, 1, (2, 3))]


def test_names_that_do_not_exist_are_refused_before_any_is_registered(registry):
    with pytest.raises(NameNotFoundError, match="no test 'fisherz'.*Did you mean 'fisher_z'"):
        register_with_causal_learn("par_corr", "fisherz")
    assert not registry
