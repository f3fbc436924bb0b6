"""Stock asynchronous clients over HTTPS, and what the Azure CLI needs beyond them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from azure.core.pipeline.transport import AioHttpTransport
from azure.identity.aio import ClientSecretCredential
from azure.mgmt.resource.resources.aio import ResourceManagementClient
from azure.mgmt.storage.aio import StorageManagementClient
from both_doors import LOOPBACK, Loopback, certificates, open_door
from parts import Driver

from cmgsim.units import SECOND

EAST: dict[str, Any] = {"location": "eastus"}
ACCOUNT: dict[str, Any] = EAST | {"kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
IMAGE = "/providers/Microsoft.Compute/locations/eastus/publishers/P/artifacttypes/vmimage/offers/O/skus/K/versions"
VNET = {"location": "eastus", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}


def test_asynchronous_clients_with_aiohttp_and_azure_identity():
    door = open_door(LOOPBACK)
    assert isinstance(door, Loopback)
    tenant, owner = door.config.find_principal("owner")
    trust = {"connection_verify": str(certificates().ca_file)}

    async def story() -> list[str]:
        credential = ClientSecretCredential(
            tenant.id,
            owner.app_id,
            owner.secret,
            authority=door.base,
            disable_instance_discovery=True,
            transport=AioHttpTransport(**trust),
        )
        options = {"base_url": door.base, "credential_scopes": [f"{door.base}/.default"], **trust}
        async with (
            credential,
            ResourceManagementClient(credential, door.subscription, **options) as resources,
            StorageManagementClient(credential, door.subscription, **options) as storage,
        ):
            await resources.resource_groups.create_or_update("rg", EAST)
            accounts = storage.storage_accounts
            begun = [await accounts.begin_create("rg", f"contoso{number}", ACCOUNT) for number in range(5)]
            made = await asyncio.gather(*(poller.result() for poller in begun))
            return [account.name for account in made]

    try:
        assert asyncio.run(story()) == [f"contoso{number}" for number in range(5)]
        assert door.now_us >= 15 * SECOND
    finally:
        door.close()


def test_an_image_is_there_in_one_version():
    driver = Driver()
    (version,) = driver.get(IMAGE).json()
    image = driver.get(f"{IMAGE}/{version['name']}").json()
    assert image["id"] == version["id"]
    assert image["properties"]["osDiskImage"] == {"operatingSystem": "Windows"}


def test_what_a_region_holds_is_counted():
    driver = Driver()
    driver.group()
    driver.put("/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/here", VNET)
    elsewhere = VNET | {"location": "westus"}
    driver.put("/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/there", elsewhere)

    def counted(namespace: str) -> dict[str, tuple[int, int]]:
        usages = driver.get(f"/providers/{namespace}/locations/East%20US/usages").json()["value"]
        return {usage["name"]["value"]: (usage["currentValue"], usage["limit"]) for usage in usages}

    assert counted("Microsoft.Network")["VirtualNetworks"] == (1, 1_000)
    assert counted("Microsoft.Network")["LoadBalancers"] == (0, 1_000)
    assert counted("Microsoft.Storage") == {"StorageAccounts": (0, 250)}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("[providers('Microsoft.Storage', 'storageAccounts').resourceType]", "storageAccounts"),
        ("[length(providers('microsoft.storage', 'storageaccounts').apiVersions)]", 1),
    ],
)
def test_a_template_may_ask_what_a_provider_offers(expression, value):
    driver = Driver()
    driver.group()
    template = {"resources": [], "outputs": {"told": {"type": "string", "value": expression}}}
    path = "/resourceGroups/rg/providers/Microsoft.Resources/deployments/asks"
    driver.poll(driver.put(path, {"properties": {"mode": "Incremental", "template": template}}))
    outputs = driver.get(path).json()["properties"].get("outputs")
    assert outputs is not None
    assert outputs["told"]["value"] == value


def test_a_template_cannot_ask_for_what_no_provider_offers():
    driver = Driver()
    driver.group()
    told = {"type": "string", "value": "[providers('Microsoft.Storage', 'x')]"}
    document = {"properties": {"mode": "Incremental", "template": {"resources": [], "outputs": {"told": told}}}}
    path = "/resourceGroups/rg/providers/Microsoft.Resources/deployments/asks"
    begun = driver.put(path, document)
    if begun.status < 400:
        driver.poll(begun)
        error = driver.get(path).json()["properties"]["error"]
    else:
        error = begun.json()["error"]
    assert "the resource type 'Microsoft.Storage/x' is not found" in str(error)


def test_the_activity_log_takes_moments_without_quotes():
    driver = Driver()
    driver.group()
    log = "/providers/Microsoft.Insights/eventtypes/management/values?$filter=eventTimestamp%20ge%20"
    found = driver.get(f"{log}2019-07-28T00:00:00.000000%20and%20eventTimestamp%20le%202019-07-30").json()["value"]
    assert len(found) == 2
    assert driver.get(f"{log}2019-07-30T00:00:00Z").json()["value"] == []
