"""README's snippets run, in order, as one program."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def test_snippets_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    snippets = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert len(snippets) == 5
    space: dict[str, object] = {}
    for snippet in snippets:
        exec(compile(snippet, str(README), "exec"), space)  # noqa: S102
    assert "PKC --> P38" in capsys.readouterr().out
    assert (tmp_path / "sachs.json").exists()
