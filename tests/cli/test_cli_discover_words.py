"""What the library says in Python, in the words of the shell."""

from __future__ import annotations

import pytest

from causalsim.cli._shell import in_shell


@pytest.mark.parametrize(
    ("library", "shell"),
    [
        ("context=['a', 'b c']: twice.", "--context a --context 'b c': twice."),
        ("Use cdnod(data, 'my lab') for", "Use --method cdnod --context 'my lab' for"),
        ("together, or use pc(data).", "together, or use --method pc."),
        ("max_lag=0: no; pc() has no lags.", "--max-lag 0: no; --method pc has no lags."),
        ("Write lags=1 or more, or use pcmci_plus.", "Write --lags 1 or more, or use --method "),
        ("missing='listwise' or 'testwise'.", "--missing listwise or testwise."),
        ("Drop them: data[data.groupby('g')['g'].transform('size') > 1].", "Leave these rows out"),
        (
            "Drop them: data = data.dropna(); data[data.g > 1].",
            "Leave these rows out of the file.",
        ),
        ("Write frame.set_index('my day').", "Write --time 'my day'."),
        ("the index 'day' does not increase", "the column 'day' does not increase"),
        ("Keep one of them, or give a list of DataFrames for a panel.", "Keep one of them."),
        (
            (
                "Write frame.sort_index() if its values are times, "
                "frame.reset_index(drop=True) if not."
            ),
            "Sort the rows by --time, or leave --time out.",
        ),
        (
            "8; to keep samples from spanning a gap, give the parts as a panel (a list of frames)",
            "8",
        ),
        ("time_kernel=-1.0: expected", "--time-kernel -1.0: expected"),
        ("pcmci_plus.csv does not exist", "pcmci_plus.csv does not exist"),
    ],
)
def test_messages_speak_shell(library, shell):
    assert in_shell(library).startswith(shell)
