"""Real Azure SDK clients, unmodified, in simulated time."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.core.pipeline import Pipeline
from azure.core.rest import HttpRequest
from azure.identity import ClientSecretCredential
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.storage import StorageManagementClient
from parts import API, Driver, subscription

from cmgsim.arm.config import ArmConfig, ThrottleMode
from cmgsim.arm.exchange import SimResponse
from cmgsim.arm.faults import Fault, Match, Point
from cmgsim.arm.messages import Request, Response
from cmgsim.arm.service import ArmService
from cmgsim.arm.transport import (
    LATENCY_US,
    ScriptClock,
    SimTransport,
    client_options,
    inline_polling,
    pipeline,
)
from cmgsim.errors import UnknownName
from cmgsim.units import HOUR, MINUTE, SECOND

EAST: dict[str, Any] = {"location": "eastus"}
ACCOUNT: dict[str, Any] = EAST | {"kind": "StorageV2", "sku": {"name": "Standard_LRS"}}


def put(script: Script, resource_id: str, document: dict[str, Any]) -> Any:
    """Begin to write any resource; every argument is named, as their order differs between releases."""
    return script.resources.resources.begin_create_or_update_by_id(
        resource_id=resource_id, api_version=API, parameters=document, polling=inline_polling()
    )


class Script:
    """Somebody's script: a clock, a cloud and the clients."""

    def __init__(self, config: ArmConfig | None = None, seed: int = 1) -> None:
        self.config = config or ArmConfig(subscriptions=(subscription(),))
        self.service = ArmService(self.config, seed)
        self.clock = ScriptClock()
        self.id = self.config.subscriptions[0].id
        self.options = client_options(self.service, self.clock, "owner")
        self.transport: SimTransport = self.options["transport"]
        self.resources = ResourceManagementClient(subscription_id=self.id, **self.options)
        self.storage = StorageManagementClient(subscription_id=self.id, **self.options)

    def group(self, name: str = "rg") -> None:
        self.resources.resource_groups.create_or_update(name, EAST)

    def begin(self, name: str) -> Any:
        return self.storage.storage_accounts.begin_create("rg", name, ACCOUNT, polling=inline_polling())


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse to sleep on the wall's clock: all waiting is simulated."""

    def refuse(duration: float) -> None:
        raise AssertionError(f"something slept {duration} real seconds")

    monkeypatch.setattr(time, "sleep", refuse)


def test_groups_through_the_sdk(script: Script) -> None:
    groups = script.resources.resource_groups
    made = groups.create_or_update("Rg", {"location": "eastus", "tags": {"a": "b"}})
    assert (made.name, made.location, made.properties.provisioning_state) == ("Rg", "eastus", "Succeeded")
    assert groups.check_existence("rg") is True
    assert groups.check_existence("other") is False
    assert [group.name for group in groups.list()] == ["Rg"]
    assert groups.update("rg", {"tags": {"c": "d"}}).tags == {"c": "d"}
    groups.begin_delete("rg", polling=inline_polling()).result()
    assert groups.check_existence("rg") is False
    with pytest.raises(ResourceNotFoundError, match="ResourceGroupNotFound"):
        groups.get("rg")


def test_a_storage_account_is_ready_some_simulated_seconds_later(script: Script) -> None:
    script.group()
    started_us = script.clock.now_us
    account = script.begin("contoso").result()
    assert 15 * SECOND <= script.clock.now_us - started_us <= 2 * 17 * SECOND + SECOND
    assert (account.name, account.location, account.sku.name) == ("contoso", "eastus", "Standard_LRS")
    assert account.primary_endpoints.blob == "https://contoso.blob.core.windows.net/"
    accounts = script.storage.storage_accounts
    assert accounts.check_name_availability({"name": "contoso"}).name_available is False
    assert len(accounts.list_keys("rg", "contoso").keys_property) == 2
    assert [found.name for found in accounts.list()] == ["contoso"]
    script.group("rg2")
    with pytest.raises(ResourceExistsError, match="StorageAccountInAnotherResourceGroup"):
        accounts.begin_create("rg2", "contoso", ACCOUNT, polling=inline_polling())
    accounts.delete("rg", "contoso")
    assert accounts.check_name_availability({"name": "contoso"}).name_available is True


def test_operations_that_overlap_take_as_long_as_the_longest(script: Script) -> None:
    script.group()
    started_us = script.clock.now_us
    pollers = [script.begin(f"account{number}") for number in range(8)]
    assert {poller.result().name for poller in pollers} == {f"account{number}" for number in range(8)}
    assert script.clock.now_us - started_us <= 2 * 17 * SECOND + 3 * SECOND


