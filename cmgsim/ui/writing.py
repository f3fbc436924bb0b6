"""Files that a command writes for its user: whole, or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cmgsim.errors import StorageError


def write_whole(path: Path, text: str, remark: str = "") -> None:
    """Write a file, over one that is there; a disk that is full leaves it as it was.

    *remark* goes behind the complaint, such as ``"; the results are kept"``.

    Raises:
        StorageError: if it cannot be written.
    """
    special = path.exists() and not path.is_file()  # a device, a pipe
    draft = path if special else path.with_name(f".{path.name}.part")
    try:
        try:
            draft.write_text(text, encoding="utf-8", newline="\n")
            if not special:
                draft.replace(path)
        except BaseException:
            if not special:
                with suppress(OSError):
                    draft.unlink()
            raise
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error.strerror or error}{remark}") from error


@contextmanager
def whole_folder(folder: Path) -> Iterator[None]:
    """Take a new folder away again if what writes into it does not come to its end."""
    new = not folder.exists()
    try:
        yield
    except BaseException:
        if new:
            shutil.rmtree(folder, ignore_errors=True)
        raise
