"""The command line: ``causalsim discover | simulate | check | convert | datasets | ...``.

Data go to stdout, everything else to stderr. Exit codes: 0, done; 1, the data or the run failed;
2, the command line must change; 130, interrupted. Output files are checked before the run,
prepared in memory, and appear together or not at all. ``CAUSALSIM_DEBUG=1`` shows tracebacks.
"""

from causalsim.cli._app import app, main

__all__ = ["app", "main"]