def test_any_resource_through_the_generic_client(script: Script) -> None:
    script.group()
    vault = f"/subscriptions/{script.id}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/contoso"
    resources = script.resources.resources
    made = put(script, vault, EAST).result()
    assert made.properties["provisioningState"] == "Succeeded", "the body is polled until it says so"
    assert 20 * SECOND <= script.clock.now_us <= 50 * SECOND
    scale_set = vault.replace("Microsoft.KeyVault/vaults", "Microsoft.Compute/virtualMachineScaleSets")
    document = EAST | {"sku": {"name": "Standard_A2_v2", "capacity": 2}}
    began_us = script.clock.now_us
    made = put(script, scale_set, document).result()
    assert made.properties["provisioningState"] == "Succeeded"
    assert 180 * SECOND <= script.clock.now_us - began_us <= 432 * SECOND
    assert sorted(found.type for found in resources.list()) == [
        "Microsoft.Compute/virtualMachineScaleSets",
        "Microsoft.KeyVault/vaults",
    ]
    resources.begin_delete_by_id(scale_set, api_version=API, polling=inline_polling()).result()
    assert resources.check_existence_by_id(scale_set, api_version=API) is False


def test_cloud_services_go_through_the_generic_client_with_its_double_slash(script: Script) -> None:
    script.group()
    resources = script.resources.resources
    made = resources.begin_create_or_update(
        resource_group_name="rg",
        resource_provider_namespace="Microsoft.ClassicCompute",
        parent_resource_path="",
        resource_type="domainNames",
        resource_name="contoso",
        api_version="2016-11-01",
        parameters=EAST,
        polling=inline_polling(),
    ).result()
    assert made.properties["hostName"] == "contoso.cloudapp.net"


def test_a_failure_reaches_the_script_as_the_sdk_tells_it(script: Script) -> None:
    script.group()
    with pytest.raises(HttpResponseError) as caught:
        script.storage.storage_accounts.begin_create("rg", "No", ACCOUNT, polling=inline_polling())
    assert caught.value.error.code == "AccountNameInvalid"
    big = f"/subscriptions/{script.id}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets/web"
    document = EAST | {"sku": {"name": "Standard_A2_v2", "capacity": 16}}
    with pytest.raises(ResourceExistsError) as quota:
        put(script, big, document)
    assert quota.value.error.code == "OperationNotAllowed"


def test_providers_are_registered_by_whoever_needs_them() -> None:
    script = Script(ArmConfig(subscriptions=(subscription(registered=()),)))
    script.group()
    with pytest.raises(ResourceExistsError, match="MissingSubscriptionRegistration"):
        script.begin("contoso")
    providers = script.resources.providers
    assert providers.register("Microsoft.Storage").registration_state == "Registering"
    while providers.get("Microsoft.Storage").registration_state != "Registered":
        script.transport.sleep(10)
    assert 20 * SECOND <= script.clock.now_us <= 105 * SECOND
    assert script.begin("contoso").result().name == "contoso"


def test_a_script_may_run_for_hours_and_its_tokens_are_renewed(script: Script) -> None:
    for hour in range(4):
        script.resources.resource_groups.create_or_update(f"rg{hour}", EAST)
        script.transport.sleep(3600 * 0.97)
    assert len(list(script.resources.resource_groups.list())) == 4
    assert script.clock.now_us > 3 * HOUR + 50 * MINUTE


def test_who_is_throttled_waits_as_long_as_told_and_goes_on() -> None:
    hasty = Script(ArmConfig(subscriptions=(subscription(),), throttle=ThrottleMode.BUCKET_2024))
    hasty.options = client_options(hasty.service, hasty.clock, "owner", latency_us=0)
    client = ResourceManagementClient(subscription_id=hasty.id, **hasty.options)
    for number in range(230):
        client.resource_groups.create_or_update(f"rg{number}", EAST)
    assert len(list(client.resource_groups.list())) == 230
    assert hasty.options["transport"].slept_us == hasty.clock.now_us == 3 * SECOND


def test_the_same_script_takes_the_same_time_and_gets_the_same_answers() -> None:
    def run() -> tuple[int, int, list[Any]]:
        script = Script()
        script.group()
        keys = [script.begin(name).result().as_dict() for name in ("one1", "two2")]
        return script.clock.now_us, script.transport.requests, keys

    assert run() == run()


