"""What a gateway is made of in Azure, and the requests that make, change and remove it.

Theory of operation: an operation on a gateway is a tuple of stages, drawn up before the first request is sent. A stage
is plain data, one request; :data:`STAGES` says which stages an operation has in which deployment model. The next stage
begins when the one before is done (source: "Plan for cloud management gateway"; "Data flow" for scale sets).
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING
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
from cmgsim.site.polling import Failure
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
    NOTHING_THERE = "nothing there"
    ENOUGH = "enough"


Reading = Callable[["Stage", "Response"], "Verdict | Failure"]


@dataclass(frozen=True, slots=True)
class Service:
    """A gateway as Azure is to hold it.

    ``environment`` and ``region`` are the cloud's own names; ``group`` is empty for classic deployments, ``own_group``
    says that it was made for this gateway alone; ``thumbprint`` is that of the management certificate. ``certificate``
    is the name of the server certificate, ``key`` how its .PFX file holds the private key.
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
    thumbprint: str
    certificate: str
    key: str

    @property
    def storage(self) -> str:
        """Return the name of its storage account."""
        return storage_account(self.name)


@dataclass(frozen=True, slots=True)
class Stage:
    """One request: ``what`` names the resource for people, ``body`` is JSON, or XML where ``xml``.

    ``reading`` judges a good answer, ``wanted`` is what it compares it with; ``taken`` is the code to report when Azure
    answers that a name is taken. ``key`` says how the private key is held that goes along, empty where none does.
    """

    what: str
    method: str
    url: str
    body: bytes = b""
    effect: Effect = Effect.NONE
    reading: Reading | None = None
    wanted: str = ""
    taken: str = "CONFLICT"
    key: str = ""

    @property
    def claims(self) -> bool:
        """It asks for a name, which whoever has it already must not ask for again."""
        return self.reading is _free or (self.method == "POST" and self.effect is Effect.DEPLOYED)


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
        certificate=settings.certificate,
        key=design.certificates.servers[settings.certificate].private_key,
    )


def _certified(settings: Gateway, there: bool) -> bool:
    return there or settings.management_certificate is not None


def stages(operation: Operation, before: Service, after: Service) -> tuple[Stage, ...]:
    """Return what an operation asks of Azure to turn *before* into *after*, in order.

    The last request of a creation carries the server certificate, and that of a change which replaces it.
    """
    found = STAGES[after.model][operation](before, after)
    if operation is Operation.CREATE or before.certificate != after.certificate:
        return (*found[:-1], replace(found[-1], key=after.key))
    return found


def groups_request(service: Service) -> Stage:
    """Return the request for the list of resource groups that the wizard shows."""
    return Stage("resource groups", "GET", _arm(service, "/resourcegroups", "Microsoft.Resources"))


# -- what answers mean ----------------------------------------------------------------------------------------------


def _registered(stage: Stage, response: Response) -> Verdict | Failure:
    state = str((response.json() or {}).get("registrationState", ""))
    if state == "Registered":
        return Verdict.GO_ON
    return Failure(
        "PROVIDER_NOT_REGISTERED",
        f"the resource provider {stage.wanted} is {state or 'unknown'} in the subscription: register it there",
    )


def _same_region(stage: Stage, response: Response) -> Verdict | Failure:
    """Judge an existing group (source: "Set up cloud management gateway", step 8)."""
    region = region_key(str((response.json() or {}).get("location", "")))
    if region == stage.wanted:
        return Verdict.GO_ON
    return Failure(
        "RESOURCE_GROUP_IN_OTHER_REGION",
        f"the existing resource group is in {region}, the gateway in {stage.wanted}: they must be in the same region",
    )


def _free(stage: Stage, response: Response) -> Verdict | Failure:
    """Judge whether a name can be had (source: "Set up cloud management gateway", Before you begin)."""
    document = response.json() or {}
    if document.get("nameAvailable"):
        return Verdict.GO_ON
    code = stage.taken if document.get("reason") == "AlreadyExists" else "SERVICE_NAME_INVALID"
    return Failure(code, f"{stage.what}: {document.get('message', '')}")


