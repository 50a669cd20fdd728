"""Tests on the command line: names, settings, and ``causalsim self-check``."""

from __future__ import annotations

import sys
from ast import literal_eval
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from causalsim.cli._console import guarded, notes
from causalsim.cli._inputs import load_table
from causalsim.errors import NameNotFoundError, OptionError

if TYPE_CHECKING:
    from causalsim.citest import CITest

__all__ = ["MAP_HELP", "SETTING_HELP", "SHOTS_HELP", "TEST_HELP", "read_test", "self_check"]

TEST_HELP = (
    "auto, fisher_z, par_corr, g_squared, chi_squared, mixed, kci, kci_zhang, kci_low_rank, "
    "kci_split, gcm, rcit, rcot, qpc or qpc_plus."
)
_WORDS = {"yes": True, "true": True, "no": False, "false": False, "none": None}
MAP_HELP = "For qpc and qpc_plus: zz, z, pauli, angle or iqp."
SHOTS_HELP = "For qpc and qpc_plus: measurements of an entry."
SETTING_HELP = "A setting of the test, NAME=VALUE, such as null=permutation; repeatable."


def read_test(
    name: str,
    settings: list[str] | None = None,
    *,
    feature_map: str | None = None,
    shots: int | None = None,
    seed: int | None = None,
) -> CITest:
    """Make the spec of a test before the data are read.

    Raises
    ------
    NameNotFoundError
        If there is no such test.
    OptionError
        If it has no such setting, or a setting is not NAME=VALUE.
    """
    from causalsim import citest

    known = [known for known in citest.names() if known != "oracle"]
    if name not in known:
        raise NameNotFoundError.from_names("test", name, known)
    special = {"feature_map": feature_map, "shots": shots}
    options = {key: value for key, value in special.items() if value is not None}
    for key, value in map(_setting, settings or ()):
        if key in options:
            raise OptionError(f"{key} is given twice; keep one of them.")
        options[key] = value
    _refuse_stray(name, [key for key in special if special[key] is not None])
    spec = citest.get(name, **options)
    seeded = any(field.name == "seed" for field in fields(spec)) and "seed" not in options
    return replace(spec, seed=seed) if seeded and seed is not None else spec  # type: ignore[call-arg]


def _refuse_stray(name: str, given: list[str]) -> None:
    """Refuse settings of quantum kernels for a test without."""
    from causalsim import citest

    settings = {field.name for field in fields(citest.get(name))}
    for key in given:
        if key not in settings:
            flag = f"--{key.replace('_', '-')}"
            raise OptionError(f"{flag} goes with --test qpc_plus or qpc; got --test {name}.")


def _setting(text: str) -> tuple[str, Any]:
    """Read NAME=VALUE; what is no Python literal is text."""
    name, sign, value = text.partition("=")
    if not (name.strip() and sign and value):
        raise OptionError(f"--set {text}: expected NAME=VALUE, such as null=permutation.")
    key = name.strip().replace("-", "_")
    if value.lower() in _WORDS:
        return key, _WORDS[value.lower()]
    try:
        return key, literal_eval(value)
    except (ValueError, SyntaxError):
        return key, value


@guarded
def self_check(
    data: Annotated[str, typer.Argument(help="A table, as for discover.")],
    x: Annotated[str, typer.Argument(help="A column.")],
    y: Annotated[str, typer.Argument(help="Another column.")],
    *,
    given: Annotated[
        list[str] | None, typer.Option(help="A column to condition on; repeatable.")
    ] = None,
    test: Annotated[str, typer.Option(help=TEST_HELP)] = "kci",
    setting: Annotated[list[str] | None, typer.Option("--set", help=SETTING_HELP)] = None,
    feature_map: Annotated[str | None, typer.Option(help=MAP_HELP)] = None,
    shots: Annotated[int | None, typer.Option(help=SHOTS_HELP)] = None,
    alpha: Annotated[float, typer.Option(help="Level of the test.")] = 0.05,
    repetitions: Annotated[int, typer.Option(help="Simulated tables.")] = 200,
    kinds: Annotated[
        list[str] | None,
        typer.Option(help="COLUMN=KIND, repeatable, or one KIND for all columns."),
    ] = None,
    drop: Annotated[list[str] | None, typer.Option(help="Leave a column out; repeatable.")] = None,
    missing: Annotated[str, typer.Option(help="Missing values: error or listwise.")] = "error",
    jobs: Annotated[int, typer.Option(help="Workers; -1 for all cores.", min=-1)] = 1,
    seed: Annotated[int, typer.Option(help="Of the simulation.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only errors on stderr.")] = False,
) -> None:
    """Measure how often a test rejects a true independence on data like yours.

    X and Y are simulated from their regressions on the set, so that they are independent given it;
    the share of rejections should be near --alpha.
    """
    from causalsim import citest
    from causalsim.citest._reading import workable

    spec = read_test(test, setting, feature_map=feature_map, shots=shots, seed=seed)
    with notes(quiet=quiet):
        # simulation needs complete rows that vary
        with workable(lambda **change: change == {"missing": "listwise"}):
            table = load_table(
                data, kinds=kinds or [], drop=drop or [], missing=missing, degenerate="keep"
            )
        found = citest.self_check(
            spec,
            table,
            x,
            y,
            given or (),
            alpha=alpha,
            repetitions=repetitions,
            n_jobs=jobs,
            progress=not quiet and sys.stderr.isatty(),
            rng=seed,
        )
    if json:
        from causalsim._files import dump_json

        typer.echo(dump_json(found.to_dict()), nl=False)
    else:
        typer.echo(str(found))
