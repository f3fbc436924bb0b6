"""The asynchronous client of every package in scope does its work in simulated time."""

from __future__ import annotations

from importlib import import_module
from inspect import signature
from typing import Any

import pytest
from azure.mgmt.monitor.aio import MonitorManagementClient
from azure.storage.blob.aio import BlobServiceClient
from parts import subscription

from cmgsim.arm.async_transport import async_client_options
from cmgsim.arm.config import ArmConfig
from cmgsim.arm.coverage import SCOPE
from cmgsim.arm.service import ArmService
from cmgsim.arm.simulated_loop import run_simulated
from cmgsim.arm.transport import ScriptClock

EAST: dict[str, Any] = {"location": "eastus"}
ACCOUNT: dict[str, Any] = EAST | {"kind": "StorageV2", "sku": {"name": "Standard_LRS"}}


class Crowd:
    """A cloud and the asynchronous clients of it."""

    def __init__(self) -> None:
        config = ArmConfig(subscriptions=(subscription(),))
        self.clock, self.service = ScriptClock(), ArmService(config, 1)
        self.id = config.subscriptions[0].id
        self.root = f"/subscriptions/{self.id}"
        self.tenant = config.tenants[0].id

    def options(self) -> dict[str, Any]:
        return async_client_options(self.service, self.clock, "owner")

    def client(self, group: str) -> Any:
        """Return the asynchronous client that has a group of operations."""
        known = next(client for client in SCOPE if group in client.groups)
        kind = getattr(import_module(f"{known.module}.aio"), known.name)
        wanted = {"subscription_id": self.id} if "subscription_id" in signature(kind).parameters else {}
        return kind(**wanted, **self.options())

    async def make(self, group: str, verb: str, *arguments: Any) -> Any:
        """Call an operation and wait for what it began."""
        async with self.client(group) as client:
            answer = await getattr(getattr(client, group), verb)(*arguments)
            return await answer.result() if verb.startswith("begin_") else answer

    async def names(self, group: str, verb: str, *arguments: Any) -> list[str]:
        async with self.client(group) as client:
            return [found.name async for found in getattr(getattr(client, group), verb)(*arguments)]


@pytest.fixture
def crowd() -> Crowd:
    return Crowd()


def test_every_management_client(crowd: Crowd) -> None:
    async def story() -> None:
        await crowd.make("resource_groups", "create_or_update", "rg", EAST)
        made: dict[str, tuple[Any, ...]] = {
            "storage_accounts": ("begin_create", "rg", "contoso", ACCOUNT),
            "public_ip_addresses": ("begin_create_or_update", "rg", "contoso", EAST),
            "vaults": (
                "begin_create_or_update",
                "rg",
                "contoso",
                EAST | {"properties": {"tenantId": crowd.tenant, "sku": {"family": "A", "name": "standard"}}},
            ),
            "virtual_machine_scale_sets": (
                "begin_create_or_update",
                "rg",
                "contoso",
                EAST | {"sku": {"name": "Standard_A2_v2", "capacity": 2}},
            ),
            "deployments": (
                "begin_create_or_update",
                "rg",
                "contoso",
                {"properties": {"mode": "Incremental", "template": {"resources": []}}},
            ),
        }
        for group, (verb, *arguments) in made.items():
            assert (await crowd.make(group, verb, *arguments)).name == "contoso"
        await crowd.make("management_locks", "create_or_update_by_scope", crowd.root, "hold", {"level": "CanNotDelete"})
        assert await crowd.names("management_locks", "list_at_subscription_level") == ["hold"]
        assert await crowd.names("virtual_machine_scale_set_vms", "list", "rg", "contoso") == ["contoso_0", "contoso_1"]
        assert "Owner" in [
            known.role_name async for known in crowd.client("role_definitions").role_definitions.list(crowd.root)
        ]
        assert (await crowd.make("subscriptions", "get", crowd.id)).state == "Enabled"
        log = MonitorManagementClient(subscription_id=crowd.id, **crowd.options()).activity_logs
        assert [event async for event in log.list(filter="eventTimestamp ge '2019-07-29'")]

    run_simulated(story(), crowd.clock)
    assert crowd.clock.now_us > 200_000_000


def test_blobs_asynchronously(crowd: Crowd) -> None:
    async def story() -> bytes:
        await crowd.make("resource_groups", "create_or_update", "rg", EAST)
        await crowd.make("storage_accounts", "begin_create", "rg", "contoso", ACCOUNT)
        keys = await crowd.make("storage_accounts", "list_keys", "rg", "contoso")
        named = {"account_name": "contoso", "account_key": keys.keys_property[0].value}
        url = "https://contoso.blob.core.windows.net"
        service = BlobServiceClient(url, credential=named, transport=crowd.options()["transport"])
        container = await service.create_container("logs")
        await container.upload_blob("a", b"x" * 1_000)
        assert [found.name async for found in container.list_blobs()] == ["a"]
        stream = await container.download_blob("a", offset=10, length=20)
        return bytes(await stream.readall())

    assert run_simulated(story(), crowd.clock) == b"x" * 20
