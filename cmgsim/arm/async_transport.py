"""The asynchronous clients of the Azure SDK in simulated time: a transport, a credential and a pipeline.

Theory of operation: as :mod:`cmgsim.arm.transport`, with the waiting left to the event loop. In a simulated loop many
clients live side by side, each in its own coroutine, without threads::

    async def deploy(name):
        async with StorageManagementClient(subscription_id=subscription, **options) as client:
            poller = await client.storage_accounts.begin_create("rg", name, parameters)
            return await poller.result()

    options = async_client_options(service, clock, principal="owner")
    run_simulated(deploy("contoso"), clock)

Pollers need no replacement here: an asynchronous poller starts no thread and polls when its result is awaited.

This file needs azure-core.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any

from azure.core.credentials import AccessToken, AccessTokenInfo
from azure.core.pipeline import PipelineRequest, PipelineResponse, policies
from azure.core.pipeline.transport import AsyncHttpTransport
from azure.core.rest import HttpRequest

from cmgsim.arm.clouds import ENVIRONMENTS
from cmgsim.arm.exchange import AsyncSimResponse, arrived, request_of
from cmgsim.arm.service import ArmService
from cmgsim.arm.simulated_loop import Clock, wait_simulated
from cmgsim.arm.tokens import LIFETIME_US
from cmgsim.arm.transport import LATENCY_US, RENEW_US, Asked, RequestIds, SimCredential
from cmgsim.units import SECOND


class AsyncSimTransport(AsyncHttpTransport[HttpRequest, AsyncSimResponse]):
    """The way of asynchronous SDK clients into the fake cloud; its ``sleep`` takes simulated time.

    ``latency_us`` passes with every request. ``requests`` counts those sent.
    """

    def __init__(self, service: Asked, clock: Clock, latency_us: int = LATENCY_US) -> None:
        self._service = service
        self._clock = clock
        self._latency_us = latency_us
        self.requests = 0

    async def send(self, request: HttpRequest, **kwargs: Any) -> AsyncSimResponse:
        """Send a request and return its answer, one latency later, or as late as a fault makes it.

        Raises:
            ServiceRequestError: if a fault keeps the request from arriving.
            ServiceResponseError: if a fault keeps the answer from arriving.
        """
        self.requests += 1
        await wait_simulated(self._latency_us, self._clock)
        response = self._service.handle(request_of(request), self._clock.now_us)
        if response.delay_us:
            await wait_simulated(response.delay_us, self._clock)
        return AsyncSimResponse(request, arrived(response))

    async def sleep(self, duration: float) -> None:
        """Let so many seconds pass."""
        await wait_simulated(round(duration * SECOND), self._clock)

    async def open(self) -> None:
        """Open it, which needs nothing."""

    async def close(self) -> None:
        """Close it, which needs nothing."""

    async def __aenter__(self) -> AsyncSimTransport:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        problem: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        await self.close()


class AsyncSimCredential:
    """Somebody's credential for asynchronous clients, good in the fake cloud only; it signs in at the directory."""

    def __init__(self, service: ArmService, clock: Clock, principal: str) -> None:
        self._credential = SimCredential(service, clock, principal)
        self._clock = clock

    async def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        """Return a token good for an hour; its expiry is in seconds since 1970, of simulated time.

        Raises:
            ClientAuthenticationError: if the directory refuses.
            ServiceRequestError: if a fault keeps the request from arriving.
            ServiceResponseError: if a fault keeps the answer from arriving.
        """
        return AccessToken(*await self._token(scopes))

    async def get_token_info(self, *scopes: str, options: Any = None) -> AccessTokenInfo:
        """Return a token good for an hour, in the newer form; it raises what :meth:`get_token` does."""
        return AccessTokenInfo(*await self._token(scopes))

    async def _token(self, scopes: tuple[str, ...]) -> tuple[str, int]:
        response = self._credential.ask(*scopes)
        if response.delay_us:
            await wait_simulated(response.delay_us, self._clock)
        return self._credential.read(response)

    async def close(self) -> None:
        """Close it, which needs nothing."""

    async def __aenter__(self) -> AsyncSimCredential:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        problem: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        await self.close()


class AsyncTokenPolicy(policies.AsyncHTTPPolicy[HttpRequest, AsyncSimResponse]):
    """Puts a token on every request and renews it in simulated time, five minutes before its end."""

    def __init__(self, credential: Any, clock: Clock, *scopes: str) -> None:
        super().__init__()
        self._credential = credential
        self._clock = clock
        self._scopes = scopes
        self._token = ""
        self._renew_us = 0

    async def send(self, request: PipelineRequest[HttpRequest]) -> PipelineResponse[HttpRequest, AsyncSimResponse]:
        """Sign a request and send it on."""
        if not self._token or self._clock.now_us >= self._renew_us:
            self._token = (await self._credential.get_token(*self._scopes)).token
            self._renew_us = self._clock.now_us + LIFETIME_US - RENEW_US
        request.http_request.headers["Authorization"] = f"Bearer {self._token}"
        return await self.next.send(request)


def async_pipeline(credential: Any, clock: Clock, *scopes: str, ids: RequestIds | None = None) -> list[Any]:
    """Return the policies of an asynchronous client in simulated time; without *ids* the SDK gives requests theirs."""
    return [
        ids or policies.RequestIdPolicy(),
        policies.HeadersPolicy(),
        policies.UserAgentPolicy("cmgsim", user_agent_use_env=False),
        policies.ContentDecodePolicy(),
        policies.AsyncRetryPolicy(),
        AsyncTokenPolicy(credential, clock, *scopes),
    ]


def async_client_options(
    service: ArmService, clock: Clock, principal: str, latency_us: int = LATENCY_US, environment: str = "public"
) -> dict[str, Any]:
    """Return what to give to the constructor of an asynchronous management client, beside the subscription.

    Raises:
        UnknownName: if the cloud knows no such principal.
    """
    service.cloud.config.find_principal(principal)
    cloud = ENVIRONMENTS[environment]
    credential, scope = AsyncSimCredential(service, clock, principal), f"{cloud.audience}/.default"
    return {
        "credential": credential,
        "base_url": cloud.resource_manager,
        "credential_scopes": [scope],
        "transport": AsyncSimTransport(service, clock, latency_us),
        "policies": async_pipeline(credential, clock, scope, ids=RequestIds(service.cloud.guid("client", principal))),
    }
