"""House rules that no linter knows; run by ``make house``. Prints what breaks one, exits 1 if any.

* every ``pytest.raises`` has ``match=``
* every public function, class and method has a docstring
* every module named in docs/papers.md exists
* every name that ``causalsim`` exports stands in README.md or docs/
* no two test files have the same name
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def raises_without_match() -> Iterator[str]:
    """Find ``pytest.raises`` calls that accept any message."""
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and ast.unparse(node.func) == "pytest.raises"
                and not any(keyword.arg == "match" for keyword in node.keywords)
            ):
                yield f"{path.relative_to(ROOT)}:{node.lineno}: pytest.raises without match="


def undocumented() -> Iterator[str]:
    """Find public definitions without a docstring: of modules, and of their public classes."""
    for path in sorted((ROOT / "causalsim").rglob("*.py")):
        top = [node for node in ast.parse(path.read_text()).body if _is_public(node)]
        open_module = not path.name.startswith("_")
        classes = [node for node in top if isinstance(node, ast.ClassDef) and open_module]
        for node in [*top, *(part for c in classes for part in c.body if _is_public(part))]:
            if ast.get_docstring(node) is None:
                yield f"{path.relative_to(ROOT)}:{node.lineno}: {node.name} has no docstring"


def _is_public(node: ast.AST) -> bool:
    return isinstance(node, DEFINITIONS) and not node.name.startswith("_")


def missing_modules() -> Iterator[str]:
    """Find modules that docs/papers.md names and that do not exist."""
    text = (ROOT / "docs" / "papers.md").read_text()
    for name in re.findall(r"`(causalsim(?:\.\w+)+)`", text):
        path = ROOT.joinpath(*name.split("."))
        if not (path.with_suffix(".py").exists() or path.is_dir()):
            yield f"docs/papers.md names {name}, which does not exist"


def unmentioned() -> Iterator[str]:
    """Find exported names that no document mentions."""
    sys.path.insert(0, str(ROOT))
    import causalsim

    text = "\n".join(path.read_text() for path in DOCS)
    for name in causalsim.__all__:
        if not name.startswith("_") and not re.search(rf"\b{name}\b", text):
            yield f"cs.{name} stands in no document"


def doubled() -> Iterator[str]:
    """Find test files of one name, which pytest cannot import side by side."""
    names = Counter(path.name for path in ROOT.glob("tests/**/*.py"))
    for name, count in names.items():
        if count > 1 and name != "conftest.py":
            yield f"{count} test files are called {name}"


def main() -> int:
    """Run all rules."""
    rules = (raises_without_match, undocumented, missing_modules, unmentioned, doubled)
    broken = [line for rule in rules for line in rule()]
    for line in broken:
        print(line)
    print(f"house rules: {len(broken)} broken")
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
