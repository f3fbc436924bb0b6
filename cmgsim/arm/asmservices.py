"""Hosted services and their deployments, through the older service management."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from xml.etree import ElementTree

from cmgsim.arm import changes, classic, classicupgrades, cscfg
from cmgsim.arm.asmxml import Reply, Visit, decoded, node
from cmgsim.arm.clouds import region_key
from cmgsim.arm.config import Subscription
from cmgsim.arm.errors import ArmError, bad_request
from cmgsim.arm.identifiers import group_id, parent_id
from cmgsim.arm.lifecycle import SUCCEEDED
from cmgsim.arm.operations import SETTLE, Operation
from cmgsim.arm.providers.classiccompute import (
    ROLE,
    SERVICE,
    SERVICE_NAME,
    SLOT,
    SLOTS,
    instance_number,
    show_instances,
    unavailable,
)
from cmgsim.arm.state import Cloud, body_with_properties
from cmgsim.arm.store import GROUP_TYPE, Resource

AsmHandler = Callable[[Cloud, Visit], Reply]


def is_available(cloud: Cloud, visit: Visit) -> Reply:
    """Say whether a hosted service could have a name."""
    return availability(unavailable(cloud, visit.words["name"], visit.subscription.environment))


def availability(reason: str) -> Reply:
    """Answer that a name can be had, or why it cannot."""
    parts = [node("Result", "false" if reason else "true")]
    return Reply(200, node("AvailabilityResponse", *parts, *([node("Reason", reason)] if reason else [])))


def create(cloud: Cloud, visit: Visit) -> Reply:
    """Create a hosted service, which is there at once."""
    name = visit.field("ServiceName")
    SERVICE_NAME.check(name)
    group = own_group(cloud, visit.subscription, name, visit.field("Location"))
    properties = {"label": decoded(visit.fields().get("Label", ""), "Label")}
    draft = Resource(service_id(group, name), SERVICE.name, group.location, {"properties": properties})
    if draft.id in cloud.store:
        raise ArmError(409, "ConflictError", "The specified DNS name is already taken.")
    changes.create_at_once(cloud, SERVICE, draft)
    keep_group(cloud, group)
    return Reply(201)


def own_group(cloud: Cloud, subscription: Subscription, name: str, location: str) -> Resource:
    """Return the resource group in which Azure Resource Manager shows what the service management makes.

    Assumption: what is made through the service management appears in a resource group of its own name.
    """
    region = region_key(location)
    if region not in cloud.region_names(subscription.environment):
        raise bad_request("BadRequest", f"The location constraint '{location}' is not valid.")
    if group_id(subscription.id, name) in cloud.store:
        return changes.usable_group(cloud, subscription.id, name)
    return Resource(group_id(subscription.id, name), GROUP_TYPE, region)


def keep_group(cloud: Cloud, group: Resource) -> None:
    """Create the group of what was just made, if it is not there."""
    if group.id not in cloud.store:
        cloud.create(group)


def service_id(group: Resource, name: str) -> str:
    """Return the id of a hosted service in a group."""
    return f"{group.id}/providers/{SERVICE.name}/{name}"


def list_all(cloud: Cloud, visit: Visit) -> Reply:
    """List the hosted services of a subscription, whoever made them."""
    services = of_type(cloud, visit.subscription, SERVICE.name)
    return Reply(200, node("HostedServices", *(_show(cloud, visit, service) for service in services)))


def of_type(cloud: Cloud, subscription: Subscription, kind: str) -> list[Resource]:
    """Return the resources of a type in a subscription."""
    groups = cloud.store.children(f"/subscriptions/{subscription.id}")
    return [member for group in groups for member in cloud.store.children(group.id) if member.type == kind]


def get(cloud: Cloud, visit: Visit) -> Reply:
    """Show a hosted service; ``embed-detail=true`` shows its deployments too."""
    return Reply(200, _show(cloud, visit, _service(cloud, visit)))


def delete(cloud: Cloud, visit: Visit) -> Reply:
    """Delete a hosted service that has no deployment."""
    service = _service(cloud, visit)
    if cloud.store.below(service.id):
        message = f"Deployments exist in the hosted service {service.name}; delete them first."
        raise ArmError(409, "ConflictError", message)
    changes.require_idle(cloud, SERVICE, service)
    changes.destroy(cloud, service)
    return Reply(200)


def delete_with_media(cloud: Cloud, visit: Visit) -> Reply:
    """Delete a hosted service with all it holds."""
    operation = changes.delete(cloud, SERVICE, _service(cloud, visit))
    return _accepted(operation)


def add_certificate(cloud: Cloud, visit: Visit) -> Reply:
    """Add a service certificate; its contents are not read."""
    visit.field("Data")
    service = _service(cloud, visit)
    changes.require_idle(cloud, SERVICE, service)
    return _accepted(cloud.begin("certificates.add", service, SETTLE))


def create_deployment(cloud: Cloud, visit: Visit) -> Reply:
    """Deploy a package into a slot; the package itself is not read."""
    slot = visit.words["slot"].lower()
    if slot not in SLOTS:
        raise bad_request("BadRequest", f"The deployment slot '{visit.words['slot']}' is not valid.")
    fields = visit.fields()
    configuration = visit.field("Configuration")
    roles = tuple(
        classic.RolePlan(name, cloud.config.role_size, count)
        for name, count in cscfg.role_counts(decoded(configuration, "Configuration")).items()
    )
    visit.field("PackageUrl")
    running = fields.get("StartDeployment", "false").lower() == "true"
    power = classic.Power.RUNNING if running else classic.Power.SUSPENDED
    label = decoded(fields.get("Label", ""), "Label")
    plan = classic.DeploymentPlan(visit.field("Name"), label, configuration, roles, power)
    return _accepted(classic.deploy(cloud, (SLOT, ROLE), _service(cloud, visit), slot, plan))


def get_deployment(cloud: Cloud, visit: Visit) -> Reply:
    """Show a deployment with its role instances."""
    return Reply(200, _show_deployment(cloud, _slot(cloud, visit)))


def delete_deployment(cloud: Cloud, visit: Visit) -> Reply:
    """Delete a deployment."""
    return _accepted(changes.delete(cloud, SLOT, _slot(cloud, visit)))


def change_configuration(cloud: Cloud, visit: Visit) -> Reply:
    """Write the configuration of a deployment anew, and with it the numbers of instances."""
    slot = _slot(cloud, visit)
    configuration = visit.field("Configuration")
    counts = cscfg.role_counts(decoded(configuration, "Configuration"))
    wanted = {name.lower(): count for name, count in counts.items()}
    return _accepted(classic.scale(cloud, SLOT, slot, wanted, configuration))


def change_status(cloud: Cloud, visit: Visit) -> Reply:
    """Start or stop a deployment."""
    slot, wanted = _slot(cloud, visit), visit.field("Status")
    if wanted not in ("Running", "Suspended"):
        raise bad_request("BadRequest", f"The status '{wanted}' is not valid; use Running or Suspended.")
    act = classic.start if wanted == "Running" else classic.stop
    return _accepted(act(cloud, SLOT, slot))


def upgrade(cloud: Cloud, visit: Visit) -> Reply:
    """Begin to upgrade a deployment, domain after domain or by hand; the package itself is not read."""
    slot, configuration = _slot(cloud, visit), visit.field("Configuration")
    counts = cscfg.role_counts(decoded(configuration, "Configuration"))
    present = {role.name.lower(): role.properties["instanceCount"] for role in cloud.store.children(slot.id)}
    if {name.lower(): count for name, count in counts.items()} != present:
        raise bad_request("BadRequest", "The configuration of an upgrade must have the roles and instances of before.")
    visit.field("PackageUrl")
    label = decoded(visit.field("Label"), "Label")
    return _accepted(classicupgrades.upgrade(cloud, SLOT, slot, visit.field("Mode").title(), configuration, label))


def walk_domain(cloud: Cloud, visit: Visit) -> Reply:
    """Upgrade one domain by hand."""
    text = visit.field("UpgradeDomain")
    domain = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else -1
    return _accepted(classicupgrades.walk(cloud, SLOT, _slot(cloud, visit), domain))


def roll_back(cloud: Cloud, visit: Visit) -> Reply:
    """Undo an upgrade by hand that is not complete."""
    return _accepted(classicupgrades.roll_back(cloud, SLOT, _slot(cloud, visit)))


def update(cloud: Cloud, visit: Visit) -> Reply:
    """Write the label of a hosted service anew."""
    service, label = _service(cloud, visit), decoded(visit.field("Label"), "Label")
    changes.require_idle(cloud, SERVICE, service)
    cloud.change(service, body=body_with_properties(service.body, label=label))
    return Reply(200)


def renew_instance(cloud: Cloud, visit: Visit) -> Reply:
    """Reboot, reimage or rebuild one role instance."""
    slot = _slot(cloud, visit)
    name = visit.words["instance"]
    for role in cloud.store.children(slot.id):
        if name.lower().startswith(f"{role.name.lower()}_in_"):
            return _accepted(classic.rebuild(cloud, SLOT, role, instance_number(role, name), slot))
    raise ArmError(404, "ResourceNotFound", f"The role instance {name} does not exist.")


def _service(cloud: Cloud, visit: Visit) -> Resource:
    wanted = visit.words["name"].lower()
    for service in of_type(cloud, visit.subscription, SERVICE.name):
        if service.name.lower() == wanted:
            return service
    raise ArmError(404, "ResourceNotFound", f"The hosted service {visit.words['name']} does not exist.")


def _slot(cloud: Cloud, visit: Visit) -> Resource:
    """Return a deployment by the name of its slot or by its own."""
    service, wanted = _service(cloud, visit), visit.words["slot"].lower()
    for slot in cloud.store.children(service.id):
        if wanted in (slot.name.lower(), str(slot.properties.get("deploymentName", "")).lower()):
            return slot
    raise ArmError(404, "ResourceNotFound", "No deployments were found.")


def _accepted(operation: Operation | None) -> Reply:
    return Reply(202, operation=operation.id) if operation else Reply(200)


def _show(cloud: Cloud, visit: Visit, service: Resource) -> ElementTree.Element:
    base = visit.request.base
    properties = node(
        "HostedServiceProperties",
        node("Location", cloud.regions[service.location].title),
        node("Label", b64encode(str(service.properties.get("label", "")).encode()).decode()),
        node("Status", "Created" if service.state == SUCCEEDED else service.state),
        node("DateCreated", cloud.iso(service.created_us)),
        node("DateLastModified", cloud.iso(service.changed_us)),
    )
    url = node("Url", f"{base}/{visit.subscription.id}/services/hostedservices/{service.name}")
    shown = node("HostedService", url, node("ServiceName", service.name), properties)
    if visit.request.query.get("embed-detail", "").lower() == "true":
        slots = cloud.store.children(service.id)
        shown.append(node("Deployments", *(_show_deployment(cloud, slot) for slot in slots)))
    return shown


def _show_deployment(cloud: Cloud, slot: Resource) -> ElementTree.Element:
    host = parent_id(slot.id).rpartition("/")[2]
    suffix = cloud.environment_of(slot.subscription).cloud_service_suffix
    label = b64encode(str(slot.properties.get("deploymentLabel", "")).encode()).decode()
    roles = list(cloud.store.children(slot.id))
    upgraded = [_show_upgrade(cloud, slot)] if classicupgrades.under_way(slot) else []
    return node(
        "Deployment",
        node("Name", str(slot.properties.get("deploymentName", ""))),
        node("DeploymentSlot", slot.name.title()),
        node("PrivateID", slot.etag.replace("-", "")),
        node("Status", classic.status(slot)),
        node("Label", label),
        node("Url", f"http://{host}.{suffix}/"),
        node("Configuration", str(slot.properties.get("configuration", ""))),
        node("RoleInstanceList", *(part for role in roles for part in _show_role(cloud, role))),
        *upgraded,
        node("UpgradeDomainCount", str(classic.UPGRADE_DOMAINS)),
        node("RoleList", *(node("Role", node("RoleName", role.name)) for role in roles)),
        node("Locked", "true" if slot.operation else "false"),
        node("RollbackAllowed", "true" if upgraded else "false"),
    )


def _show_upgrade(cloud: Cloud, slot: Resource) -> ElementTree.Element:
    mode, state, domain = classicupgrades.progress(cloud, slot)
    return node(
        "UpgradeStatus",
        node("UpgradeType", mode),
        node("CurrentUpgradeDomainState", state),
        node("CurrentUpgradeDomain", str(domain)),
    )


def _show_role(cloud: Cloud, role: Resource) -> list[ElementTree.Element]:
    return [
        node(
            "RoleInstance",
            node("RoleName", role.name),
            node("InstanceName", shown["instanceName"]),
            node("InstanceStatus", shown["instanceStatus"]),
            node("InstanceUpgradeDomain", str(shown["updateDomain"])),
            node("InstanceFaultDomain", str(shown["faultDomain"])),
            node("InstanceSize", shown["instanceSize"]),
        )
        for shown in show_instances(cloud, role)
    ]
