"""``python -m causalsim``, the same as the command ``causalsim``."""

from __future__ import annotations

from causalsim.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
