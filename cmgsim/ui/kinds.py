"""Which kind of file a command was given, by its name: a plan in the place of a design is said to be one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from cmgsim.errors import UsageError

KINDS = ("design", "plan", "scenario")


def wanted(path: Path, *kinds: str) -> Path:
    """Return a path whose name is of one of *kinds*, or says nothing of the kind.

    Raises:
        UsageError: if it is a folder, or its name is of another kind.
    """
    if path.is_dir():
        raise UsageError(f"{path}: this is a directory; name a file in it")
    given = kind_in_name(path)
    if given is not None and given not in kinds:
        raise UsageError(f"{path}: this is a {given}; give a {' or a '.join(kinds)}")
    return path


def kind_in_name(path: Path) -> str | None:
    """Return what a file's name says that it holds, or None."""
    return next((kind for kind in KINDS if path.name.endswith(f".{kind}.yaml")), None)


def files_below(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return files, and in the place of a folder all designs, plans and scenarios below it in the order of their names.

    What is hidden, by a name that begins with a dot, is left alone.

    Raises:
        UsageError: if there is none below a folder.
    """
    found: list[Path] = []
    for path in paths:
        below = sorted(_below(path)) if path.is_dir() else [path]
        if not below:
            raise UsageError(f"{path}: no *.design.yaml, *.plan.yaml or *.scenario.yaml is below this directory")
        found += below
    return tuple(found)


def _below(folder: Path) -> Iterator[Path]:
    for file in folder.rglob("*.yaml"):
        hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
        if kind_in_name(file) and not hidden and file.is_file():
            yield file
