"""The Azure portal: what somebody does there to a gateway, past the console.

Changes made there are not supported, and those who make them do not tell the site (source: "Set up cloud management
gateway", Modify a CMG and Delete a CMG). The portal sends the same requests to Azure as the cloud service manager does,
one for each click, and waits for nothing.

Assumption: who uses the portal may do to the resources of a gateway whatever the site may.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cmgsim.arm.messages import Request, Response
from cmgsim.arm.service import ArmService
from cmgsim.design.model import Design
from cmgsim.design.plan import AzureDelete, PortalChange, Step
from cmgsim.errors import Refused
from cmgsim.facts import Fact, Message
from cmgsim.site.deployment import Deployment
from cmgsim.site.facts import Operation, PortalUsed
from cmgsim.site.resources import ASM_VERSION, Service, Stage, service_of, stages


@dataclass(frozen=True)
class Clicked:
    """Told to the portal when a fault of the scenario does there what a step would do."""

    step: Step


class Portal:
    """Whoever has the portal open; a component named ``portal``. It looks at deployments and changes none."""

    def __init__(self, design: Design, arm: ArmService, deployments: Mapping[str, Deployment]) -> None:
        self.name = "portal"
        self.rank = 12
        self._design = design
        self._arm = arm
        self._deployments = deployments

    def due(self) -> int | None:
        """Return None: people decide when they click."""
        return None

    def step(self, now_us: int) -> list[Fact | Message]:
        """Never happens."""
        raise AssertionError(f"the portal is never due, yet it stepped at {now_us}")

    def receive(self, body: object, now_us: int) -> list[Fact | Message]:
        """Do what a step says, a change or a deletion; what a fault could not do leaves only a fact.

        A request that Azure refuses was sent all the same: that is a fact with a ``refusal``, and no error.

        Raises:
            Refused: ``NOT_IN_AZURE`` if the portal shows no such thing; nothing was sent then.
        """
        if isinstance(body, Clicked):
            try:
                return self._do(body.step.argument, now_us)
            except Refused as refusal:
                return [_refused(body.step.argument, str(refusal))]
        assert isinstance(body, Step), f"the portal cannot be told {body!r}"
        return self._do(body.argument, now_us)

    def _do(self, order: PortalChange | AzureDelete, now_us: int) -> list[Fact | Message]:
        deployment = self._deployments[order.gateway]
        if not deployment.present:
            raise Refused("NOT_IN_AZURE", f"gateway {order.gateway} does not exist, so the portal does not list it")
        service = service_of(self._design, deployment, deployment.settings)
        if isinstance(order, PortalChange):
            wanted = deployment.settings.model_copy(update={"vms": order.vms})
            stage = stages(Operation.SCALE, service, service_of(self._design, deployment, wanted))[-1]
            did = f"set the number of VMs to {order.vms}"
        else:
            stage, did = _deletion(service, order), f"deleted the {order.part}"
        response = self._send(stage, service, now_us)
        return [_used(order, stage, did, response), Message("arm", "a request was answered")]

    def _send(self, stage: Stage, service: Service, now_us: int) -> Response:
        if service.thumbprint:
            headers = {"x-ms-version": ASM_VERSION, "content-type": "application/xml"}
            request = Request(stage.method, stage.url, headers, stage.body, service.thumbprint)
        else:
            token = self._arm.token(self._design.azure.aad.application, now_us)
            headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
            request = Request(stage.method, stage.url, headers, stage.body)
        return self._arm.handle(request, now_us)


def _used(order: PortalChange | AzureDelete, stage: Stage, did: str, response: Response) -> PortalUsed:
    """Return what became of a request; where only the answer was lost, nobody was refused anything."""
    if response.failure == "answer":
        return PortalUsed(order.gateway, f"{did}, as far as anybody knows: no answer arrived")
    if response.failure:
        return _refused(order, f"{stage.what}: Azure was not reached ({response.failure})")
    if response.status >= 400 or response.status == 204:
        return _refused(order, f"{stage.what}: Azure answered {response.status} to {stage.method}")
    return PortalUsed(order.gateway, did)


def _refused(order: PortalChange | AzureDelete, reason: str) -> PortalUsed:
    return PortalUsed(order.gateway, f"was refused: {reason}", reason)


def _deletion(service: Service, order: AzureDelete) -> Stage:
    """Return the request that deletes a part; with a service go its VMs.

    Raises:
        Refused: ``NOT_IN_AZURE`` if a gateway without content has no storage account.
    """
    if order.part == "storage" and not service.content and service.model != "vmss":
        raise Refused("NOT_IN_AZURE", f"gateway {order.gateway} serves no content and has no storage account")
    found = [stage for stage in stages(Operation.DELETE, service, service) if stage.method == "DELETE"]
    storage = ("Microsoft.Storage/", "storage account ")
    return next(stage for stage in found if stage.what.startswith(storage) == (order.part == "storage"))
