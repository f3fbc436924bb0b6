"""Dates at the ends of the calendar, and offsets from UTC: they are taken, or refused with a remedy; nothing breaks."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from worlds import TWO_ROUTES, design_of

from cmgsim.design.clients import DayPlan
from cmgsim.pki.issue import issue
from cmgsim.pki.records import Certificate, Key
from cmgsim.units import HOUR, MINUTE
from cmgsim.world.components import Calendar

FIRST, LAST = "0001-01-01", "9999-12-31"
SERVER = "certificates.servers.old"
AUTHORITY = "certificates.authorities.root"
POINT = "roles.connection_points.cp1"


def write(folder: Path, changes: dict[str, Any]) -> str:
    """Write the design of two routes, few clients in it, with values at dotted paths."""
    data = deepcopy(TWO_ROUTES)
    for path, value in {"clients.road.count": 2, "clients.office.count": 2, **changes}.items():
        *parents, last = path.split(".")
        place = data
        for part in parents:
            place = place.setdefault(part, {})
        place[last] = value
    (folder / "far.design.yaml").write_text(json.dumps(data, indent=1), encoding="utf-8")
    return "far.design.yaml"


@pytest.mark.parametrize("day", [FIRST, LAST])
@pytest.mark.parametrize(
    "path",
    [
        *(f"{record}.{key}" for record in (SERVER, AUTHORITY) for key in ("valid_from", "expires", "revoked_on")),
        *(f"{AUTHORITY}.client_certificates.{key}" for key in ("valid_from", "expires", "revoked_on")),
        f"{POINT}.client_certificate_expires",
        f"{POINT}.client_certificate_revoked_on",
        "certificates.management.azure.expires",
        "azure.aad.secret_expires",
        "clients.road.token_renewed",
    ],
)
def test_no_day_of_the_calendar_breaks_anything(cmgsim, lab, path, day):
    file = write(lab, {path: day})
    judged = cmgsim("lint", file)
    assert judged.code in (0, 1), judged.err
    ran = cmgsim("run", file, "--for", "2h")
    assert ran.code in (0, 1), ran.err


@pytest.mark.parametrize("path", [SERVER, AUTHORITY, f"{AUTHORITY}.client_certificates"])
def test_a_certificate_to_the_last_day_of_the_calendar_never_expires(path):
    endless, once = design_of({f"{path}.expires": LAST}), design_of({f"{path}.expires": "2019-09-01"})
    assert endless.certificates.turning_days() == []
    assert Calendar(endless).due() is None
    assert Calendar(once).due() == 35 * 24 * HOUR, "the midnight after the 34 days that follow 29 July"


def test_the_last_day_of_a_connection_points_certificate_is_no_end_either():
    assert Calendar(design_of({f"{POINT}.client_certificate_expires": LAST})).due() is None


def test_what_is_revoked_or_valid_from_a_day_on_turns_at_its_midnight():
    for changes in ({f"{SERVER}.valid_from": "2019-07-31"}, {f"{POINT}.client_certificate_revoked_on": "2019-07-31"}):
        assert Calendar(design_of(changes)).due() == 48 * HOUR


def test_a_certificate_file_without_an_end_is_taken(cmgsim, lab):
    root = Certificate("CN=Root", "CN=Root", key=Key("ec", 256), role="authority")
    end = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    facts = Certificate(
        "CN=oldcmg.cloudapp.net",
        root.subject,
        ("oldcmg.cloudapp.net",),
        frozenset({"server_authentication"}),
        datetime(1950, 1, 1, tzinfo=UTC),
        end,
        Key("rsa", 2048),
    )
    (lab / "gw.pfx").write_bytes(issue(facts, issue(root)).pfx(b"secret"))
    (lab / "gw.password").write_text("secret\n", encoding="utf-8")
    file = write(lab, {SERVER: {"issuer": "root", "file": "gw.pfx", "password_file": "gw.password"}})
    judged, ran = cmgsim("lint", file, "--json"), cmgsim("run", file, "--for", "1h")
    assert (judged.code, ran.code) == (0, 0), judged.out
    shown = cmgsim("certificate", "gw.pfx", "--password-file", "gw.password", "--on", "2019-07-29")
    assert (shown.code, "1950-01-01 to 9999-12-31" in shown.out) == (0, True)
    far = cmgsim("certificate", "gw.pfx", "--password-file", "gw.password", "--on", LAST)
    assert (far.code, far.err) == (
        2,
        "error: --on '9999-12-31' is too far away; write a day from 2010-01-01 to 2100-12-31\n",
    )


@pytest.mark.parametrize("day", [FIRST, "2009-12-31", "2101-01-01", LAST])
def test_a_run_begins_in_a_sensible_year(cmgsim, lab, day):
    said = cmgsim("lint", write(lab, {"start": day}))
    assert said.code == 1
    assert f"a run cannot begin on {day}\n   --> far.design.yaml:119:11  (start)" in said.out
    assert "= help: write a day from 2010-01-01 to 2100-12-31" in said.out


@pytest.mark.parametrize("day", ["2010-01-01", "2100-12-31"])
def test_the_first_and_the_last_day_to_begin_are_lived(cmgsim, lab, day):
    file = write(lab, {"start": day})
    plan = {"plan": "long", "steps": [{"wait": "365000d"}] * 9}
    (lab / "long.plan.yaml").write_text(json.dumps(plan), encoding="utf-8")
    assert cmgsim("lint", file).code == 0
    assert cmgsim("lint", file, "long.plan.yaml").code in (0, 1)
    assert cmgsim("run", file, "--for", "1h").code == 0


@pytest.mark.parametrize(
    ("offset", "remedy"),
    [
        (-5, "'UTC-05:00'"),
        (0, "'UTC'"),
        (5.5, "'UTC+05:30'"),
        (15, "'UTC', 'UTC-05:00' or 'UTC+05:30'"),
        (-18_000_000_000, "'UTC', 'UTC-05:00' or 'UTC+05:30'"),
        (True, "'UTC', 'UTC-05:00' or 'UTC+05:30'"),
        ("-05:00", "'UTC', 'UTC-05:00' or 'UTC+05:30'"),
        ("UTC+14:01", "from 'UTC-12:00' to 'UTC+14:00'"),
        ("UTC-12:30", "from 'UTC-12:00' to 'UTC+14:00'"),
    ],
)
def test_an_offset_is_a_text_and_one_that_clocks_show(cmgsim, lab, offset, remedy):
    said = cmgsim("lint", write(lab, {"day_plans.always.utc_offset": offset}), "--json")
    assert said.code == 1
    (finding,) = said.data["findings"]
    assert remedy in finding["message"] + finding["remedy"]


@pytest.mark.parametrize(("text", "offset"), [("UTC-12:00", -12 * HOUR), ("UTC+5:45", 5 * HOUR + 45 * MINUTE)])
def test_an_offset_is_read_and_written_back(text, offset):
    plan = DayPlan.model_validate({"always": "internet", "utc_offset": text})
    assert plan.utc_offset == offset
    assert DayPlan.model_validate(plan.model_dump(mode="json")) == plan
    with pytest.raises(ValidationError, match="UTC-05:00"):
        DayPlan(always="internet", utc_offset=-5)
