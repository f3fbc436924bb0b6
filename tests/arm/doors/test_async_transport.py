"""Asynchronous Azure SDK clients, unmodified, in simulated time."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.core.pipeline import AsyncPipeline
from azure.core.rest import HttpRequest
from azure.mgmt.resource.resources.aio import ResourceManagementClient
from azure.mgmt.storage.aio import StorageManagementClient
from parts import API, subscription

from cmgsim.arm.async_transport import AsyncSimTransport, async_client_options
from cmgsim.arm.config import ArmConfig, ThrottleMode
from cmgsim.arm.exchange import AsyncSimResponse
from cmgsim.arm.faults import Fault, Point
from cmgsim.arm.service import ArmService
from cmgsim.arm.simulated_loop import run_simulated
from cmgsim.arm.transport import LATENCY_US, ScriptClock
from cmgsim.errors import UnknownName
from cmgsim.units import HOUR, MINUTE, SECOND

EAST: dict[str, Any] = {"location": "eastus"}
ACCOUNT: dict[str, Any] = EAST | {"kind": "StorageV2", "sku": {"name": "Standard_LRS"}}


class Script:
    """A clock, a cloud, and what clients of it are made with."""

    def __init__(self, throttle: ThrottleMode = ThrottleMode.OFF, latency_us: int = LATENCY_US) -> None:
        self.config = ArmConfig(subscriptions=(subscription(),), throttle=throttle)
        self.service = ArmService(self.config, 1)
        self.clock = ScriptClock()
        self.id = self.config.subscriptions[0].id
        self.options = async_client_options(self.service, self.clock, "owner", latency_us=latency_us)
        self.transport: AsyncSimTransport = self.options["transport"]

    def resources(self) -> ResourceManagementClient:
        return ResourceManagementClient(subscription_id=self.id, **self.options)

    def storage(self) -> StorageManagementClient:
        return StorageManagementClient(subscription_id=self.id, **self.options)

    async def group(self, name: str = "rg") -> None:
        async with self.resources() as client:
            await client.resource_groups.create_or_update(name, EAST)

    async def account(self, name: str) -> tuple[str, int]:
        async with self.storage() as client:
            poller = await client.storage_accounts.begin_create("rg", name, ACCOUNT)
            return (await poller.result()).name, self.clock.now_us


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse to sleep on the wall's clock: all waiting is simulated."""

    def refuse(duration: float) -> None:
        raise AssertionError(f"something slept {duration} real seconds")

    monkeypatch.setattr(time, "sleep", refuse)


def test_a_storage_account_is_ready_some_simulated_seconds_later(script):
    async def story() -> Any:
        await script.group()
        async with script.storage() as client:
            poller = await client.storage_accounts.begin_create("rg", "contoso", ACCOUNT)
            assert not poller.done()
            account = await poller.result()
            assert [found.name async for found in client.storage_accounts.list()] == ["contoso"]
            with pytest.raises(HttpResponseError, match="AccountNameInvalid"):
                await client.storage_accounts.begin_create("rg", "No", ACCOUNT)
            return account

    account = run_simulated(story(), script.clock)
    assert (account.name, account.location) == ("contoso", "eastus")
    assert 15 * SECOND <= script.clock.now_us <= 40 * SECOND


def test_tasks_that_overlap_take_as_long_as_the_longest(script):
    async def story() -> list[tuple[str, int]]:
        await script.group()
        return await asyncio.gather(*(script.account(f"account{number}") for number in range(8)))

    done = run_simulated(story(), script.clock)
    assert [name for name, _ in done] == [f"account{number}" for number in range(8)]
    assert script.clock.now_us <= 2 * 17 * SECOND + 3 * SECOND
    assert max(moment for _, moment in done) == script.clock.now_us


def test_waits_overlap_in_a_simulated_loop_only(script):
    async def story() -> None:
        await asyncio.gather(*(script.transport.sleep(10) for _ in range(4)))

    asyncio.run(story())
    assert script.clock.now_us == 40 * SECOND
    run_simulated(story(), script.clock)
    assert script.clock.now_us == 50 * SECOND


def test_the_same_crowd_gets_the_same_answers_at_the_same_moments():
    def run() -> tuple[list[tuple[str, int]], int]:
        script = Script(ThrottleMode.BUCKET_2024)

        async def story() -> list[tuple[str, int]]:
            await script.group()
            return await asyncio.gather(*(script.account(f"account{number}") for number in range(60)))

        return run_simulated(story(), script.clock), script.transport.requests

    assert run() == run()


