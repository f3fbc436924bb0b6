"""``--logs`` of run and rehearse: logs that CMTrace reads, in a folder for each run."""

from cmgsim.observe.cmtrace import read_log


def test_a_run_writes_its_logs_and_they_read_back(cmgsim, lab):
    said = cmgsim("run", "first.design.yaml", "--for", "1d", "--logs", "logs")
    assert said.code == 0
    found = {path.relative_to(lab / "logs/seed-1").as_posix() for path in (lab / "logs/seed-1").rglob("*.log")}
    assert "field-1/LocationServices.log" in found
    assert any(path.endswith("SMS_Cloud_ProxyConnector.log") for path in found)
    for path in (lab / "logs/seed-1").rglob("*.log"):
        assert read_log(path.read_text("utf-8")), path


def test_a_rehearsal_logs_the_clients_that_are_named(cmgsim, lab):
    assert cmgsim("rehearse", "first.scenario.yaml", "--logs", "logs", "--watch", "field-3").code == 0
    assert (lab / "logs/seed-1/field-3").is_dir()
    assert not (lab / "logs/seed-1/field-1").exists()
    assert (lab / "logs/seed-1/site-server/CloudMgr.log").exists()


def test_a_client_that_is_not_there_and_a_folder_that_is_are_one_line_each(cmgsim, lab):
    said = cmgsim("run", "first.design.yaml", "--for", "1h", "--logs", "logs", "--watch", "fied-1")
    assert (said.code, len(said.err.splitlines())) == (2, 1)
    assert "no client is named 'fied-1'" in said.err
    (lab / "logs/seed-1").mkdir(parents=True)
    said = cmgsim("run", "first.design.yaml", "--for", "1h", "--logs", "logs")
    assert (said.code, len(said.err.splitlines())) == (2, 1)
    assert "give --logs a new folder" in said.err
