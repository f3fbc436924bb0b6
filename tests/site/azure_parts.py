"""A cloud service manager with its fake Azure, driven by hand."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from site_parts import design_of

from cmgsim.arm.messages import Request
from cmgsim.arm.service import ArmService
from cmgsim.design.model import Design
from cmgsim.design.plan import Step
from cmgsim.facts import Fact
from cmgsim.site.azure import arm_config, subscription_ids
from cmgsim.site.cloud_manager import CloudManager
from cmgsim.site.deployment import Deployment
from cmgsim.site.facts import OperationEnded
from cmgsim.site.site_server import SiteServer


class Console:
    """The administrator's seat: gives orders and lets time pass until everything has ended."""

    def __init__(self, changes: dict[str, Any] | None = None, seed: int = 1) -> None:
        self.design: Design = design_of(changes)
        self.server = SiteServer(self.design)
        self.arm = ArmService(arm_config(self.design), seed)
        self.manager = CloudManager(self.design, self.arm, seed, self.server)
        self.now_us = 0
        self.facts: list[tuple[int, Fact]] = []

    def order(self, **step: Any) -> None:
        self._note(self.manager.receive(Step.model_validate(step), self.now_us))

    def settle(self) -> OperationEnded:
        """Let everything end; return how the last operation did."""
        while self.manager.due() is not None:
            self.tick()
        return next(fact for _, fact in reversed(self.facts) if isinstance(fact, OperationEnded))

    def tick(self) -> None:
        due_us = self.manager.due()
        assert due_us is not None
        self.now_us = due_us
        self._note(self.manager.step(self.now_us))

    def do(self, **step: Any) -> OperationEnded:
        self.order(**step)
        return self.settle()

    def gateway(self, name: str) -> Deployment:
        return self.manager.deployments[name]

    def in_azure(self) -> list[str]:
        """Return the types and names of all resources in the first subscription, as a script at the door sees them."""
        subscription = next(iter(subscription_ids(self.design).values()))
        token = self.arm.token(self.design.azure.aad.application, self.now_us)
        url = f"/subscriptions/{subscription}/resources?api-version=2021-04-01"
        response = self.arm.handle(Request.of("GET", url, token=token), self.now_us)
        return sorted(f"{found['type']}/{found['name']}" for found in response.json()["value"])

    def of(self, kind: type[Fact]) -> list[Any]:
        return [fact for _, fact in self.facts if isinstance(fact, kind)]

    def copy(self) -> Console:
        return deepcopy(self)

    def _note(self, said: list[Any]) -> None:
        self.facts += [(self.now_us, fact) for fact in said if isinstance(fact, Fact)]


def classic_changes(**more: Any) -> dict[str, Any]:
    """Return changes that make gateway east an existing classic deployment, and plan west by Resource Manager."""
    return {
        "certificates.management": {"azure": {}},
        "azure.subscriptions.main.management_certificates": ["azure"],
        "gateways.east.deployment": "classic",
        "gateways.east.management_certificate": "azure",
        **more,
    }


#: A planned gateway beside the existing one.
PLANNED: dict[str, Any] = {
    "gateways.west": {
        "certificate": "west",
        "region": "westus",
        "trusted_authorities": ["root", "issuing"],
        "planned": True,
    }
}
