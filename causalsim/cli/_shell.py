"""Messages of the library, which speak Python, in the words of the shell."""

from __future__ import annotations

import re
import shlex
from ast import literal_eval
from collections.abc import Callable

__all__ = ["flag", "in_shell"]

_FLAGS = {
    "format": "--layout",
    "knots": "--trend",
    "latents": "--latent",
    "n_jobs": "--jobs",
    "period": "--season",
    "rng": "--seed",
    "space": "--tune",
}
_METHODS = "pc|fci|cdnod|exchangeable|pcmci_plus|pcmci"
_Write = Callable[[re.Match[str]], str]


def flag(name: str) -> str:
    """Give the option of a parameter.

    >>> flag("max_lag"), flag("n_jobs")
    ('--max-lag', '--jobs')
    """
    return _FLAGS.get(name, f"--{name.replace('_', '-')}")


def in_shell(message: str) -> str:
    """Turn what a message of the library says to write into words of the command line.

    >>> in_shell("Choose missing='listwise', or write kinds={'x 1': 'discrete'}; or alpha=0.05.")
    "Choose --missing listwise, or write --kinds 'x 1=discrete'; or --alpha 0.05."
    """
    for pattern, written in _PATTERNS:
        message = pattern.sub(written, message)
    return message


def _option(found: re.Match[str]) -> str:
    name, quoted, plain, more = found.groups()
    value = shlex.quote(quoted) if plain is None else plain.replace("None", "auto")
    return f"{flag(name)} {value}" + (f" or {more}" if more else "")


def _kind(found: re.Match[str]) -> str:
    return f"--kinds {shlex.quote(f'{found[2]}={found[3]}')}"


def _contexts(found: re.Match[str]) -> str:
    return " ".join(f"--context {shlex.quote(str(name))}" for name in literal_eval(found[1]))


def _method(found: re.Match[str]) -> str:
    return f"--method {found[1].replace('_', '-')}"


def _dropped(found: re.Match[str]) -> str:
    return " ".join(f"--drop {shlex.quote(str(name))}" for name in literal_eval(found[1]))


def _fill(found: re.Match[str]) -> str:
    way = "add a row of empty cells for each missing time, and --missing listwise"
    return f"; to keep samples from spanning a gap, {way}" if found[1] else ""


_TEXT = r"(['\"])(.*?)\1"
_SORT = (
    r"Write frame\.sort_index\(\) if its values are times, "
    r"frame\.reset_index\(drop=True\) if not"
)
_GAP = (
    r"; to keep samples from spanning a gap, give the parts as a panel \(a list of frames\)"
    r"(, or write frame\.asfreq\(.*?\) and missing='listwise')?"
)
_STRETCHES = (
    r"Fill them, such as with series\.interpolate\(\), or cut the series at the gaps and "
    r"give a list of stretches"
)
_SET = (
    r"\b(alpha|budget|conflict|context|correction|degenerate|discovery|fdr|format|joint|kinds|"
    r"knots|lags|max_cond|max_lag|mechanism|missing|n_jobs|noise|paths|period|rng|sepset|space|"
    r"steps|test|time_kernel)="
    r"(?:'([^']*)'|(None|nan|-?inf|[-+]?\d[\w.+-]*))(?: or '(\w+)')?"
)
_PATTERNS: list[tuple[re.Pattern[str], str | _Write]] = [
    (re.compile(pattern), written)
    for pattern, written in (
        (rf"\bkinds=\{{{_TEXT}: '(\w+)'\}}", _kind),
        (rf"\bkinds\[{_TEXT}\]='(\w+)'", _kind),
        (rf"\bdata\.drop\(columns={_TEXT}\)", lambda found: f"--drop {shlex.quote(found[2])}"),
        (r"\b(?:series|data)\.drop\(columns=(\[.*?\])\)", _dropped),
        (
            _STRETCHES,
            "Fill them in, or keep a stretch of rows without gaps",
        ),
        (r"\bwrite overwrite=True", "write --overwrite"),
        (r"\bwrite null=", "write --null "),
        (r", or block=\d+", ""),
        (r"\bcontext=([\[(].*?[\])])", _contexts),
        (r"latents=\[\.\.\.\]", "--latent NAME"),
        (
            rf"\bcdnod\(data, {_TEXT}\)",
            lambda found: f"--method cdnod --context {shlex.quote(found[2])}",
        ),
        (rf"\b({_METHODS})\((?:data)?\)", _method),
        (r"(?<=use )(pcmci_plus)\b", _method),
        (r"(?<=; )(pcmci_plus)\b", _method),
        (r"Drop them: (data = .*?; )?data\[.*\]\.", "Leave these rows out of the file."),
        (rf"frame\.set_index\({_TEXT}\)", lambda found: f"--time {shlex.quote(found[2])}"),
        (_SORT, "Sort the rows by --time, or leave --time out"),
        (r"\bthe index ('.*?') does", r"the column \1 does"),
        (r"write (?:frame|data)\.reset_index\(\)", "leave --time out"),
        (_GAP, _fill),
        (r", or give a list of DataFrames for a panel", ""),
        (r"Give a list of series, or the name of a column", "Give the name of a column"),
        (r", or read with decimal=',' \(or thousands=','\) in pandas\.read_csv", ""),
        (_SET, _option),
        (r", or None", ""),
    )
]
