"""Cloud services (classic) through azure-servicemanagement-legacy, unmodified, at both doors."""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha1
from ssl import PEM_cert_to_DER_cert
from typing import Any

import both_doors
import pytest
import requests
from azure.common import AzureConflictHttpError, AzureHttpError, AzureMissingResourceHttpError
from azure.core.exceptions import ResourceNotFoundError
from azure.servicemanagement import ServiceManagementService
from azure.storage.blob import BlobServiceClient
from both_doors import LOOPBACK, Door, certificates
from parts import NAMESPACES
from requests.adapters import BaseAdapter
from urllib3.response import HTTPResponse

from cmgsim.arm.config import ArmConfig, Subscription
from cmgsim.arm.messages import Request

NAME, SLOT = "granitefalls", "production"


def thumbprint() -> str:
    text = certificates().management_file.read_text()
    end = "-----END CERTIFICATE-----"
    start = text.index("-----BEGIN CERTIFICATE-----")
    return sha1(PEM_cert_to_DER_cert(text[start : text.index(end) + len(end)])).hexdigest()


class Inside(BaseAdapter):
    """Sends the requests of the library `requests` into a cloud of this process, with a certificate."""

    def __init__(self, door: Door, certificate: str | None) -> None:
        super().__init__()
        self.door, self.certificate = door, certificate

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        body = request.body or b""
        content = body.encode() if isinstance(body, str) else bytes(body)
        asked = Request(str(request.method), str(request.url), dict(request.headers), content, self.certificate)
        answer = self.door.service.handle(asked, self.door.now_us)
        made = requests.Response()
        made.status_code, made.request, made.url = answer.status, request, str(request.url)
        made.headers.update(answer.headers)
        made.raw = HTTPResponse(io.BytesIO(answer.body), headers=dict(answer.headers), preload_content=False)
        made.reason = "OK" if answer.status < 400 else "Refused"
        return made

    def close(self) -> None:
        pass


def session(door: Door, known: bool = True) -> requests.Session:
    if door.name == LOOPBACK:
        made: requests.Session = door.session  # type: ignore[attr-defined]
        made.cert = str(certificates().management_file) if known else None
        return made
    made = requests.Session()
    made.mount("https://", Inside(door, thumbprint() if known else None))
    return made


