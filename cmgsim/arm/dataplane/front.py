"""The hosts of storage accounts: what a request asks of which account, and which handler answers.

A request passes, in this order: host, version, region, credentials, limits, lease and conditions. Every answer counts
on the meter of its account.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from urllib.parse import unquote, urlsplit

from cmgsim.arm.changes import create_at_once, destroy
from cmgsim.arm.clouds import ENVIRONMENTS, storage_fqdn
from cmgsim.arm.dataplane import blobs, grants, leases, listings
from cmgsim.arm.dataplane.visits import (
    Reply,
    Visit,
    container_not_found,
    element,
    not_served,
    refusal,
    server_busy,
)
from cmgsim.arm.errors import ArmError
from cmgsim.arm.identifiers import guid, http_date
from cmgsim.arm.messages import Request, Response
from cmgsim.arm.providers.containers import CONTAINER, CONTAINER_TYPE, container_of, lease_of, service_of
from cmgsim.arm.state import Cloud, body_with_properties
from cmgsim.arm.store import Resource
from cmgsim.arm.views import etag

Handler = Callable[[Cloud, Visit], Reply]
InContainer = Callable[[Cloud, Visit, Resource], Reply]
_OLDEST = "2009-09-19"
_HERE = ("127.0.0.1", "localhost", "::1")


def answers(cloud: Cloud, request: Request) -> bool:
    """Say whether a request is one for the blob service of an account.

    Its host says so: ``contoso.blob.core.windows.net``. On this machine, where no name leads to another host, the
    first word of the path may name the account instead: ``https://127.0.0.1:8443/contoso``.
    """
    if ".blob." in request.base:
        return True
    if "x-ms-version" not in request.headers and "sig" not in request.query:
        return False
    return urlsplit(request.base).hostname in _HERE and bool(_fqdn(cloud, request.path.split("/")[1]))


def handle(cloud: Cloud, request: Request) -> Response:
    """Answer a request at the present moment of the cloud."""
    host = (urlsplit(request.base).hostname or "").lower()
    path = unquote(urlsplit(request.url).path).removeprefix("/")
    if host in _HERE:
        host, _, path = path.partition("/")
    fqdn = _fqdn(cloud, host.partition(".")[0])
    meter = cloud.contents.meter(fqdn)
    meter.requests += 1
    meter.ingress += len(request.body)
    try:
        reply = _reply(cloud, request, fqdn or host, path)
    except ArmError as problem:
        reply = refusal(problem)
    body = b"" if request.method == "HEAD" or reply.status in (204, 304) else reply.content()
    meter.egress += len(body)
    return Response(reply.status, _headers(cloud, request, reply, body), body)


def _fqdn(cloud: Cloud, account: str) -> str:
    """Return the full name of an account's blob service, empty if there is no such account."""
    names = (storage_fqdn(account, environment) for environment in ENVIRONMENTS)
    return next((name for name in names if cloud.names.holder(name, cloud.now_us)), "")


def _reply(cloud: Cloud, request: Request, fqdn: str, path: str) -> Reply:
    holder = cloud.names.holder(fqdn, cloud.now_us)
    account = cloud.store.get(holder) if holder else None
    if account is None:
        raise ArmError(404, "AccountNotFound", f"The storage account behind '{fqdn}' does not exist.")
    container, _, blob = path.partition("/")
    visit = Visit(request, account, fqdn, container, blob)
    if "sig" not in request.query and request.header("authorization") and not request.header("x-ms-version"):
        raise ArmError(400, "MissingRequiredHeader", "The header 'x-ms-version' is required.")
    cloud.require_answers(account.location)
    kind = (request.query.get("restype", "").lower(), visit.comp)
    if blob:
        return _of_blob(cloud, visit)
    if container and kind[0] == "container":
        return _of_container(cloud, visit)
    letter, handler = SERVICE.get((request.method, *kind), (grants.READ, None))
    if handler is None or container:
        raise not_served(f"'{request.method} {request.path}?restype={kind[0]}&comp={kind[1]}' of the blob service")
    if handler is not listings.user_key:
        grants.require(cloud, visit, letter)
    return handler(cloud, visit)


def _of_blob(cloud: Cloud, visit: Visit) -> Reply:
    method = visit.request.method
    letter, handler = BLOB.get((method, visit.comp), ("", None))
    if handler is None:
        raise not_served(f"'{method} ?comp={visit.comp}' of a blob")
    grants.require(cloud, visit, letter)
    container = _container(cloud, visit)
    if not cloud.contents.admit(str(container.secret["contents"]), visit.blob, cloud.now_us):
        raise server_busy()
    return handler(cloud, visit, container)


def _of_container(cloud: Cloud, visit: Visit) -> Reply:
    method = visit.request.method
    if (method, visit.comp) == ("PUT", ""):
        grants.require(cloud, visit, grants.CREATE)
        return _create(cloud, visit)
    letter, handler = CONTAINERS.get((method, visit.comp), ("", None))
    if handler is None:
        raise not_served(f"'{method} ?restype=container&comp={visit.comp}' of a container")
    grants.require(cloud, visit, letter)
    return handler(cloud, visit, _container(cloud, visit))


def _create(cloud: Cloud, visit: Visit) -> Reply:
    container_id = container_of(visit.account.id, visit.container)
    if container_id in cloud.store:
        raise ArmError(409, "ContainerAlreadyExists", "The specified container already exists.")
    try:
        CONTAINER.name_rule.check(visit.container)
    except ArmError as problem:
        raise ArmError(400, "InvalidResourceName", problem.message) from problem
    service = service_of(visit.account)
    if service.id not in cloud.store:
        cloud.create(service)
    public = {"blob": "Blob", "container": "Container"}.get(visit.request.header("x-ms-blob-public-access").lower())
    properties = {"metadata": visit.metadata()} | ({"publicAccess": public} if public else {})
    draft = Resource(container_id, CONTAINER_TYPE, visit.account.location, {"properties": properties})
    return Reply(201, _identity(cloud, create_at_once(cloud, CONTAINER, draft)))


