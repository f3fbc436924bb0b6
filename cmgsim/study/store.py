"""Results of a study on disk, one small file each, so that nothing finished is ever done again.

A result is written beside its place and then moved there, so a result that is there is whole.
"""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

from cmgsim.errors import StorageError


class Store:
    """Results by key, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: str) -> Path:
        """Return where the result of a key is kept."""
        return self.folder / key[:2] / f"{key}.json"

    def get(self, key: str) -> dict[str, Any] | None:
        """Return a result, or None if there is none that can be read."""
        try:
            found = json.loads(self.path(key).read_bytes())
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return None
        except OSError as error:
            raise StorageError(f"{self.path(key)}: cannot be read: {error.strerror}") from error
        return found if isinstance(found, dict) else None

    def require_writable(self) -> None:
        """Let this pass if results can be kept.

        Raises:
            StorageError: if the folder cannot be made or written.
        """
        probe = self.folder / ".probe"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            probe.touch()
            probe.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(
                f"{self.folder}: results cannot be kept there: {error.strerror}; choose another folder with --cache"
            ) from error

    def put(self, key: str, result: bytes) -> None:
        """Keep a result.

        Raises:
            StorageError: if the disk is full, or the folder cannot be written.
        """
        path = self.path(key)
        fresh = path.with_suffix(".new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_bytes(result)
            fresh.replace(path)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            reason = "the disk is full" if full else str(error.strerror)
            raise StorageError(
                f"{self.folder}: a result cannot be kept: {reason}; what was finished before is kept: make room, or "
                "choose another folder with --cache, and repeat the command"
            ) from error