def _empty(stage: Stage, response: Response) -> Verdict | Failure:
    """Judge whether a resource group can go: it stays for what others have put into it."""
    return Verdict.ENOUGH if (response.json() or {}).get("value") else Verdict.GO_ON


# -- requests to Azure Resource Manager -----------------------------------------------------------------------------


def _arm(service: Service, path: str, namespace: str) -> str:
    root = ENVIRONMENTS[service.environment].resource_manager
    return f"{root}/subscriptions/{service.subscription}{path}?api-version={API[namespace]}"


def _resource(service: Service, kind: str, name: str) -> str:
    namespace = kind.partition("/")[0]
    return _arm(service, f"/resourceGroups/{service.group}/providers/{kind}/{name}", namespace)


def _providers(service: Service) -> list[Stage]:
    return [
        Stage(
            f"provider {namespace}",
            "GET",
            _arm(service, f"/providers/{namespace}", "Microsoft.Resources"),
            reading=_registered,
            wanted=namespace,
        )
        for namespace in PROVIDERS[service.model]
    ]


def _group(service: Service) -> Stage:
    url = _arm(service, f"/resourceGroups/{service.group}", "Microsoft.Resources")
    what = f"resource group {service.group}"
    if service.own_group:
        return Stage(what, "PUT", url, _json({"location": service.region}), Effect.DEPLOYED)
    return Stage(what, "GET", url, reading=_same_region, wanted=service.region)


def _without_group(service: Service) -> list[Stage]:
    if not service.own_group:
        return []
    what, root = f"resource group {service.group}", f"/resourceGroups/{service.group}"
    return [
        Stage(what, "GET", _arm(service, f"{root}/resources", "Microsoft.Resources"), reading=_empty),
        Stage(what, "DELETE", _arm(service, root, "Microsoft.Resources"), effect=Effect.REMOVED),
    ]


_STORAGE = "Microsoft.Storage/storageAccounts"


def _put(service: Service, kind: str, name: str, body: dict[str, object], taken: str = "CONFLICT") -> Stage:
    document = {"location": service.region, **body}
    return Stage(f"{kind}/{name}", "PUT", _resource(service, kind, name), _json(document), Effect.DEPLOYED, taken=taken)


def _delete(service: Service, kind: str, name: str) -> Stage:
    return Stage(f"{kind}/{name}", "DELETE", _resource(service, kind, name), effect=Effect.REMOVED)


def _name(service: Service, kind: str, name: str, action: str, taken: str) -> Stage:
    """Ask whether a name of the world is free, before anything is made that would need it."""
    url = _arm(service, f"/providers/{kind.partition('/')[0]}/{action}", kind.partition("/")[0])
    return Stage(f"{kind}/{name}", "POST", url, _json({"name": name, "type": kind}), reading=_free, taken=taken)


def _storage_name(service: Service) -> Stage:
    return _name(service, _STORAGE, service.storage, "checkNameAvailability", "STORAGE_NAME_TAKEN")


def _storage(service: Service) -> Stage:
    body: dict[str, object] = {"sku": {"name": "Standard_LRS"}, "kind": "Storage"}
    return _put(service, _STORAGE, service.storage, body, "STORAGE_NAME_TAKEN")


def _json(document: object) -> bytes:
    return json.dumps(document).encode()


# -- cloud service (classic) by Azure Resource Manager --------------------------------------------------------------

_DOMAIN_NAMES = "Microsoft.ClassicCompute/domainNames"


def _slot(service: Service) -> Stage:
    name = f"{service.name}/slots/production"
    body: dict[str, object] = {
        "properties": {"deploymentName": DEPLOYMENT_NAME, "configuration": _configuration(service.vms)}
    }
    return _put(service, _DOMAIN_NAMES, name, body)


def _power(service: Service, verb: str) -> Stage:
    name = f"{service.name}/slots/production/{verb}"
    return Stage(f"{_DOMAIN_NAMES}/{service.name}", "POST", _resource(service, _DOMAIN_NAMES, name))


