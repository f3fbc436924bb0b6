"""Ctrl-C that is not lost: Python swallows an exception that is raised while it clears something away."""

from __future__ import annotations

import signal
import threading
from types import FrameType


class Interruptions:
    """Notes Ctrl-C while a block runs, besides raising ``KeyboardInterrupt`` at once; :meth:`check` raises it again."""

    def __init__(self) -> None:
        self._noted = self._mine = False

    def __enter__(self) -> Interruptions:
        here = threading.current_thread() is threading.main_thread()
        self._mine = here and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if self._mine:
            signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *args: object) -> None:
        if self._mine:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def check(self) -> None:
        """Raise ``KeyboardInterrupt`` if Ctrl-C was pressed before."""
        if self._noted:
            raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._noted = True
        raise KeyboardInterrupt
