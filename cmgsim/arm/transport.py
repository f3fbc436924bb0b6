"""Real Azure SDK clients in simulated time: a transport, a credential, a pipeline and a way to poll.

Theory of operation: an SDK client sends through its transport and lets its transport sleep, for retries as for polling.
So a transport that hands requests to the fake cloud and moves a clock in ``sleep`` puts the whole client into simulated
time::

    clock = ScriptClock()
    options = client_options(service, clock, principal="owner")
    client = StorageManagementClient(subscription_id=subscription, **options)
    poller = client.storage_accounts.begin_create("rg", "contoso", parameters, polling=inline_polling())
    account = poller.result()  # some twenty simulated seconds later

What would leave simulated time is left out or replaced, each with its public counterpart:

* Pollers start a thread as soon as they are made. :func:`inline_polling` polls in the caller's thread, on ``result()``;
  several operations that overlap then take as long as the longest of them. Until then, ``done()`` says nothing.
* The policies for tokens judge their age by the clock on the wall. :class:`TokenPolicy` asks the simulated one.
* The policy that gives requests their ids makes them of the wall's clock. :class:`RequestIds` counts, so that the same
  script sends the same requests.
* The policy that follows redirections is left out: the fake cloud redirects nobody.
* The policy that registers providers by itself waits with ``time.sleep``. :func:`pipeline` has none: whoever needs a
  provider registers it, as in a subscription where that is an administrator's task.

This file needs azure-core; the asynchronous twin is :mod:`cmgsim.arm.async_transport`.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Protocol

from azure.core.credentials import AccessToken, AccessTokenInfo
from azure.core.exceptions import ClientAuthenticationError
from azure.core.pipeline import PipelineRequest, PipelineResponse, policies
from azure.core.pipeline.transport import HttpTransport
from azure.core.polling import PollingMethod
from azure.core.rest import HttpRequest

from cmgsim.arm.clouds import ENVIRONMENTS
from cmgsim.arm.exchange import SimResponse, arrived, request_of
from cmgsim.arm.messages import Request, Response
from cmgsim.arm.service import ArmService
from cmgsim.arm.simulated_loop import Clock
from cmgsim.arm.tokens import LIFETIME_US
from cmgsim.units import MILLISECOND, MINUTE, SECOND

#: Assumption: a request and its answer take 50 milliseconds on the way.
LATENCY_US = 50 * MILLISECOND
_REQUEST_ID, _TWELVE_DIGITS = "x-ms-client-request-id", (1 << 48) - 1
#: How long before its end a token is renewed, as azure-core does.
RENEW_US = 5 * MINUTE


class Asked(Protocol):
    """Whom a transport asks: an :class:`ArmService`, or whatever stands before one."""

    def handle(self, request: Request, now_us: int) -> Response:
        """Answer a request at a moment."""


class ScriptClock:
    """A clock that only the script at the transport moves."""

    def __init__(self, now_us: int = 0) -> None:
        self.now_us = now_us

    def wait(self, duration_us: int) -> None:
        """Let time pass."""
        assert duration_us >= 0, f"time cannot go back by {duration_us} us"
        self.now_us += duration_us


class SimTransport(HttpTransport[HttpRequest, SimResponse]):
    """The way of SDK clients into the fake cloud; its ``sleep`` moves the clock.

    ``latency_us`` passes with every request. ``requests`` counts those sent, ``slept_us`` what was slept.
    """

    def __init__(self, service: Asked, clock: Clock, latency_us: int = LATENCY_US) -> None:
        self._service = service
        self._clock = clock
        self._latency_us = latency_us
        self.requests = 0
        self.slept_us = 0

    def send(self, request: HttpRequest, **kwargs: Any) -> SimResponse:
        """Send a request and return its answer, one latency later, or as late as a fault makes it.

        Raises:
            ServiceRequestError: if a fault keeps the request from arriving.
            ServiceResponseError: if a fault keeps the answer from arriving.
        """
        self.requests += 1
        self._clock.wait(self._latency_us)
        response = self._service.handle(request_of(request), self._clock.now_us)
        if response.delay_us:
            self._clock.wait(response.delay_us)
        return SimResponse(request, arrived(response))

    def sleep(self, duration: float) -> None:
        """Let so many seconds pass."""
        duration_us = round(duration * SECOND)
        self.slept_us += duration_us
        self._clock.wait(duration_us)

    def open(self) -> None:
        """Open it, which needs nothing."""

    def close(self) -> None:
        """Close it, which needs nothing."""

    def __enter__(self) -> SimTransport:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class SimCredential:
    """Somebody's credential, good in the fake cloud only: it signs in at the directory with his secret.

    Its tokens expire in simulated time. Whatever befalls the directory befalls it too; it never tries again by itself.
    """

    def __init__(self, service: ArmService, clock: Clock, principal: str) -> None:
        self._service = service
        self._clock = clock
        self._principal = principal

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        """Return a token good for an hour; its expiry is in seconds since 1970, of simulated time.

        Raises:
            ClientAuthenticationError: if the directory refuses.
            ServiceRequestError: if a fault keeps the request from arriving.
            ServiceResponseError: if a fault keeps the answer from arriving.
        """
        return AccessToken(*self.read(self._asked(scopes)))

    def get_token_info(self, *scopes: str, options: Any = None) -> AccessTokenInfo:
        """Return a token good for an hour, in the newer form; it raises what :meth:`get_token` does."""
        return AccessTokenInfo(*self.read(self._asked(scopes)))

    def ask(self, *scopes: str) -> Response:
        """Return what the directory answers now."""
        return self._service.sign_in(self._principal, self._clock.now_us, *scopes[:1])

    def read(self, response: Response) -> tuple[str, int]:
        """Return the token of an answer of the directory, and its expiry in seconds since 1970."""
        document = arrived(response).json()
        if response.status != 200:
            raise ClientAuthenticationError(f"Authentication failed: {document['error_description']}")
        start_s = int(self._service.cloud.config.start.timestamp())
        return document["access_token"], start_s + self._clock.now_us // SECOND + int(document["expires_in"])

    def _asked(self, scopes: tuple[str, ...]) -> Response:
        response = self.ask(*scopes)
        if response.delay_us:
            self._clock.wait(response.delay_us)
        return response


class TokenPolicy(policies.HTTPPolicy[HttpRequest, SimResponse]):
    """Puts a token on every request and renews it in simulated time, five minutes before its end.

    Any credential will do, one of azure-identity as well as :class:`SimCredential`.
    """

    def __init__(self, credential: Any, clock: Clock, *scopes: str) -> None:
        super().__init__()
        self._credential = credential
        self._clock = clock
        self._scopes = scopes
        self._token = ""
        self._renew_us = 0

    def send(self, request: PipelineRequest[HttpRequest]) -> PipelineResponse[HttpRequest, SimResponse]:
        """Sign a request and send it on."""
        if not self._token or self._clock.now_us >= self._renew_us:
            self._token = self._credential.get_token(*self._scopes).token
            self._renew_us = self._clock.now_us + LIFETIME_US - RENEW_US
        request.http_request.headers["Authorization"] = f"Bearer {self._token}"
        return self.next.send(request)


class InlinePolling:
    """A polling method that polls in the caller's thread when the result is asked for.

    It does with *inner*, a polling method of the SDK, what a poller's thread would do.
    """

    def __init__(self, inner: PollingMethod[Any]) -> None:
        self._inner = inner

    def initialize(self, client: Any, initial_response: Any, deserialization_callback: Any) -> None:
        """Take over what was begun."""
        self._inner.initialize(client, initial_response, deserialization_callback)

    def finished(self) -> bool:
        """Say that no thread is needed."""
        return True

    def run(self) -> None:
        """Poll until it is done."""
        self._inner.run()

    def status(self) -> str:
        """Return the status as of the last poll."""
        return self._inner.status()

    def resource(self) -> Any:
        """Poll until it is done; return the result.

        Raises:
            HttpResponseError: if it failed.
        """
        if not self._inner.finished():
            self._inner.run()
        return self._inner.resource()

    def get_continuation_token(self) -> str:
        """Return a text from which the poller can be made again."""
        return self._inner.get_continuation_token()

    def from_continuation_token(self, continuation_token: str, **kwargs: Any) -> Any:
        """Take over what such a text says."""
        return self._inner.from_continuation_token(continuation_token, **kwargs)


def inline_polling(interval_s: float = 30) -> Any:
    """Return what to give as ``polling=`` to the ``begin_...`` methods of management clients.

    ``interval_s`` is the time between two polls where an answer names none. Needs azure-mgmt-core, which every
    management client brings.
    """
    from azure.mgmt.core.polling.arm_polling import ARMPolling

    return InlinePolling(ARMPolling(interval_s))


class RequestIds(policies.SansIOHTTPPolicy[HttpRequest, SimResponse]):
    """Numbers the requests of a client; each keeps its id when it is repeated.

    It stands for the policy of azure-core that makes ids of the wall's clock and the machine's address, and obeys the
    same option ``request_id``. ``first`` is a GUID whose last twelve digits are counted on.
    """

    def __init__(self, first: str) -> None:
        super().__init__()
        self._stem = first[:24]
        self._count = int(first[24:], 16)

    def on_request(self, request: PipelineRequest[HttpRequest]) -> None:
        """Number a request, if its caller does not say otherwise."""
        options = request.context.options
        if "request_id" in options:
            chosen = options.pop("request_id")
        else:
            self._count = (self._count + 1) & _TWELVE_DIGITS
            chosen = f"{self._stem}{self._count:012x}"
        if chosen is not None:
            request.http_request.headers[_REQUEST_ID] = chosen


def pipeline(credential: Any, clock: Clock, *scopes: str, ids: RequestIds | None = None) -> list[Any]:
    """Return the policies of a client in simulated time, the SDK's own but for those that read the wall's clock.

    Without *ids* requests get theirs from the SDK.
    """
    return [
        ids or policies.RequestIdPolicy(),
        policies.HeadersPolicy(),
        policies.UserAgentPolicy("cmgsim", user_agent_use_env=False),
        policies.ContentDecodePolicy(),
        policies.RetryPolicy(),
        TokenPolicy(credential, clock, *scopes),
    ]


def client_options(
    service: ArmService, clock: Clock, principal: str, latency_us: int = LATENCY_US, environment: str = "public"
) -> dict[str, Any]:
    """Return what to give to the constructor of a management client, beside the subscription.

    Raises:
        UnknownName: if the cloud knows no such principal.
    """
    service.cloud.config.find_principal(principal)
    cloud = ENVIRONMENTS[environment]
    credential, scope = SimCredential(service, clock, principal), f"{cloud.audience}/.default"
    return {
        "credential": credential,
        "base_url": cloud.resource_manager,
        "credential_scopes": [scope],
        "transport": SimTransport(service, clock, latency_us),
        "policies": pipeline(credential, clock, scope, ids=RequestIds(service.cloud.guid("client", principal))),
    }
