"""What a gateway is made of in Azure, and the requests that make, change and remove it.

Theory of operation: an operation on a gateway is a tuple of stages, drawn up before the first request is sent. A stage
is plain data, one request; :data:`STAGES` says which stages an operation has in which deployment model. The next stage
begins when the one before is done (source: "Plan for cloud management gateway"; "Data flow" for scale sets).
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from cmgsim.arm.clouds import ENVIRONMENTS, region_key
from cmgsim.design.names import storage_account
from cmgsim.site.azure import (
    PROVIDERS,
    existing,
    group_of,
    machine_size,
    management_certificate,
    subscription_ids,
    subscription_of,
)
from cmgsim.site.facts import Operation
from cmgsim.site.polling import Failure, text
from cmgsim.site.wizard import CLOUD, effective_content, new_group

if TYPE_CHECKING:
    from cmgsim.arm.messages import Response
    from cmgsim.design.gateways import Gateway
    from cmgsim.design.model import Design
    from cmgsim.site.deployment import Deployment

#: Names that the service's own package gives.
ROLE, DEPLOYMENT_NAME = "ProxyService", "ProxyService"
API = {
    "Microsoft.Resources": "2018-05-01",
    "Microsoft.ClassicCompute": "2016-11-01",
    "Microsoft.Storage": "2018-07-01",
    "Microsoft.KeyVault": "2018-02-14",
    "Microsoft.Network": "2019-04-01",
    "Microsoft.Compute": "2019-03-01",
}
ASM_VERSION = "2014-10-01"
_ASM_NAMESPACE = "http://schemas.microsoft.com/windowsazure"


class Effect(Enum):
    """What a stage leaves behind when it is done."""

    NONE = "none"
    DEPLOYED = "deployed"
    REMOVED = "removed"


class Verdict(Enum):
    """What an answer means for the stages that follow."""

    GO_ON = "go on"
    ENOUGH = "enough"


Reading = Callable[["Stage", "Response"], "Verdict | Failure"]


@dataclass(frozen=True, slots=True)
class Service:
    """A gateway as Azure is to hold it.

    ``environment`` and ``region`` are the cloud's own names; ``group`` is empty for classic deployments, ``own_group``
    says that it was made for this gateway alone; ``thumbprint`` is that of the management certificate.
    """

    model: str
    environment: str
    subscription: str
    region: str
    group: str
    own_group: bool
    name: str
    vms: int
    size: str
    content: bool
    thumbprint: str = ""

    @property
    def storage(self) -> str:
        """Return the name of its storage account."""
        return storage_account(self.name)


@dataclass(frozen=True, slots=True)
class Stage:
    """One request: ``what`` names the resource for people, ``body`` is JSON, or XML where ``xml``.

    ``reading`` judges a good answer, ``wanted`` is what it compares it with; ``taken`` is the code to report when Azure
    answers that a name is taken.
    """

    what: str
    method: str
    url: str
    body: bytes = b""
    effect: Effect = Effect.NONE
    reading: Reading | None = None
    wanted: str = ""
    taken: str = "CONFLICT"


def service_of(design: Design, deployment: Deployment, settings: Gateway) -> Service:
    """Return a gateway as Azure is to hold it with these settings."""
    classic = settings.deployment == "classic"
    there = deployment.name in existing(design)
    return Service(
        model=settings.deployment,
        environment=CLOUD[design.azure.environment],
        subscription=subscription_ids(design)[subscription_of(design, settings)],
        region=region_key(settings.region),
        group=group_of(deployment.name, settings),
        own_group=new_group(deployment.name, settings) is not None,
        name=deployment.service_name,
        vms=settings.vms,
        size=machine_size(settings.vm_size),
        content=effective_content(design.site_version(), settings),
        thumbprint=management_certificate(deployment.name, settings) if classic and _certified(settings, there) else "",
    )


def _certified(settings: Gateway, there: bool) -> bool:
    return there or settings.management_certificate is not None


def stages(operation: Operation, before: Service, after: Service) -> tuple[Stage, ...]:
    """Return what an operation asks of Azure to turn *before* into *after*, in order."""
    return STAGES[after.model][operation](before, after)


def groups_request(service: Service) -> Stage:
    """Return the request for the list of resource groups that the wizard shows."""
    return Stage("resource groups", "GET", _arm(service, "/resourcegroups", "Microsoft.Resources"))
