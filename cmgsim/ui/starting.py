"""``cmgsim init``: a small design, a plan and a scenario to begin with, and the schemas for editors."""

from __future__ import annotations

import json
import shutil
from importlib.resources import files
from pathlib import Path

import click

from cmgsim.errors import UsageError
from cmgsim.ui.asking import KINDS
from cmgsim.ui.door import door
from cmgsim.ui.outlet import Exit, Form, Outlet

NAMES = ("first.design.yaml", "first.plan.yaml", "first.scenario.yaml")


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=".", metavar="[DIR]")
@door("init")
def init_command(outlet: Outlet, folder: Path) -> int:
    """Write a small design, a plan and a scenario to begin with, and the schemas by which editors help.

    Example: cmgsim init replace-gateway

    Without DIR, they go into the folder that one is in. Nothing is ever overwritten. Exit codes: 0 written, 2 something
    is there already or cannot be written.
    """
    contents = starting_files()
    try:
        write_all(folder, contents)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written: {error.strerror or error}") from None
    scenario = (folder / NAMES[-1]).as_posix()
    if outlet.form is Form.JSON:
        outlet.show_data({"folder": folder.as_posix(), "files": list(contents)})
    else:
        outlet.show("\n".join((folder / name).as_posix() for name in contents))
        outlet.say(f"next: cmgsim rehearse {scenario}")
    return Exit.HOLDS


def starting_files() -> dict[str, str]:
    """Return the files to begin with, by name."""
    from cmgsim.design.schema import schema

    templates = files("cmgsim.ui") / "templates"
    texts = {name: (templates / name).read_text(encoding="utf-8") for name in NAMES}
    schemas = {f"cmgsim-{kind}.schema.json": json.dumps(schema(kind), indent=2) + "\n" for kind in KINDS}
    return {**texts, **schemas}


def write_all(folder: Path, contents: dict[str, str]) -> None:
    """Write all files or none, and over none.

    Raises:
        UsageError: if one of them is there already.
        OSError: if one cannot be written; what was written before it is gone again.
    """
    taken = [name for name in contents if (folder / name).exists()]
    if taken:
        raise UsageError(f"{folder / taken[0]} is there already; give another folder, or move it away")
    draft = folder / ".cmgsim-init.part"
    folder.mkdir(parents=True, exist_ok=True)
    draft.mkdir()
    moved = []
    try:
        for name, text in contents.items():
            (draft / name).write_text(text, encoding="utf-8", newline="\n")
        for name in contents:
            moved.append((draft / name).rename(folder / name))
    except OSError:
        for path in moved:
            path.unlink(missing_ok=True)
        raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
