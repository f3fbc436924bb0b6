"""The blob service of a storage account: there from the start, kept as a resource once it is changed."""

from __future__ import annotations

from cmgsim.arm import resources
from cmgsim.arm.calls import Call
from cmgsim.arm.errors import resource_not_found
from cmgsim.arm.messages import Answer
from cmgsim.arm.providers.containers import SERVICE, service_of
from cmgsim.arm.providers.migrations import find
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import Resource
from cmgsim.arm.types import Handler
from cmgsim.arm.views import page, show


def get(cloud: Cloud, call: Call) -> Answer:
    """Show the blob service of an account."""
    if call.target.name.lower() != "default":
        raise resource_not_found(SERVICE.name, "/".join(call.target.names), call.target.group)
    return Answer(200, show(cloud, SERVICE, _service(cloud, call)))


def list_all(cloud: Cloud, call: Call) -> Answer:
    """List the one blob service of an account."""
    return page(call, (show(cloud, SERVICE, _service(cloud, call)),), cloud.config.page_size)


def put(cloud: Cloud, call: Call) -> Answer:
    """Write the properties of the blob service of an account."""
    _ensure(cloud, call)
    return resources.put(cloud, call)


def put_container(cloud: Cloud, call: Call) -> Answer:
    """Create a container, or write it anew."""
    _ensure(cloud, call)
    return resources.put(cloud, call)


def list_containers(cloud: Cloud, call: Call) -> Answer:
    """List the containers of an account."""
    if _service(cloud, call).id not in cloud.store:
        return page(call, (), cloud.config.page_size)
    return resources.list_of_type(cloud, call)


def _ensure(cloud: Cloud, call: Call) -> None:
    service = _service(cloud, call)
    if service.id not in cloud.store and call.target.names[1].lower() == "default":
        cloud.create(service)


def _service(cloud: Cloud, call: Call) -> Resource:
    account = find(cloud, call)
    default = service_of(account)
    return cloud.store.get(default.id) or default


_SERVICES = "group/microsoft.storage/storageaccounts/blobservices"
ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", f"{_SERVICES}/*"): get,
    ("GET", _SERVICES): list_all,
    ("PUT", f"{_SERVICES}/*"): put,
    ("PUT", f"{_SERVICES}/containers/*"): put_container,
    ("GET", f"{_SERVICES}/containers"): list_containers,
}