def _content_change(before: Service, after: Service) -> list[Stage]:
    if after.content == before.content:
        return []
    return [_storage_name(after), _storage(after)] if after.content else [_delete(after, _STORAGE, after.storage)]


def _arm_create(before: Service, after: Service) -> tuple[Stage, ...]:
    names = [_name(after, _DOMAIN_NAMES, after.name, "checkDomainNameAvailability", "SERVICE_NAME_TAKEN")]
    storage = [_storage(after)] if after.content else []
    if after.content:
        names.append(_storage_name(after))
    service = _put(after, _DOMAIN_NAMES, after.name, {}, "SERVICE_NAME_TAKEN")
    return (*_providers(after), *names, _group(after), *storage, service, _slot(after))


def _arm_delete(before: Service, after: Service) -> tuple[Stage, ...]:
    storage = _delete(before, _STORAGE, before.storage)
    return (_delete(before, _DOMAIN_NAMES, before.name), storage, *_without_group(before))


def _arm_update(before: Service, after: Service) -> tuple[Stage, ...]:
    return (*_content_change(before, after), _slot(after))


# -- cloud service (classic) by Azure Service Management ------------------------------------------------------------


def _asm(service: Service, path: str) -> str:
    root = ENVIRONMENTS[service.environment].service_management
    return f"{root}/{service.subscription}/services/{path}"


def _xml(tag: str, **fields: str) -> bytes:
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
    return f'<{tag} xmlns="{_ASM_NAMESPACE}">{inner}</{tag}>'.encode()


def _configuration(vms: int) -> str:
    namespace = "http://schemas.microsoft.com/ServiceHosting/2008/10/ServiceConfiguration"
    role = f'<Role name="{ROLE}"><Instances count="{vms}"/></Role>'
    return f'<ServiceConfiguration serviceName="{DEPLOYMENT_NAME}" xmlns="{namespace}">{role}</ServiceConfiguration>'


def _encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


def _classic_create(before: Service, after: Service) -> tuple[Stage, ...]:
    storage = [_classic_storage(after)] if after.content else []
    fields = {"ServiceName": after.name, "Label": _encoded(after.name), "Location": after.region}
    service = Stage(
        f"hosted service {after.name}",
        "POST",
        _asm(after, "hostedservices"),
        _xml("CreateHostedService", **fields),
        Effect.DEPLOYED,
        taken="SERVICE_NAME_TAKEN",
    )
    deployment = Stage(
        f"deployment of {after.name}",
        "POST",
        _asm(after, f"hostedservices/{after.name}/deploymentslots/production"),
        _xml(
            "CreateDeployment",
            Name=DEPLOYMENT_NAME,
            PackageUrl=f"https://{after.storage}.blob/ProxyService.cspkg",
            Label=_encoded(after.name),
            Configuration=_encoded(_configuration(after.vms)),
            StartDeployment="true",
        ),
        Effect.DEPLOYED,
    )
    return (*storage, service, deployment)


def _classic_storage(service: Service) -> Stage:
    fields = {"ServiceName": service.storage, "Label": _encoded(service.storage), "Location": service.region}
    return Stage(
        f"storage account {service.storage}",
        "POST",
        _asm(service, "storageservices"),
        _xml("CreateStorageServiceInput", **fields),
        Effect.DEPLOYED,
        taken="STORAGE_NAME_TAKEN",
    )


def _classic_without_storage(service: Service) -> Stage:
    url = _asm(service, f"storageservices/{service.storage}")
    return Stage(f"storage account {service.storage}", "DELETE", url, effect=Effect.REMOVED)


def _classic_delete(before: Service, after: Service) -> tuple[Stage, ...]:
    root = f"hostedservices/{before.name}"
    deployment = Stage(f"deployment of {before.name}", "DELETE", _asm(before, f"{root}/deploymentslots/production"))
    service = Stage(f"hosted service {before.name}", "DELETE", _asm(before, root), effect=Effect.REMOVED)
    return (deployment, service, _classic_without_storage(before))