def test_who_is_throttled_waits_as_long_as_told_and_goes_on():
    hasty = Script(ThrottleMode.BUCKET_2024, latency_us=0)

    async def story() -> int:
        async with hasty.resources() as client:
            await asyncio.gather(
                *(client.resource_groups.create_or_update(f"rg{number}", EAST) for number in range(230))
            )
            return len([group async for group in client.resource_groups.list()])

    assert run_simulated(story(), hasty.clock) == 230
    assert 3 * SECOND <= hasty.clock.now_us <= 10 * SECOND


def test_a_script_may_run_for_hours_and_its_tokens_are_renewed(script):
    async def story() -> int:
        async with script.resources() as client:
            for hour in range(4):
                await client.resource_groups.create_or_update(f"rg{hour}", EAST)
                await asyncio.sleep(3600 * 0.97)
            return len([group async for group in client.resource_groups.list()])

    assert run_simulated(story(), script.clock) == 4
    assert script.clock.now_us > 3 * HOUR + 50 * MINUTE


def test_what_asyncio_offers_lives_in_simulated_time(script):
    async def story() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await asyncio.sleep(HOUR // SECOND)
        assert script.clock.now_us == 5 * SECOND
        assert await asyncio.to_thread(lambda: "from a thread") == "from a thread"
        await script.transport.sleep(0.25)

    run_simulated(story(), script.clock)
    assert script.clock.now_us == 5 * SECOND + SECOND // 4


def test_waits_of_any_length_end(script):
    async def story() -> None:
        for microseconds in (1, 3, 7, 999_999, 1_000_001):
            await asyncio.sleep(microseconds / SECOND)
        script.clock.wait(400 * 24 * HOUR)
        for microseconds in (1, 3, 7, 999_999, 1_000_001):
            await asyncio.sleep(microseconds / SECOND)

    run_simulated(story(), script.clock)
    total_us = 2 * (1 + 3 + 7 + 999_999 + 1_000_001)
    assert 0 <= script.clock.now_us - 400 * 24 * HOUR - total_us <= 20


def test_an_answer_reads_in_both_forms(script):
    async def story() -> AsyncSimResponse:
        async with AsyncSimTransport(script.service, script.clock) as transport, AsyncPipeline(transport) as opened:
            url = f"https://management.azure.com/subscriptions/{script.id}"
            request = HttpRequest("GET", url, params={"api-version": API})
            response = (await opened.run(request)).http_response
            await response.load_body()
            assert response.request is request
            assert response.url == request.url
            assert await response.read() == response.body() == response.content
            assert b"".join([part async for part in response.iter_raw()]) == response.content
            assert b"".join([part async for part in response.iter_bytes()]) == response.content
            download = response.stream_download()
            assert len(download) == len(response.content)
            assert b"".join([part async for part in download]) == response.content
            with pytest.raises(HttpResponseError):
                response.raise_for_status()
            async with response:
                assert not response.is_closed
            return response

    response = run_simulated(story(), script.clock)
    assert script.clock.now_us == LATENCY_US
    assert (response.status_code, response.reason, response.is_closed) == (401, "Unauthorized", True)
    assert response.headers["www-authenticate"].startswith("Bearer ")
    assert response.content_type == "application/json; charset=utf-8"
    assert response.json()["error"]["code"] == "AuthenticationFailed"
    assert response.is_stream_consumed
    response.encoding = "utf-8"
    assert (response.encoding, response.text()) == ("utf-8", response.content.decode())


def test_nobody_signs_in_whom_the_cloud_does_not_know(script):
    with pytest.raises(UnknownName, match="no principal is named 'x'"):
        async_client_options(script.service, script.clock, "x")

    async def story() -> None:
        async with script.options["credential"] as credential:
            token, info = await credential.get_token("s"), await credential.get_token_info("s")
            assert (token.token, token.expires_on) == (info.token, info.expires_on)
            assert token.expires_on == script.config.start.timestamp() + 3600
        async with script.resources() as client:
            with pytest.raises(ResourceNotFoundError, match="ResourceGroupNotFound"):
                await client.resource_groups.get("rg")

    run_simulated(story(), script.clock)


def test_asynchronous_clients_sign_in_at_the_directory_too(script):
    script.service.add_fault(Fault("slow", Point.SLOW_ANSWER, until_us=SECOND), 0)
    script.service.add_fault(Fault("down", Point.DIRECTORY_DOWN, from_us=SECOND, until_us=HOUR), 0)
    credential = script.options["credential"]

    async def story() -> None:
        assert (await credential.get_token("x/.default")).token
        assert script.clock.now_us == 30 * SECOND, "the answer was slow"
        with pytest.raises(ClientAuthenticationError, match="AADSTS90033"):
            await script.group()
        await asyncio.sleep(3_600)
        assert (await credential.get_token_info("x/.default")).expires_on > 0
        await script.group()

    run_simulated(story(), script.clock)
    assert script.clock.now_us > HOUR
