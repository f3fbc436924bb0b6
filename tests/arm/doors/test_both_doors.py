"""The same clients get the same answers at both doors."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.storage import StorageManagementClient
from parts import subscription

from cmgsim.arm.config import ArmConfig, Grant, Principal, Role, Tenant
from cmgsim.units import SECOND

EAST: dict[str, Any] = {"location": "eastus"}
ACCOUNT: dict[str, Any] = EAST | {"kind": "StorageV2", "sku": {"name": "Standard_LRS"}}


def test_a_storage_account_takes_simulated_time_only(door):
    door.client(ResourceManagementClient).resource_groups.create_or_update("rg", EAST)
    accounts = door.client(StorageManagementClient).storage_accounts
    account = accounts.begin_create("rg", "contoso", ACCOUNT, **door.polling).result()
    assert (account.name, account.location) == ("contoso", "eastus")
    assert 15 * SECOND <= door.now_us <= 60 * SECOND
    with pytest.raises(HttpResponseError) as caught:
        accounts.begin_create("rg", "No", ACCOUNT, **door.polling)
    assert caught.value.error.code == "AccountNameInvalid"


def test_a_missing_registration_is_told_as_it_is(open_door):
    door = open_door(ArmConfig(subscriptions=(subscription(registered=()),)))
    client = door.client(ResourceManagementClient)
    client.resource_groups.create_or_update("rg", EAST)
    with pytest.raises(ResourceExistsError, match="MissingSubscriptionRegistration"):
        door.client(StorageManagementClient).storage_accounts.begin_create("rg", "contoso", ACCOUNT, **door.polling)
    client.providers.register("Microsoft.Storage")
    door.wait(200)
    assert client.providers.get("Microsoft.Storage").registration_state == "Registered"


def test_a_reader_may_not_write(open_door):
    tenant = Tenant(principals=(Principal("owner"), Principal("reader")))
    grants = (Grant("owner"), Grant("reader", Role.READER))
    door = open_door(ArmConfig(tenants=(tenant,), subscriptions=(subscription(grants=grants),)))
    groups = door.client(ResourceManagementClient, "reader").resource_groups
    assert list(groups.list()) == []
    with pytest.raises(HttpResponseError, match="AuthorizationFailed"):
        groups.create_or_update("rg", EAST)


def test_a_bare_request_is_challenged_alike(door):
    answer = door.ask("GET", f"/subscriptions/{door.subscription}?api-version=2021-04-01")
    assert answer.status == 401
    assert answer.header("WWW-Authenticate").startswith("Bearer ")
    assert answer.json()["error"]["code"] == "AuthenticationFailed"


def test_every_azure_host_leads_here(door):
    with door.transport() as transport:
        from azure.core.rest import HttpRequest

        answer = transport.send(
            HttpRequest("GET", "https://management.azure.com/metadata/endpoints?api-version=2022-09-01")
        )
        assert answer.status_code == 200
