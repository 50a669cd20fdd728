"""Atomic writes, values with arrays, and files that cannot be read."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from causalsim._files import atomic, load_json, read_content, write_content, write_text
from causalsim.errors import FormatError


def test_links_are_followed_and_permissions_kept(tmp_path):
    target, link = tmp_path / "target.txt", tmp_path / "link.txt"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    write_text(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert target.stat().st_mode & 0o777 == 0o640
    assert len(list(tmp_path.iterdir())) == 2


def test_what_cannot_be_written_is_explained_without_temporary_names(tmp_path):
    long = tmp_path / ("x" * 300)
    for path, why in ((tmp_path, "it is no file"), (long, "File name too long")):
        with pytest.raises(FormatError, match=f"^cannot write {path}: {why}"):
            write_text(path, "")
    with pytest.raises(FormatError, match=r"a\.txt: No space left on device\.$"):
        fill(tmp_path / "a.txt")
    assert not list(tmp_path.iterdir())


def fill(path):
    with atomic(path):
        raise OSError(28, "No space left on device", ".causalsim-secret")


def test_what_is_no_json_is_explained(tmp_path):
    with pytest.raises(FormatError, match=r"nope\.json: No such file or directory$"):
        load_json(tmp_path / "nope.json")
    (tmp_path / "deep.json").write_text("[" * 100_000)
    with pytest.raises(FormatError, match=r"deep\.json as JSON: .*recursion"):
        load_json(tmp_path / "deep.json")
    (tmp_path / "bom.json").write_bytes(b"\xef\xbb\xbf[1]")
    assert load_json(tmp_path / "bom.json") == [1]


LEAVES = st.one_of(
    st.none(),
    st.text(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    arrays(st.sampled_from([np.int32, np.float64]), st.integers(0, 4)),
)
NESTED = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=6
)
CONTENT = st.dictionaries(st.text(), NESTED, max_size=4)


def same(one, two):
    if isinstance(one, np.ndarray):
        return two.dtype == one.dtype and one.tobytes() == two.tobytes()
    if isinstance(one, dict):
        return list(one) == list(two) and all(same(one[key], two[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(two) and all(map(same, one, two))
    return one == two


@settings(max_examples=15)
@given(CONTENT)
def test_values_with_arrays_come_back(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("content") / "a.npz"
    write_content(path, content)
    assert same(content, read_content(path))


def test_arrays_in_json_keep_every_float(tmp_path):
    values = np.array([0.1, 1 / 3, 5e-324, 1.7976931348623157e308])
    write_content(tmp_path / "a.json", {"value": values})
    assert (np.array(read_content(tmp_path / "a.json")["value"]) == values).all()


def test_what_is_no_npz_of_ours_is_explained(tmp_path):
    path = tmp_path / "a.npz"
    with pytest.raises(FormatError, match=r"a\.npz: No such file or directory$"):
        read_content(path)
    np.savez(path, x=np.zeros(3))
    with pytest.raises(FormatError, match=r"a\.npz as npz of causalsim: .*content\.json"):
        read_content(path)
    write_content(path, {"value": np.arange(900.0)})
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(FormatError, match="as npz of causalsim: File is not a zip file"):
        read_content(path)


def test_python_objects_are_never_read(tmp_path):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.array([{}], object), allow_pickle=True)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("content.json", '{"value": {"npz array": "x.npy"}}')
        archive.writestr("x.npy", buffer.getvalue())
    with pytest.raises(FormatError, match="Object arrays cannot be loaded"):
        read_content(tmp_path / "a.npz")
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        write_content(tmp_path / "b.npz", {"value": np.array([{}], object)})
    assert not (tmp_path / "b.npz").exists()
