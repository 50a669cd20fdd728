"""Late imports: public names by attribute, optional packages with a helpful refusal."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from causalsim.errors import MissingExtraError, nearest

__all__ = ["attach", "optional"]


def attach(
    package: str, names: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Give ``__getattr__``, ``__dir__`` and ``__all__`` of a package with late names (PEP 562).

    Parameters
    ----------
    package : str
        The package's ``__name__``.
    names : mapping of str to str
        Public name to the module that defines it. An empty module means that the name is a
        submodule itself.
    """

    def __getattr__(name: str) -> Any:  # noqa: N807
        if name not in names:
            raise AttributeError(
                f"module {package!r} has no attribute {name!r}.{nearest(name, names)}"
            )
        home = names[name]
        value = (
            getattr(importlib.import_module(home), name)
            if home
            else importlib.import_module(f"{package}.{name}")
        )
        setattr(sys.modules[package], name, value)
        return value

    def __dir__() -> list[str]:  # noqa: N807
        return sorted({*vars(sys.modules[package]), *names})

    return __getattr__, __dir__, sorted(names)


def optional(module: str, extra: str, purpose: str) -> ModuleType:
    """Import an optional package, or say how to install it.

    Raises
    ------
    MissingExtraError
        With the install command, if the package is absent.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.split(".", maxsplit=1)[0]
        if error.name is None or error.name.split(".", maxsplit=1)[0] != package:
            raise
        raise MissingExtraError.from_extra(package, extra, purpose) from error
