"""Atomic writes, and JSON that cannot be read."""

from __future__ import annotations

import pytest

from causalsim._files import atomic, load_json, write_text
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
