"""What an error about data advises, every test that can meet it takes."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import causalsim as cs
from causalsim.citest import get, names, self_check
from causalsim.data import read_table
from causalsim.errors import DataError

ADVISED = re.compile(r"\b(missing|degenerate)='(\w+)'")
FAULT = "missing values|constant|repeats|determined|not vary"
SMALL = {"max_cond": 0}
GRAPH = cs.DAG.from_edges(["Z --> X", "Z --> Y"], ["X", "Y", "Z", "W"])
CODES = {"g_squared", "chi_squared"}


def frame(test, fault):
    rng = np.random.default_rng(0)
    if test in CODES:
        columns = {name: rng.integers(0, 2, 60).astype(str) for name in "XYZW"}
    else:
        columns = dict(zip("XYZW", rng.normal(size=(4, 60)), strict=True))
    found = pd.DataFrame(columns)
    if fault == "gaps":
        found.loc[2, "X"] = np.nan
        return found
    return found.assign(W=found["X"] if fault == "copy" else found["X"].iloc[0])


def spec(name):
    return get(name, **({"insist": True} if name == "qpc" else {}))


CALLS = {
    "pc": lambda data, test, **reading: cs.pc(data, test, **SMALL, **reading),
    "fci": lambda data, test, **reading: cs.fci(data, test, **SMALL, **reading),
    "check": lambda data, test, **reading: cs.check(GRAPH, data, test, **SMALL, **reading),
    "cdnod": lambda data, test, **reading: cs.cdnod(
        data.assign(c=["a", "b"] * 30), "c", test, phases=2, **SMALL, **reading
    ),
    "bootstrap": lambda data, test, **reading: cs.bootstrap(
        "pc", data, 1, test=test, rng=0, **SMALL, **reading
    ),
    "pcmci_plus": lambda data, test, **reading: cs.pcmci_plus(data, 1, test, **reading),
}
THROUGH_TABLES = {
    "test": lambda data, test: test(data),
    "self_check": lambda data, test: self_check(test, data, "X", "Y", repetitions=2),
}
every = pytest.mark.parametrize("name", [name for name in names() if name != "oracle"])
some = pytest.mark.parametrize("name", ["fisher_z", "g_squared", "kci"])
faults = pytest.mark.parametrize("fault", ["gaps", "flat", "copy"])


@pytest.mark.filterwarnings("ignore")
@every
@faults
def test_what_is_advised_is_taken_by_every_test(name, fault):
    test_what_is_advised_is_taken(name, fault, "pc")


@pytest.mark.filterwarnings("ignore")
@some
@faults
@pytest.mark.parametrize("call", CALLS)
def test_what_is_advised_is_taken(name, fault, call):
    data, test = frame(name, fault), spec(name)
    with pytest.raises(DataError, match=FAULT) as caught:
        CALLS[call](data, test)
    for option, value in ADVISED.findall(str(caught.value)):
        CALLS[call](data, test, **{option: value})


@pytest.mark.filterwarnings("ignore")
@every
@faults
@pytest.mark.parametrize("call", THROUGH_TABLES)
def test_without_options_the_advice_is_to_read_a_table(name, fault, call):
    data, test = frame(name, fault), spec(name)
    with pytest.raises(DataError, match=FAULT) as caught:
        THROUGH_TABLES[call](data, test)
    for option, value in ADVISED.findall(str(caught.value)):
        assert "ead with causalsim.data.read_table and" in str(caught.value)
        THROUGH_TABLES[call](read_table(data, **{option: value}), test)


def test_both_readings_are_advised_where_both_are_taken():
    with pytest.raises(DataError, match="missing='listwise' to drop those rows, or missing='test"):
        cs.pc(frame("fisher_z", "gaps"), "fisher_z")
    with pytest.raises(DataError, match=r"missing='listwise' to drop those rows\.$"):
        cs.pc(frame("kci", "gaps"), "kci")
