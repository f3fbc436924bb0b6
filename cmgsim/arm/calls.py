"""One request on its way through the service, with everything that was found out about it."""

from __future__ import annotations

from dataclasses import dataclass

from cmgsim.arm.config import Principal, Subscription
from cmgsim.arm.messages import Json, Request
from cmgsim.arm.targets import Target


@dataclass(frozen=True, slots=True)
class Call:
    """A request that has been let in; ``subscription`` is None for requests to the tenant.

    ``base`` is the address that links in the answer start with, such as ``https://management.azure.com``.
    """

    request: Request
    target: Target
    tenant: str
    principal: Principal
    subscription: Subscription | None
    base: str
    now_us: int

    @property
    def version(self) -> str:
        """Return the api-version asked for."""
        return self.request.query.get("api-version", "")

    @property
    def owner(self) -> Subscription:
        """Return the subscription, where there must be one."""
        assert self.subscription is not None, f"{self.request.path} has no subscription"
        return self.subscription

    def document(self) -> Json:
        """Read the body as a JSON object.

        Raises:
            ArmError: 400 ``InvalidRequestContent`` if it is none.
        """
        return self.request.document()

    def link(self, path: str) -> str:
        """Return an absolute link with the api-version of this call."""
        mark = "&" if "?" in path else "?"
        return f"{self.base}{path}{mark}api-version={self.version}"