def _delete(cloud: Cloud, visit: Visit, container: Resource) -> Reply:
    leases.require_write(lease_of(container), visit.lease_id, cloud.now_us, "container")
    if container.secret.get("hold"):
        message = "The specified container is protected from deletion."
        raise ArmError(409, "ContainerProtectedFromDeletion", message)
    destroy(cloud, container)
    cloud.contents.forget(str(container.secret["contents"]))
    return Reply(202)


def _describe(cloud: Cloud, visit: Visit, container: Resource) -> Reply:
    held = lease_of(container)
    headers = {
        "x-ms-lease-status": "locked" if held.locked(cloud.now_us) else "unlocked",
        "x-ms-lease-state": held.state(cloud.now_us),
        "x-ms-has-immutability-policy": "false",
        "x-ms-has-legal-hold": str(bool(container.secret.get("hold"))).lower(),
    }
    public = str(container.properties.get("publicAccess") or "None").lower()
    headers |= {} if public == "none" else {"x-ms-blob-public-access": public}
    metadata = container.properties.get("metadata") or {}
    return Reply(
        200, _identity(cloud, container) | headers | {f"x-ms-meta-{name}": value for name, value in metadata.items()}
    )


def _put_metadata(cloud: Cloud, visit: Visit, container: Resource) -> Reply:
    changed = cloud.change(container, body=body_with_properties(container.body, metadata=visit.metadata()))
    return Reply(200, _identity(cloud, changed))


def _lease(cloud: Cloud, visit: Visit, container: Resource) -> Reply:
    after, reply = blobs.leased(cloud, visit, lease_of(container))
    changed = cloud.change(container, secret=container.secret | {"lease": asdict(after)})
    return Reply(reply.status, {**_identity(cloud, changed), **reply.headers})


def _access(cloud: Cloud, visit: Visit, container: Resource) -> Reply:
    public = str(container.properties.get("publicAccess") or "None").lower()
    headers = _identity(cloud, container) | ({} if public == "none" else {"x-ms-blob-public-access": public})
    return Reply(200, headers, document=element("SignedIdentifiers"))


def _container(cloud: Cloud, visit: Visit) -> Resource:
    container = cloud.store.get(container_of(visit.account.id, visit.container))
    if container is None:
        raise container_not_found()
    return container


def _identity(cloud: Cloud, container: Resource) -> dict[str, str]:
    return {"ETag": etag(container), "Last-Modified": http_date(cloud.config.start, container.changed_us)}


def _headers(cloud: Cloud, request: Request, reply: Reply, body: bytes) -> dict[str, str]:
    headers = {
        "Server": "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0",
        "Date": http_date(cloud.config.start, cloud.now_us),
        "x-ms-request-id": guid(cloud.seed, "request", "service", cloud.requests),
        "x-ms-version": request.header("x-ms-version", _OLDEST),
        **({"Content-Type": "application/xml"} if reply.document is not None else {}),
        **reply.headers,
    }
    if request.header("x-ms-client-request-id"):
        headers["x-ms-client-request-id"] = request.header("x-ms-client-request-id")
    if request.method != "HEAD" and reply.status not in (204, 304):
        headers["Content-Length"] = str(len(body))
    return headers


#: (method, restype, comp) -> what the caller needs, and who answers.
SERVICE: dict[tuple[str, str, str], tuple[str, Handler]] = {
    ("GET", "", "list"): (grants.LIST, listings.list_containers),
    ("GET", "service", "properties"): (grants.READ, listings.properties),
    ("GET", "account", "properties"): (grants.READ, listings.account),
    ("HEAD", "account", "properties"): (grants.READ, listings.account),
    ("POST", "service", "userdelegationkey"): (grants.READ, listings.user_key),
}
CONTAINERS: dict[tuple[str, str], tuple[str, InContainer]] = {
    ("GET", ""): (grants.READ, _describe),
    ("HEAD", ""): (grants.READ, _describe),
    ("GET", "acl"): (grants.READ, _access),
    ("DELETE", ""): (grants.DELETE, _delete),
    ("GET", "list"): (grants.LIST, listings.list_blobs),
    ("PUT", "metadata"): (grants.WRITE, _put_metadata),
    ("PUT", "lease"): (grants.WRITE, _lease),
}
BLOB: dict[tuple[str, str], tuple[str, InContainer]] = {
    ("GET", ""): (grants.READ, blobs.get),
    ("HEAD", ""): (grants.READ, blobs.head),
    ("PUT", ""): (grants.CREATE, blobs.put),
    ("DELETE", ""): (grants.DELETE, blobs.delete),
    ("PUT", "block"): (grants.CREATE, blobs.put_block),
    ("PUT", "blocklist"): (grants.CREATE, blobs.put_block_list),
    ("GET", "blocklist"): (grants.READ, blobs.get_block_list),
    ("PUT", "appendblock"): (grants.ADD, blobs.append),
    ("PUT", "metadata"): (grants.WRITE, blobs.put_metadata),
    ("PUT", "properties"): (grants.WRITE, blobs.put_properties),
    ("PUT", "tier"): (grants.WRITE, blobs.put_tier),
    ("PUT", "lease"): (grants.WRITE, blobs.lease),
}
