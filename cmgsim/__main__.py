"""``python -m cmgsim``: the same as the command ``cmgsim``."""

from __future__ import annotations

import sys

from cmgsim.ui.cli import main

if __name__ == "__main__":
    sys.exit(main())
