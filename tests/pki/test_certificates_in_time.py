"""Certificates in simulated time: a world serves its clients until the day on which something in a chain turns."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from worlds import design_of

from cmgsim.design.certificates import TurningDay
from cmgsim.site.client import Target
from cmgsim.units import DAY
from cmgsim.world.build import build
from cmgsim.world.components import CertificateExpired, CertificateTurned

START = date(2019, 7, 29)
#: The third of August is the fifth day after the beginning.
TURNS = {
    "the server certificate expires": ({"certificates.servers.old.expires": "2019-08-02"}, 12_175),
    "the server certificate is revoked": ({"certificates.servers.old.revoked_on": "2019-08-03"}, 12_175),
    "the authority expires": ({"certificates.authorities.root.expires": "2019-08-02"}, 12_175),
    "client certificates expire": (
        {"certificates.authorities.root.client_certificates": {"expires": "2019-08-02"}},
        401,
    ),
    "the connection point's certificate expires": (
        {"roles.connection_points.cp1.client_certificate_expires": "2019-08-02"},
        403,
    ),
    "the connection point's certificate is revoked": (
        {"roles.connection_points.cp1.client_certificate_revoked_on": "2019-08-03"},
        403,
    ),
    "client certificates are revoked": (
        {"certificates.authorities.root.client_certificates": {"revoked_on": "2019-08-03"}},
        401,
    ),
}


def answers(world, target: Target = Target.MANAGEMENT_POINT) -> set[int]:
    """Return what clients hear at the contacts over the gateway that stands."""
    landscape = world.landscape
    over = [
        number
        for number, contact in enumerate(landscape.contacts)
        if contact.fqdn == "oldcmg.cloudapp.net" and contact.target is target
    ]
    return {statuses[number] for statuses in landscape.answers for number in over}


@pytest.mark.parametrize("word", TURNS)
def test_clients_are_served_until_a_certificate_turns(word: str) -> None:
    changes, status = TURNS[word]
    world = build(design_of(changes))
    world.run(timedelta(days=5) - timedelta(seconds=1))
    assert answers(world) == {200}
    world.run(timedelta(seconds=2))
    assert answers(world) == {status}
    scans = {200} if "connection point" in word else {status}
    assert answers(world, Target.UPDATE_POINT) == scans, "update points ask connection points no certificate"


def test_a_certificate_that_begins_later_serves_from_its_first_day() -> None:
    world = build(design_of({"certificates.servers.old.valid_from": "2019-08-03"}))
    world.run(timedelta(days=5) - timedelta(seconds=1))
    assert answers(world) == {12_175}
    world.run(timedelta(seconds=2))
    assert answers(world) == {200}


def test_each_turn_is_told_once_at_midnight() -> None:
    changes = {
        "certificates.servers.old.expires": "2019-08-02",
        "certificates.servers.new.revoked_on": "2019-07-30",
        "certificates.authorities.root.client_certificates": {"expires": "2019-07-31", "valid_from": "2019-07-01"},
    }
    world = build(design_of(changes))
    world.run(timedelta(days=7))
    turned = [
        (entry.at_us, entry.fact)
        for entry in world.kernel.trace
        if isinstance(entry.fact, CertificateExpired | CertificateTurned)
    ]
    assert turned == [
        (1 * DAY, CertificateTurned("server certificate new", "revoked")),
        (3 * DAY, CertificateTurned("client certificates of root", "expired")),
        (5 * DAY, CertificateExpired("server certificate old")),
    ]


def test_turning_days_are_the_first_of_a_new_state() -> None:
    changes = {
        "certificates.servers.old": {
            "name": "oldcmg.cloudapp.net",
            "issuer": "root",
            "valid_from": "2019-07-01",
            "expires": "2019-08-02",
            "revoked_on": "2019-07-20",
        }
    }
    assert design_of(changes).certificates.turning_days() == [
        TurningDay("server certificate old", "valid", date(2019, 7, 1)),
        TurningDay("server certificate old", "revoked", date(2019, 7, 20)),
        TurningDay("server certificate old", "expired", date(2019, 8, 3)),
    ]