def _classic_update(before: Service, after: Service) -> tuple[Stage, ...]:
    content: list[Stage] = []
    if after.content != before.content:
        content = [_classic_storage(after) if after.content else _classic_without_storage(after)]
    url = _asm(after, f"hostedservices/{after.name}/deploymentslots/production?comp=config")
    body = _xml("ChangeConfiguration", Configuration=_encoded(_configuration(after.vms)))
    return (*content, Stage(f"deployment of {after.name}", "POST", url, body))


def _classic_power(service: Service, status: str) -> tuple[Stage, ...]:
    url = _asm(service, f"hostedservices/{service.name}/deploymentslots/production?comp=status")
    return (Stage(f"deployment of {service.name}", "POST", url, _xml("UpdateDeploymentStatus", Status=status)),)


# -- virtual machine scale set --------------------------------------------------------------------------------------

_SCALE_SETS = "Microsoft.Compute/virtualMachineScaleSets"


def _scale_set(service: Service) -> Stage:
    return _put(service, _SCALE_SETS, service.name, {"sku": {"name": service.size, "capacity": service.vms}})


def _vmss_create(before: Service, after: Service) -> tuple[Stage, ...]:
    network = "Microsoft.Network"
    label: dict[str, object] = {"properties": {"dnsSettings": {"domainNameLabel": after.name.lower()}}}
    vault: dict[str, object] = {"properties": {"sku": {"family": "A", "name": "standard"}, "tenantId": ""}}
    return (
        *_providers(after),
        _name(after, "Microsoft.KeyVault/vaults", after.name, "checkNameAvailability", "VAULT_NAME_TAKEN"),
        _storage_name(after),
        _group(after),
        _put(after, "Microsoft.KeyVault/vaults", after.name, vault, "VAULT_NAME_TAKEN"),
        _storage(after),
        _put(after, f"{network}/virtualNetworks", after.name, {"properties": {}}),
        _put(after, f"{network}/networkSecurityGroups", after.name, {"properties": {}}),
        _put(after, f"{network}/publicIPAddresses", after.name, label, "SERVICE_NAME_TAKEN"),
        _put(after, f"{network}/loadBalancers", after.name, {"properties": {}}),
        _scale_set(after),
    )


def _vmss_delete(before: Service, after: Service) -> tuple[Stage, ...]:
    kinds = (
        _SCALE_SETS,
        "Microsoft.Network/loadBalancers",
        "Microsoft.Network/publicIPAddresses",
        "Microsoft.Network/networkSecurityGroups",
        "Microsoft.Network/virtualNetworks",
        "Microsoft.KeyVault/vaults",
    )
    storage = _delete(before, _STORAGE, before.storage)
    return (*(_delete(before, kind, before.name) for kind in kinds), storage, *_without_group(before))


def _vmss_power(service: Service, verb: str) -> tuple[Stage, ...]:
    url = _resource(service, _SCALE_SETS, f"{service.name}/{verb}")
    return (Stage(f"{_SCALE_SETS}/{service.name}", "POST", url),)


STAGES: dict[str, dict[Operation, Callable[[Service, Service], tuple[Stage, ...]]]] = {
    "arm": {
        Operation.CREATE: _arm_create,
        Operation.SCALE: _arm_update,
        Operation.MODIFY: _arm_update,
        Operation.DELETE: _arm_delete,
        Operation.STOP: lambda before, after: (_power(before, "stop"),),
        Operation.START: lambda before, after: (_power(before, "start"),),
    },
    "classic": {
        Operation.CREATE: _classic_create,
        Operation.SCALE: _classic_update,
        Operation.MODIFY: _classic_update,
        Operation.DELETE: _classic_delete,
        Operation.STOP: lambda before, after: _classic_power(before, "Suspended"),
        Operation.START: lambda before, after: _classic_power(before, "Running"),
    },
    "vmss": {
        Operation.CREATE: _vmss_create,
        Operation.SCALE: lambda before, after: (_scale_set(after),),
        Operation.MODIFY: lambda before, after: (_scale_set(after),),
        Operation.DELETE: _vmss_delete,
        Operation.STOP: lambda before, after: _vmss_power(before, "deallocate"),
        Operation.START: lambda before, after: _vmss_power(before, "start"),
    },
}
