"""A journal holds all that a cloud was asked, so that the cloud can be made again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from entrances import Caller, cloud, likeness

from cmgsim.arm.doors.control import Control
from cmgsim.arm.doors.journal import Origin, open_journal, origin_of
from cmgsim.errors import StorageError, UsageError

EAST = {"location": "eastus"}
ACCOUNT = {"location": "eastus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cloud.journal"


def opened(path: Path) -> Caller:
    """Open a caller of the cloud in a journal."""
    service, config = cloud()
    journal, now_us = open_journal(path, service, Origin.of(config, 1))
    return Caller(service, now_us, journal=journal, control=Control("sesame"))


def busy(caller: Caller) -> None:
    """Leave a cloud with something under way."""
    assert caller.put("/resourceGroups/rg", EAST).status == 201
    assert caller.put("/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/contoso", ACCOUNT).status == 202
    caller.wall.pass_s(0.1)
    assert caller.get("/resourceGroups/rg").status == 200


def same(one: Caller, other: Caller) -> bool:
    """Say whether two clouds are alike in everything but their events, which whoever took them has."""
    return likeness(one.service.cloud) == likeness(other.service.cloud)


def test_a_cloud_is_made_again_as_it_was(path):
    first = opened(path)
    busy(first)
    first.close()
    again = opened(path)
    assert same(again, first)
    assert again.pace.now_us == first.service.cloud.now_us > 0
    account = "/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/contoso"
    again.wall.pass_s(1)
    assert again.get(account).json()["properties"]["provisioningState"] == "Succeeded"


def test_what_was_asked_after_a_restart_is_there_after_the_next(path):
    first = opened(path)
    busy(first)
    first.close()
    second = opened(path)
    assert second.put("/resourceGroups/rg2", EAST).status == 201
    second.close()
    third = opened(path)
    assert same(third, second)
    assert third.get("/resourceGroups/rg2").status == 200


def test_the_deeds_of_the_control_are_done_again(path):
    first = opened(path)
    busy(first)
    fault = {"name": "down", "point": "server_error", "match": {"provider": "Microsoft.Storage"}}
    assert first.control("POST", "/faults", fault).status == 200
    assert first.control("POST", "/regions", {"region": "westus", "state": "down"}).status == 200
    assert first.control("POST", "/advance", {"seconds": 3600}).status == 200
    assert first.control("POST", "/faults", {"name": "nonsense"}).status == 400
    first.close()
    again = opened(path)
    assert same(again, first)
    assert again.pace.now_us >= 3600 * 1_000_000
    assert list(again.service.cloud.faults.active) == ["down"]


@pytest.mark.parametrize("cut", [1, 10, 100])
def test_a_line_that_was_cut_off_was_never_answered(path, cut):
    first = opened(path)
    busy(first)
    first.close()
    content = path.read_bytes()
    path.write_bytes(content[:-cut])
    again = opened(path)
    assert again.service.cloud.requests == first.service.cloud.requests - 1
    again.close()
    assert path.read_bytes() == content[: content.rindex(b"\n", 0, -1) + 1], "the rest of the line is gone"


def test_a_body_of_any_bytes_is_kept(path):
    first = opened(path)
    first.send("POST", "/x", b"\xff\x00\xfe")
    first.send("POST", "/y", "h\u00e4".encode())
    first.close()
    lines = [json.loads(line) for line in path.read_text().splitlines()[1:]]
    assert [(line.get("base64"), line.get("text")) for line in lines] == [("/wD+", None), (None, "h\u00e4")]
    assert same(opened(path), first)


def test_nobody_else_may_read_it_and_secrets_of_the_wire_are_not_kept(path):
    caller = opened(path)
    busy(caller)
    caller.close()
    assert path.stat().st_mode & 0o077 == 0
    assert "user-agent" not in path.read_text().lower()


def test_a_journal_of_another_cloud_is_not_opened(path):
    opened(path).close()
    service, config = cloud()
    with pytest.raises(StorageError, match="journal of another cloud"):
        open_journal(path, service, Origin.of(config, 2))
    with pytest.raises(StorageError, match="journal of another cloud"):
        open_journal(path, service, Origin.of(replace(config, page_size=5), 1))
    assert origin_of(path) == Origin.of(config, 1)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("nonsense", "line 2: is no JSON object"),
        ("[]", "line 2: is no JSON object"),
        ("{}", "line 2: cannot be done again"),
        ('{"at": 5, "deed": {"do": "x"}}', "line 2: cannot be done again"),
        ('{"at": 5, "deed": {"do": "set_region", "region": "x", "state": "up"}}', "line 2: cannot be done again"),
        ('{"at": 5, "method": "GET", "url": "/x", "headers": {}, "status": 200}', "was answered 200, and is now 400"),
    ],
)
def test_a_damaged_journal_is_not_opened(path, line, problem):
    opened(path).close()
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(StorageError, match=problem):
        opened(path)


def test_what_is_no_journal_is_not_opened(tmp_path):
    other = tmp_path / "other"
    other.write_text('{"schema": "x"}\n')
    with pytest.raises(StorageError, match="is no journal of this version"):
        opened(other)
    other.write_text('{"schema": "cmgsim/arm-journal/v1", "seed": 1}\n')
    with pytest.raises(StorageError, match="'start' is missing"):
        origin_of(other)
    with pytest.raises(UsageError, match="cannot be written"):
        opened(tmp_path)
    with pytest.raises(StorageError, match="cannot be read"):
        origin_of(tmp_path)
    with pytest.raises(UsageError, match="cannot be written"):
        opened(tmp_path / "missing" / "cloud.journal")
    assert origin_of(tmp_path / "none") is None


def test_what_cannot_be_written_is_not_acknowledged(path):
    caller = opened(path)
    busy(caller)
    caller.close()
    for _ in range(2):
        answer = caller.put("/resourceGroups/rg2", EAST)
        assert (answer.status, answer.json()["error"]["code"]) == (503, "StateNotSaved")
    assert len(caller.complaints) == 1
    assert "cannot be written" in caller.complaints[0]
    again = opened(path)
    assert again.get("/resourceGroups/rg2").status == 404
    again.close()
    answer = again.control("POST", "/advance", {"seconds": 5})
    assert (answer.status, answer.json()["error"]["code"]) == (503, "StateNotSaved")


def test_two_servers_never_write_one_journal(path):
    first = opened(path)
    with pytest.raises(UsageError, match="another server writes it"):
        opened(path)
    first.close()
    opened(path).close()


@pytest.mark.parametrize("content", ['{"schema": "x"}\nand more', "somebody's note", '{"schema":"cmgsim/run'])
def test_a_file_that_is_no_journal_is_left_as_it_is(path, content):
    path.write_text(content)
    with pytest.raises(StorageError, match="is no journal of this version"):
        opened(path)
    assert path.read_text() == content


def test_a_first_line_that_was_cut_off_is_written_anew(path):
    path.write_text('{"schema":"cmgsim/arm-jour')
    opened(path).close()
    assert origin_of(path) == Origin.of(cloud()[1], 1)
