"""The one seam to joblib: order, choice of back end, and interruption."""

from __future__ import annotations

import threading

import joblib
import pytest

from causalsim._parallel import parallel_map
from causalsim.errors import InterruptedRunError, OptionError


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_results_come_in_the_order_of_tasks(n_jobs):
    tasks = [(base, 2) for base in range(20)]
    assert parallel_map(pow, tasks, n_jobs=n_jobs) == [base**2 for base in range(20)]


def test_a_back_end_chosen_by_the_user_is_kept():
    inside = []

    def where(_):
        inside.append(threading.current_thread() is not threading.main_thread())

    with joblib.parallel_config(backend="threading"):
        parallel_map(where, [(k,) for k in range(4)], n_jobs=2)
    assert inside == [True] * 4


def test_an_interruption_carries_the_results_so_far():
    def stop_at_two(k):
        if k == 2:
            raise KeyboardInterrupt
        return k

    with pytest.raises(InterruptedRunError, match="interrupted after 2 of 5 jobs") as caught:
        parallel_map(stop_at_two, [(k,) for k in range(5)], message="jobs")
    assert caught.value.partial == [0, 1]


def test_zero_workers_are_refused():
    with pytest.raises(OptionError, match="n_jobs=0: expected a positive integer"):
        parallel_map(pow, [(1, 1)], n_jobs=0)
