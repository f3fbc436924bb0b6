"""Service management over mutual TLS, with Microsoft's older library, unmodified."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest
import requests
from both_doors import certificates
from parts import subscription

from cmgsim.arm.config import ArmConfig
from cmgsim.arm.doors.certificates import open_certificates, thumbprint
from cmgsim.arm.doors.entrance import Entrance
from cmgsim.arm.doors.hosting import Hosted
from cmgsim.arm.doors.pace import Pace, Waits
from cmgsim.arm.doors.passes import Passes
from cmgsim.arm.doors.wall import Wall
from cmgsim.arm.service import ArmService
from cmgsim.errors import UsageError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the library is of 2018 and imports what has been renamed since
    from azure.common import AzureHttpError
    from azure.servicemanagement import ServiceManagementService


@pytest.fixture
def server() -> Iterator[Hosted]:
    known = subscription(management_certificates=(thumbprint(certificates().management_file),))
    config = ArmConfig(subscriptions=(known,))
    wall = Wall()
    passes = Passes(1, int(config.start.timestamp()), wall)
    entrance = Entrance(ArmService(config, 1), Pace(wall, 0, Waits.SKIPPED), passes)
    with Hosted(entrance, certificates()) as hosted:
        yield hosted


def management(server: Hosted, session: requests.Session) -> ServiceManagementService:
    session.verify, session.trust_env = str(certificates().ca_file), False
    host = server.url.removeprefix("https://")
    known = server.entrance.service.cloud.config.subscriptions[0]
    return ServiceManagementService(known.id, host=host, request_session=session)


def test_the_older_library_makes_a_cloud_service(server):
    with requests.Session() as session:
        session.cert = str(certificates().management_file)
        client = management(server, session)
        assert "East US" in [location.name for location in client.list_locations()]
        assert client.check_hosted_service_name_availability("contosoweb").result
        client.create_hosted_service("contosoweb", "contosoweb", location="East US")
        assert [service.service_name for service in client.list_hosted_services()] == ["contosoweb"]
        assert not client.check_hosted_service_name_availability("contosoweb").result
        client.delete_hosted_service("contosoweb")
        assert list(client.list_hosted_services()) == []


def test_without_a_certificate_nobody_gets_in(server):
    with requests.Session() as session:
        client = management(server, session)
        with pytest.raises(AzureHttpError, match="ForbiddenError"):
            client.list_locations()


def test_a_certificate_that_opens_no_subscription(server):
    """One of the same authority passes TLS; the subscription does not know it."""
    with requests.Session() as session:
        session.cert = str(certificates().server_file)
        client = management(server, session)
        with pytest.raises(AzureHttpError, match="ForbiddenError"):
            client.list_locations()


def test_a_stranger_does_not_pass_tls(server, tmp_path):
    other = open_certificates(tmp_path)
    with requests.Session() as session:
        session.cert = str(other.management_file)
        client = management(server, session)
        with pytest.raises((requests.ConnectionError, ConnectionError)):
            client.list_locations()


def test_certificates_are_made_once(tmp_path):
    first = open_certificates(tmp_path / "tls")
    content = first.ca_file.read_bytes()
    assert open_certificates(tmp_path / "tls") == first
    assert first.ca_file.read_bytes() == content
    for name in ("ca-key.pem", "server.pem", "management.pem"):
        assert (tmp_path / "tls" / name).stat().st_mode & 0o077 == 0


def test_a_file_without_a_certificate_is_refused(tmp_path):
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n")
    server = open_certificates(tmp_path / "tls")
    for path in (tmp_path / "none.pem", nonsense):
        with pytest.raises(UsageError, match="holds no certificate that can be read"):
            server.context((path,))
        with pytest.raises(UsageError, match="holds no certificate that can be read"):
            thumbprint(path)


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="certificates cannot be written there"):
        open_certificates(tmp_path / "file" / "tls")
