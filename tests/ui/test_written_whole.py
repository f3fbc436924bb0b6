"""What a command writes is there whole or not at all, also where the disk is full."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from doors import COMMAND, environment

from cmgsim.errors import StorageError
from cmgsim.ui.writing import whole_folder, write_whole

FULL = Path("/dev/full")


def test_a_file_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "groups.svg"
    for text in ("first", "second"):
        write_whole(path, text)
        assert path.read_text(encoding="utf-8") == text
    assert [one.name for one in tmp_path.iterdir()] == ["groups.svg"]


def test_what_cannot_be_written_leaves_nothing_and_takes_nothing_away(tmp_path):
    path = tmp_path / "all.jsonl"
    path.write_text("from before", encoding="utf-8")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "half \ud800")
    assert path.read_text(encoding="utf-8") == "from before"
    assert [one.name for one in tmp_path.iterdir()] == ["all.jsonl"]


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_is_one_line(tmp_path):
    with pytest.raises(StorageError, match=r"^/dev/full: cannot be written: No space left on device; all is kept$"):
        write_whole(FULL, "text", "; all is kept")


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StorageError, match=r"nowhere/x\.svg: cannot be written: No such file or directory"):
        write_whole(tmp_path / "nowhere" / "x.svg", "text")


def test_a_new_folder_goes_again_when_its_writing_fails(tmp_path):
    folder = tmp_path / "logs"

    def write():
        folder.mkdir()
        (folder / "CloudMgr.log").write_text("half", encoding="utf-8")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), whole_folder(folder):
        write()
    assert not folder.exists()


def test_a_folder_from_before_stays(tmp_path):
    (tmp_path / "mine").write_text("x", encoding="utf-8")
    with pytest.raises(StorageError), whole_folder(tmp_path):
        raise StorageError("there is something already")
    assert (tmp_path / "mine").exists()


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("arguments", [["rule"], ["rule", "--json"], ["--help"], ["init", "--help"], ["--version"]])
def test_an_output_that_is_full_is_no_bug(arguments, tmp_path):
    with FULL.open("w") as full:
        said = subprocess.run(
            [*COMMAND, *arguments], cwd=tmp_path, env=environment(), stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert said.returncode == 2
    assert said.stderr.decode() == (
        "error: the standard output cannot be written: No space left on device; make room, or send it elsewhere\n"
    )
