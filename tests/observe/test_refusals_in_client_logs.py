"""Why a client was refused is told in the words of what refused it, not of any other cause of the same status."""

from __future__ import annotations

from typing import Any

import pytest
from worlds import design_of

from cmgsim.observe.client_logs import lines_of_diary
from cmgsim.site.authentication import Reason
from cmgsim.site.error_catalogue import client_lines
from cmgsim.units import days
from cmgsim.world.build import build

WITHOUT_CERTIFICATE: dict[str, Any] = {"roles.connection_points.cp1.client_certificate": False}
WRONG_MODE: dict[str, Any] = {"roles.management_points.mp1.mode": "http"}
OTHER_ROOT: dict[str, Any] = {
    "certificates.authorities.other": {},
    "certificates.servers.old.issuer": "other",
}
EXPIRED: dict[str, Any] = {"certificates.servers.old.expires": "2019-07-28"}
URL = "https://oldcmg.cloudapp.net/"


def errors(changes: dict[str, Any]) -> set[str]:
    """Return what a client on the internet writes of its refusals within a day."""
    world = build(design_of({**changes, "clients.office.count": 0, "clients.road.count": 1}), watch=("road-1",))
    world.run(days(1))
    assert world.diary is not None
    populations = world.fleet.roll().population.tolist()
    lines = lines_of_diary(world.diary.entries, world.landscape, populations)
    return {line.text for line in lines if "StatusText" in line.text or "FLAG" in line.text}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [(WITHOUT_CERTIFICATE, Reason.CONNECTION_POINT_CERTIFICATE), (WRONG_MODE, Reason.MP_MODE_INVALID)],
)
def test_a_403_says_which_one_it_is(changes, reason):
    assert errors(changes) == set(client_lines(reason, URL))


@pytest.mark.parametrize(
    ("changes", "flag"), [(OTHER_ROOT, "INVALID_CA"), (EXPIRED, "CERT_DATE_INVALID")], ids=["root", "date"]
)
def test_a_failed_tls_connection_shows_its_flag(changes, flag):
    assert errors(changes) == {f"[CCMHTTP]                : WINHTTP_CALLBACK_STATUS_FLAG_{flag} is set"}


def test_the_landscape_says_why_and_differs_by_nothing_else():
    refused = build(design_of(WITHOUT_CERTIFICATE)).landscape
    words = {word for row in refused.reasons for word in row}
    assert words == {"", "CONNECTION_POINT_CERTIFICATE"}
    for statuses, row in zip(refused.answers, refused.reasons, strict=True):
        assert [bool(word) for word in row] == [status not in (0, 200) for status in statuses]