def test_a_credential_of_azure_identity_signs_in_at_the_same_cloud(script: Script) -> None:
    tenant, owner = script.config.tenants[0], script.config.tenants[0].principals[0]
    credential = ClientSecretCredential(
        tenant.id, owner.app_id, owner.secret, transport=script.transport, disable_instance_discovery=True
    )
    scope = "https://management.azure.com/.default"
    options = script.options | {"policies": pipeline(credential, script.clock, scope), "credential": credential}
    client = ResourceManagementClient(subscription_id=script.id, **options)
    assert client.resource_groups.create_or_update("rg", EAST).name == "rg"


def test_an_answer_reads_in_both_forms() -> None:
    driver = Driver()
    clock = ScriptClock()
    with SimTransport(driver.arm, clock) as transport, Pipeline(transport) as opened:
        request = HttpRequest("GET", f"https://management.azure.com{driver.root}", params={"api-version": API})
        response = opened.run(request).http_response
    assert isinstance(response, SimResponse)
    assert clock.now_us == LATENCY_US
    assert (response.status_code, response.reason) == (401, "Unauthorized")
    assert response.headers["www-authenticate"].startswith("Bearer ")
    assert response.content_type == "application/json; charset=utf-8"
    assert response.body() == response.read() == response.content == next(response.iter_raw())
    assert b"".join(response.iter_bytes()) == response.content
    assert response.json()["error"]["code"] == "AuthenticationFailed"
    assert (response.url, response.request) == (request.url, request)
    assert response.is_stream_consumed
    response.encoding = "utf-8"
    assert (response.encoding, response.text()) == ("utf-8", response.content.decode())
    with pytest.raises(HttpResponseError), response:
        response.raise_for_status()
    assert response.is_closed
    assert repr(response) == "<HttpResponse: 401 Unauthorized, Content-Type: application/json; charset=utf-8>"


def test_nobody_signs_in_whom_the_cloud_does_not_know(script: Script) -> None:
    with pytest.raises(UnknownName, match="no principal is named 'x'"):
        client_options(script.service, script.clock, "x")
    credential = script.options["credential"]
    token, info = credential.get_token("s"), credential.get_token_info("s")
    assert (token.token, token.expires_on) == (info.token, info.expires_on)
    assert token.expires_on == script.config.start.timestamp() + 3600


def test_a_poller_can_be_made_again_from_its_text(script: Script) -> None:
    script.group()
    poller = script.begin("contoso")
    assert poller.status() == "InProgress"
    again = script.storage.storage_accounts.begin_create(
        "rg", "contoso", ACCOUNT, polling=inline_polling(), continuation_token=poller.continuation_token()
    )
    assert again.result().name == "contoso"
    poller.polling_method().run()
    assert poller.status() == "Succeeded"


class Overhearing:
    """Stands before a cloud and hears the ids of the requests."""

    def __init__(self, service: ArmService) -> None:
        self.service = service
        self.ids: list[str] = []

    def handle(self, request: Request, now_us: int) -> Response:
        self.ids.append(request.header("x-ms-client-request-id"))
        return self.service.handle(request, now_us)


def overheard(faults: tuple[Fault, ...] = (), clients: int = 1) -> list[str]:
    """Let clients made apart each make and look at a group; return the ids of their requests."""
    service = ArmService(ArmConfig(subscriptions=(subscription(),), faults=faults), 1)
    door, clock = Overhearing(service), ScriptClock()
    for number in range(clients):
        options = client_options(service, clock, "owner") | {"transport": SimTransport(door, clock)}
        groups = ResourceManagementClient(subscription_id=subscription().id, **options).resource_groups
        groups.create_or_update(f"rg{number}", EAST)
        groups.get(f"rg{number}")
    return door.ids


def test_every_request_has_an_id_of_its_own_and_the_same_in_every_run() -> None:
    ids = overheard(clients=3)
    assert len(set(ids)) == 6
    assert all(UUID(text).version == 4 for text in ids)
    assert ids == overheard(clients=3)


def test_a_request_that_is_repeated_keeps_its_id() -> None:
    busy = Fault("busy", Point.SERVER_ERROR, Match(operation="PUT"), until_us=MINUTE)
    ids = overheard((busy,))
    assert len(ids) > 2
    assert len(set(ids)) == 2


def test_a_caller_may_give_an_id_of_his_own(script: Script) -> None:
    door = Overhearing(script.service)
    options = script.options | {"transport": SimTransport(door, script.clock)}
    groups = ResourceManagementClient(subscription_id=script.id, **options).resource_groups
    groups.create_or_update("rg", EAST, request_id="mine")
    groups.create_or_update("rg", EAST, request_id=None)
    groups.create_or_update("rg", EAST)
    assert door.ids[:2] == ["mine", ""]
    assert UUID(door.ids[2])
