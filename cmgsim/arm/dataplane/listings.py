"""Lists of containers and of blobs, and what a blob service says of itself.

Sources: "List Containers", "List Blobs", "Get User Delegation Key" (REST reference).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar
from xml.etree import ElementTree

from cmgsim.arm.cscfg import local_name, read_xml
from cmgsim.arm.dataplane.contents import Blob
from cmgsim.arm.dataplane.grants import principal_of
from cmgsim.arm.dataplane.visits import Reply, Visit, element
from cmgsim.arm.errors import ArmError
from cmgsim.arm.identifiers import http_date
from cmgsim.arm.providers.containers import CONTAINER_TYPE, lease_of
from cmgsim.arm.providers.storage import delegation_key
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import Resource
from cmgsim.arm.views import etag

if TYPE_CHECKING:
    from cmgsim.arm.config import Principal

Item = TypeVar("Item")
MOST = 5_000
_VERSION = "2025-11-05"


def list_containers(cloud: Cloud, visit: Visit) -> Reply:
    """List the containers of an account."""
    service = f"{visit.account.id}/blobServices/default"
    names = {known.name: known for known in cloud.store.children(service) if known.type == CONTAINER_TYPE}
    prefix = visit.request.query.get("prefix", "")
    found = [names[name] for name in sorted(names) if name.startswith(prefix)]
    return _page(visit, "Containers", found, lambda known: _container(cloud, known), lambda known: known.name)


def list_blobs(cloud: Cloud, visit: Visit, container: Resource) -> Reply:
    """List the blobs of a container; with a delimiter, those of one level."""
    query = visit.request.query
    prefix, mark = query.get("prefix", ""), query.get("delimiter", "")
    blobs = cloud.contents.container(str(container.secret["contents"]))
    found: dict[str, Blob | None] = {}
    for name in sorted(blobs):
        if name.startswith(prefix):
            head, cut, _ = name[len(prefix) :].partition(mark) if mark else (name, "", "")
            found[f"{prefix}{head}{cut}" if cut else name] = None if cut else blobs[name]
    with_metadata = "metadata" in query.get("include", "").lower().split(",")
    return _page(
        visit,
        "Blobs",
        list(found.items()),
        lambda item: _blob(cloud, item[0], item[1], "Metadata" if with_metadata else ""),
        lambda item: item[0],
    )


def properties(cloud: Cloud, visit: Visit) -> Reply:
    """Show the properties of the service."""
    log = element(
        "Logging", element("Version", "1.0"), *(element(name, "false") for name in ("Delete", "Read", "Write"))
    )
    log.append(element("RetentionPolicy", element("Enabled", "false")))
    retention = element("DeleteRetentionPolicy", element("Enabled", "false"))
    return Reply(200, document=element("StorageServiceProperties", log, element("Cors"), retention))


def account(cloud: Cloud, visit: Visit) -> Reply:
    """Say of which kind an account is."""
    sku = visit.account.body.get("sku") or {}
    headers = {
        "x-ms-sku-name": str(sku.get("name", "Standard_LRS")),
        "x-ms-account-kind": str(visit.account.body.get("kind", "StorageV2")),
        "x-ms-is-hns-enabled": str(bool(visit.account.properties.get("isHnsEnabled"))).lower(),
    }
    return Reply(200, headers)


def user_key(cloud: Cloud, visit: Visit) -> Reply:
    """Give a user a key to sign with in its own name."""
    kind, _, token = visit.request.header("authorization").partition(" ")
    if kind.lower() != "bearer":
        raise ArmError(403, "AuthenticationFailed", "Only who signs in with a token can have a user delegation key.")
    principal: Principal = principal_of(cloud, token.strip())
    times = {local_name(part): part.text or "" for part in read_xml(visit.request.body)}
    start, expiry = times.get("Start", ""), times.get("Expiry", "")
    tenant, _ = cloud.config.find_principal(principal.object_id)
    value = delegation_key(cloud, visit.account, principal.object_id, start, expiry)
    fields = {
        "SignedOid": principal.object_id,
        "SignedTid": tenant.id,
        "SignedStart": start,
        "SignedExpiry": expiry,
        "SignedService": "b",
        "SignedVersion": visit.request.header("x-ms-version", _VERSION),
        "Value": value,
    }
    return Reply(200, document=element("UserDelegationKey", *(element(name, text) for name, text in fields.items())))


def _page(
    visit: Visit,
    word: str,
    found: list[Item],
    shown: Callable[[Item], ElementTree.Element],
    named: Callable[[Item], str],
) -> Reply:
    """Answer with one page of a list, in the order of names; the next begins with the marker."""
    query = visit.request.query
    marker, most = query.get("marker", ""), query.get("maxresults", str(MOST))
    if not (most.isascii() and most.isdigit() and int(most[:9]) > 0):
        raise ArmError(400, "OutOfRangeQueryParameterValue", f"The value '{most}' of 'maxresults' is out of range.")
    size = min(int(most[:9]), MOST)
    left = [item for item in found if named(item) >= marker]
    following = named(left[size]) if len(left) > size else ""
    result = element(
        "EnumerationResults",
        element("Prefix", query.get("prefix", "")),
        element(word, *map(shown, left[:size])),
        element("NextMarker", following),
    )
    result.set("ServiceEndpoint", f"https://{visit.fqdn}/")
    if visit.container:
        result.set("ContainerName", visit.container)
    return Reply(200, document=result)


def _container(cloud: Cloud, container: Resource) -> ElementTree.Element:
    held = lease_of(container)
    fields = {
        "Last-Modified": http_date(cloud.config.start, container.changed_us),
        "Etag": etag(container),
        "LeaseStatus": "locked" if held.locked(cloud.now_us) else "unlocked",
        "LeaseState": held.state(cloud.now_us),
        "HasImmutabilityPolicy": "false",
        "HasLegalHold": str(bool(container.secret.get("hold"))).lower(),
    }
    return element("Container", element("Name", container.name), _fields("Properties", fields.items()))


def _blob(cloud: Cloud, name: str, blob: Blob | None, metadata: str) -> ElementTree.Element:
    if blob is None:
        return element("BlobPrefix", element("Name", name))
    start = cloud.config.start
    fields = {
        "Creation-Time": http_date(start, blob.created_us),
        "Last-Modified": http_date(start, blob.changed_us),
        "Etag": blob.etag.strip('"'),
        "Content-Length": str(len(blob.data)),
        "Content-Type": blob.headers.get("Content-Type", "application/octet-stream"),
        "BlobType": blob.kind,
        "AccessTier": blob.tier,
        "LeaseStatus": "locked" if blob.lease.locked(cloud.now_us) else "unlocked",
        "LeaseState": blob.lease.state(cloud.now_us),
        "ServerEncrypted": "true",
    }
    shown = element("Blob", element("Name", name), _fields("Properties", fields.items()))
    if metadata:
        shown.append(_fields(metadata, blob.metadata.items()))
    return shown


def _fields(name: str, values: Iterable[tuple[str, str]]) -> ElementTree.Element:
    return element(name, *(element(key, value) for key, value in values))
