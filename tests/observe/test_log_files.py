"""Logs as files: late by push and pull, rotated at their size, read back without loss."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import design_of

from cmgsim.design.plan import Step
from cmgsim.errors import StorageError, UnknownName
from cmgsim.observe.cmtrace import Kind, Record, read_log, server_line
from cmgsim.observe.log_files import CYCLE_US, MAX_BYTES, LogFile, arrives_us, rotated, write_files
from cmgsim.units import MINUTE, days, hours
from cmgsim.world.build import build
from cmgsim.world.logs import log_files, server_lines

PHASES = st.integers(0, CYCLE_US - 1)


@pytest.mark.oracle("O-13")
@given(st.integers(0, 10**13), PHASES, PHASES)
def test_a_line_of_a_vm_is_at_the_site_within_ten_minutes(at_us, push_us, pull_us):
    arrives = arrives_us(at_us, push_us, pull_us)
    assert 0 <= arrives - at_us < 10 * MINUTE
    assert (arrives - pull_us) % CYCLE_US == 0


def lived(changes=None, watch=("road-1", "office-2"), **order):
    world = build(design_of(changes), watch=watch)
    world.run(hours(2))
    if order:
        world.do(Step.model_validate(order))
    world.run(days(1))
    return world.finish()


@pytest.mark.oracle("O-13")
def test_what_has_not_been_pulled_yet_is_in_no_file_and_the_rest_is():
    run = lived(create_gateway="new")
    in_files = sum(len(log.records) for log in log_files(run) if log.path.startswith(("site-server/CMG-", "site-s")))
    written = [line for line in server_lines(run) if not line.place or "/" in line.place]
    late = [line for line in written if line.place and line.at_us > run.ended_us - 10 * MINUTE]
    assert 0 <= len(written) - in_files <= len(late)


def test_every_record_of_a_run_survives_writing_and_reading(tmp_path):
    run = lived(create_gateway="new")
    files = log_files(run)
    paths = run.write_logs(tmp_path / "logs")
    read = {path.relative_to(tmp_path / "logs").as_posix(): read_log(path.read_text("utf-8")) for path in paths}
    assert len(files) > 8
    for log in files:
        older, newer = rotated(log)
        names = (log.path.removesuffix(".log") + ".lo_", log.path)
        for part, name in zip((older, newer), names, strict=True):
            found = [(one.moment, one.component, one.message) for one in read.get(name, [])]
            assert found == [(one.moment, one.component, one.message) for one in part]
            if not log.path.startswith("site-server") and "ProxyConnector" not in log.path:
                assert [one.kind for one in read.get(name, [])] == [one.kind for one in part]


def test_logs_bear_the_names_that_administrators_know():
    paths = [log.path for log in log_files(lived({"hierarchy.sites.PS1.city": "x"}, create_gateway="new"))]
    assert "site-server/CloudMgr.log" in paths
    for log in ("CMGService", "CMGSetup", "CMGContentService"):
        assert (
            any(path == f"site-server/CMG-NEWCMG-ProxyService_IN_0-{log}.log" for path in paths) or log == "CMGService"
        )
    assert "site-server/CMG-OLDCMG-ProxyService_IN_0-CMGService.log" in paths
    assert "cp1/SMS_Cloud_ProxyConnector.log" in paths
    assert {"road-1/LocationServices.log", "road-1/PolicyAgent.log", "office-2/ClientLocation.log"} <= set(paths)
    assert not any(path.startswith("road-2") for path in paths)


@given(st.lists(st.integers(1, 400), max_size=60), st.integers(200, 2_000))
def test_a_log_begins_anew_at_its_size_and_keeps_one_older_part(lengths, size):
    records = tuple(Record(datetime(2019, 7, 29, 0, 0, n % 60), "C", "x" * length) for n, length in enumerate(lengths))
    log = LogFile("C.log", records, server_line)
    older, newer = rotated(log, size)
    kept = [*older, *newer]
    assert kept == list(records[len(records) - len(kept) :])
    assert bool(newer) == bool(records)
    for part in (older, newer):
        assert len(part) <= 1 or sum(len(server_line(record)) + 2 for record in part) <= size


def test_the_size_of_logs_is_a_quarter_of_a_million_bytes(tmp_path):
    records = tuple(Record(datetime(2019, 7, 29), "C", f"{n:0900}", Kind.INFORMATION) for n in range(700))
    [older, newer] = write_files([LogFile("a/C.log", records, server_line)], tmp_path)
    assert (older.name, newer.name) == ("C.lo_", "C.log")
    assert MAX_BYTES - 1_100 < older.stat().st_size <= MAX_BYTES
    assert read_log(newer.read_text("utf-8"))[-1] == records[-1]


def test_logs_are_not_written_over_anything(tmp_path):
    run = lived(watch=())
    with pytest.raises(StorageError, match="something already"):
        run.write_logs(tmp_path)


@pytest.mark.parametrize("name", ["road-41", "road-0", "raod-1", "road"])
def test_a_client_that_is_not_there_cannot_be_watched(name):
    with pytest.raises(UnknownName, match=r"no client is named .*road-1"):
        build(design_of(), watch=(name,))


def test_watching_changes_nothing():
    assert lived().digest == lived(watch=()).digest