class Classic:
    """Somebody with a management certificate."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.sms = ServiceManagementService(door.subscription, "unused.pem", request_session=session(door))

    def follow(self, begun: Any) -> str:
        """Wait for an operation; return how it ended."""
        for _ in range(1_000):
            status = self.sms.get_operation_status(begun.request_id)
            if status.status != "InProgress":
                return f"{status.status} {status.error.code}" if status.error else str(status.status)
            self.door.wait(10)
        raise AssertionError("it never ended")

    def deploy(self, count: int = 2) -> None:
        self.sms.create_hosted_service(NAME, NAME, location="East US")
        begun = self.sms.create_deployment(
            NAME, SLOT, "d1", "https://x/cmg.cspkg", encoded("label"), configuration(count), start_deployment=True
        )
        assert self.follow(begun) == "Succeeded"

    def instances(self) -> list[tuple[str, str]]:
        found = self.sms.get_deployment_by_slot(NAME, SLOT).role_instance_list
        return [(known.instance_name, known.instance_status) for known in found]


def encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


def configuration(count: int) -> str:
    role = f'<Role name="Proxy"><Instances count="{count}"/></Role>'
    return encoded(f"<ServiceConfiguration>{role}</ServiceConfiguration>")


@pytest.fixture
def classic(open_door: Callable[..., both_doors.Door]) -> Classic:
    own = Subscription(registered=NAMESPACES, management_certificates=(thumbprint(),))
    return Classic(open_door(ArmConfig(subscriptions=(own,))))


def test_who_shows_no_certificate_is_refused(classic: Classic) -> None:
    other = ServiceManagementService(
        classic.door.subscription, "unused.pem", request_session=session(classic.door, known=False)
    )
    with pytest.raises(AzureHttpError, match="failed to authenticate") as problem:
        other.list_locations()
    assert problem.value.status_code == 403


def test_a_service_is_deployed_scaled_and_deleted(classic: Classic) -> None:
    sms = classic.sms
    assert "East US" in [place.name for place in sms.list_locations()]
    assert sms.check_hosted_service_name_availability(NAME).result is True
    started_us = classic.door.now_us
    classic.deploy()
    assert classic.door.now_us - started_us >= 60_000_000
    assert sms.check_hosted_service_name_availability(NAME).result is False
    shown = sms.get_deployment_by_slot(NAME, SLOT)
    assert (shown.name, shown.status, shown.url) == ("d1", "Running", f"http://{NAME}.cloudapp.net/")
    assert [(known.instance_upgrade_domain, known.instance_size) for known in shown.role_instance_list] == [
        (0, "Standard_A2_v2"),
        (1, "Standard_A2_v2"),
    ]
    assert classic.follow(sms.change_deployment_configuration(NAME, "d1", configuration(4))) == "Succeeded"
    assert classic.instances() == [(f"Proxy_IN_{number}", "ReadyRole") for number in range(4)]
    with pytest.raises(AzureConflictHttpError):
        sms.delete_hosted_service(NAME)
    assert classic.follow(sms.delete_deployment(NAME, "d1")) == "Succeeded"
    sms.delete_hosted_service(NAME)
    assert list(sms.list_hosted_services()) == []
    with pytest.raises(AzureMissingResourceHttpError):
        sms.get_hosted_service_properties(NAME)


def test_instances_are_started_anew(classic: Classic) -> None:
    classic.deploy()
    sms = classic.sms
    for renew in (sms.reboot_role_instance, sms.reimage_role_instance, sms.rebuild_role_instance):
        begun = renew(NAME, "d1", "Proxy_IN_1")
        assert classic.instances()[0][1] == "ReadyRole"
        assert classic.instances()[1][1] != "ReadyRole"
        assert classic.follow(begun) == "Succeeded"
    assert classic.follow(sms.update_deployment_status(NAME, "d1", "Suspended")) == "Succeeded"
    assert {status for _, status in classic.instances()} == {"StoppedVM"}
    detail = sms.get_hosted_service_properties(NAME, embed_detail=True)
    assert [found.status for found in detail.deployments] == ["Suspended"]


def test_a_certificate_is_added(classic: Classic) -> None:
    classic.deploy(1)
    begun = classic.sms.add_service_certificate(NAME, encoded("x"), "pfx", "secret")
    assert classic.follow(begun) == "Succeeded"


def test_the_quota_of_cores_is_kept(classic: Classic) -> None:
    classic.deploy(10)
    with pytest.raises(AzureConflictHttpError, match="exceeding approved Total Regional Cores quota"):
        classic.sms.change_deployment_configuration(NAME, "d1", configuration(11))


def test_storage_accounts_of_the_classic_model(classic: Classic) -> None:
    sms = classic.sms
    assert sms.check_storage_account_name_availability(NAME).result is True
    begun = sms.create_storage_account(NAME, "for content", NAME, location="East US", account_type="Standard_LRS")
    assert classic.follow(begun) == "Succeeded"
    assert sms.check_storage_account_name_availability(NAME).result is False
    assert sms.get_storage_account_properties(NAME).storage_service_properties.status == "Created"
    keys = sms.get_storage_account_keys(NAME).storage_service_keys
    assert keys.primary != keys.secondary
    assert [found.service_name for found in sms.list_storage_accounts()] == [NAME]
    sms.delete_storage_account(NAME)
    assert list(sms.list_storage_accounts()) == []


def upgrade(classic: Classic, mode: str, count: int = 3) -> Any:
    package = "https://x/new.cspkg"
    return classic.sms.upgrade_deployment(NAME, "d1", mode, package, configuration(count), "new", force=False)


def ready(classic: Classic) -> list[bool]:
    return [status == "ReadyRole" for _, status in classic.instances()]


def test_an_upgrade_walks_from_domain_to_domain(classic: Classic) -> None:
    classic.deploy(3)
    started_us = classic.door.now_us
    begun = upgrade(classic, "Auto")
    seen = []
    while not all(ready(classic)):
        assert ready(classic).count(False) == 1, "only one domain at a time"
        shown = classic.sms.get_deployment_by_slot(NAME, SLOT).upgrade_status
        assert shown.current_upgrade_domain == str(ready(classic).index(False))
        seen.append(shown.current_upgrade_domain)
        classic.door.wait(15)
    assert sorted(set(seen)) == ["0", "1", "2"]
    assert classic.door.now_us - started_us >= 3 * 60_000_000
    assert classic.follow(begun) == "Succeeded"
    assert classic.sms.get_deployment_by_slot(NAME, SLOT).label == "new"


def test_an_upgrade_by_hand_is_walked_or_rolled_back(classic: Classic) -> None:
    classic.deploy(2)
    sms = classic.sms
    assert classic.follow(upgrade(classic, "Manual", 2)) == "Succeeded"
    shown = sms.get_deployment_by_slot(NAME, SLOT)
    assert (shown.upgrade_status.upgrade_type, shown.rollback_allowed) == ("Manual", True)
    with pytest.raises(AzureConflictHttpError, match="An upgrade is in progress"):
        upgrade(classic, "Auto", 2)
    begun = sms.walk_upgrade_domain(NAME, "d1", 0)
    assert ready(classic) == [False, True]
    assert classic.follow(begun) == "Succeeded"
    with pytest.raises(AzureConflictHttpError):
        sms.walk_upgrade_domain(NAME, "d1", 0)
    begun = sms.rollback_update_or_upgrade(NAME, "d1", "auto", force=False)
    assert ready(classic) == [False, True]
    assert classic.follow(begun) == "Succeeded"
    assert sms.get_deployment_by_slot(NAME, SLOT).rollback_allowed is False
    with pytest.raises(AzureConflictHttpError):
        sms.rollback_update_or_upgrade(NAME, "d1", "auto", force=False)
    classic.follow(upgrade(classic, "Manual", 2))
    for domain in (0, 1):
        assert classic.follow(sms.walk_upgrade_domain(NAME, "d1", domain)) == "Succeeded"
    assert sms.get_deployment_by_slot(NAME, SLOT).rollback_allowed is False
    with pytest.raises(AzureHttpError, match="not valid"):
        sms.walk_upgrade_domain(NAME, "d1", 7)
    with pytest.raises(AzureHttpError, match="roles and instances of before"):
        upgrade(classic, "Auto", 5)


def test_a_subscription_shows_its_limits(classic: Classic) -> None:
    classic.deploy(3)
    shown = classic.sms.get_subscription()
    assert (shown.max_core_count, shown.current_core_count, shown.current_hosted_services) == (20, 6, 1)
    classic.sms.update_hosted_service(NAME, "other label")
    assert classic.sms.get_hosted_service_properties(NAME).hosted_service_properties.label == "other label"


def test_a_key_of_a_classic_account_is_regenerated(classic: Classic) -> None:
    sms = classic.sms
    classic.follow(sms.create_storage_account(NAME, "x", NAME, location="East US"))
    before = sms.get_storage_account_keys(NAME).storage_service_keys
    after = sms.regenerate_storage_account_keys(NAME, "Secondary").storage_service_keys
    assert (after.primary == before.primary, after.secondary == before.secondary) == (True, False)


def test_a_classic_account_holds_blobs(classic: Classic) -> None:
    sms = classic.sms
    classic.follow(sms.create_storage_account(NAME, "x", NAME, location="East US"))
    named = {"account_name": NAME, "account_key": sms.get_storage_account_keys(NAME).storage_service_keys.secondary}
    url = f"https://{NAME}.blob.core.windows.net"
    service = BlobServiceClient(url, credential=named, transport=classic.door.transport(), retry_total=0)
    container = service.create_container("content")
    container.upload_blob("PKG1/a.bin", b"x" * 100)
    assert container.download_blob("PKG1/a.bin").readall() == b"x" * 100
    sms.delete_storage_account(NAME)
    with pytest.raises(ResourceNotFoundError, match="AccountNotFound"):
        container.download_blob("PKG1/a.bin")
