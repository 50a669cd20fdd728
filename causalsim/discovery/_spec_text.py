"""The test of a result, which holds its text: rebuilt, and as a person would write it."""

from __future__ import annotations

import ast
from typing import Any

from causalsim import citest
from causalsim.citest import CITest
from causalsim.errors import OptionError

__all__ = ["read_spec", "spoken"]


def read_spec(text: str) -> CITest:
    """Turn the repr of a test's spec back into the spec, without evaluating anything.

    >>> read_spec("GSquared(dof='full')")
    GSquared(dof='full')
    """
    try:
        call: Any = ast.parse(text, mode="eval").body
        kind: type[CITest] = getattr(citest, call.func.id)
        spec = kind(**{str(k.arg): ast.literal_eval(k.value) for k in call.keywords})
    except (SyntaxError, ValueError, AttributeError, TypeError) as error:
        raise OptionError(
            f"the test of the result, {text}, cannot be rebuilt; give the spec: "
            "dry_run(result, data, test=...)."
        ) from error
    return spec


def spoken(text: str) -> str:
    """Give the short name of a test and what is set; other texts as they are.

    >>> spoken("FisherZ(shrinkage=None)"), spoken("a test of my own")
    ('fisher_z', 'a test of my own')
    """
    try:
        return str(read_spec(text))
    except OptionError:
        return text
