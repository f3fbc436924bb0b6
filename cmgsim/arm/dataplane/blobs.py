"""Single blobs: written whole or in blocks, read whole or in ranges.

Sources: "Put Blob", "Put Block", "Put Block List", "Get Blob", "Append Block" (REST reference).
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import md5
from xml.etree import ElementTree

from cmgsim.arm.cscfg import local_name, read_xml
from cmgsim.arm.dataplane import leases
from cmgsim.arm.dataplane.contents import Blob
from cmgsim.arm.dataplane.visits import Reply, Visit, blob_not_found, element, not_served
from cmgsim.arm.errors import ArmError
from cmgsim.arm.identifiers import http_date, parent_id
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import Resource
from cmgsim.arm.types import object_of

#: Limits of one blob (source: "Scalability and performance targets for Blob storage").
MOST_BLOCKS = 50_000
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
#: Header of a request -> header of the answers to come.
_KEPT = {
    "x-ms-blob-content-type": "Content-Type",
    "x-ms-blob-content-encoding": "Content-Encoding",
    "x-ms-blob-content-language": "Content-Language",
    "x-ms-blob-content-disposition": "Content-Disposition",
    "x-ms-blob-cache-control": "Cache-Control",
    "x-ms-blob-content-md5": "Content-MD5",
}
_APPEND = "AppendBlob"


def put(cloud: Cloud, visit: Visit, container: Resource) -> Reply:
    """Write a blob as a whole, or begin one to be appended to."""
    kind = visit.request.header("x-ms-blob-type", "BlockBlob")
    if kind == "PageBlob":
        raise not_served("A page blob")
    source = visit.request.header("x-ms-copy-source")
    data = b"" if kind == _APPEND else visit.request.body
    if source:
        data = _copied(cloud, visit, source)
    blob = _written(cloud, visit, container, data, kind)
    more = {"x-ms-copy-id": cloud.guid("copy", visit.blob), "x-ms-copy-status": "success"} if source else {}
    digest = b64encode(md5(data, usedforsecurity=False).digest()).decode()
    status = 202 if source and visit.request.header("x-ms-requires-sync").lower() != "true" else 201
    return Reply(status, _identity(cloud, blob) | {"Content-MD5": digest} | more)


def put_block(cloud: Cloud, visit: Visit, container: Resource) -> Reply:
    """Keep one block until the list of blocks comes."""
    _require_lease(cloud, visit, container)
    name = visit.request.query.get("blockid", "")
    if not name:
        raise ArmError(400, "InvalidQueryParameterValue", "The query parameter 'blockid' is required.")
    waiting = cloud.contents.blocks.setdefault((_contents(container), visit.blob), {})
    waiting[name] = visit.request.body
    return Reply(201)


def put_block_list(cloud: Cloud, visit: Visit, container: Resource) -> Reply:
    """Make a blob of blocks that were kept, or that it has already."""
    key = (_contents(container), visit.blob)
    waiting, present = cloud.contents.blocks.get(key, {}), _find(cloud, visit, container)
    known = _blocks_of(present) | waiting
    wanted = [(local_name(entry), entry.text or "") for entry in read_xml(visit.request.body)]
    if len(wanted) > MOST_BLOCKS:
        raise ArmError(409, "BlockCountExceedsLimit", f"A blob has at most {MOST_BLOCKS} blocks.")
    for _, name in wanted:
        if name not in known:
            raise ArmError(400, "InvalidBlockList", "The specified block list is invalid.")
    data = b"".join(known[name] for _, name in wanted)
    blocks = tuple((name, len(known[name])) for _, name in wanted)
    blob = _written(cloud, visit, container, data, "BlockBlob", blocks)
    cloud.contents.blocks.pop(key, None)
    return Reply(201, _identity(cloud, blob))


def get_block_list(cloud: Cloud, visit: Visit, container: Resource) -> Reply:
    """List the blocks of a blob, and those that wait."""
    waiting = cloud.contents.blocks.get((_contents(container), visit.blob), {})
    present = _find(cloud, visit, container)
    if present is None and not waiting:
        raise blob_not_found()
    kind = visit.request.query.get("blocklisttype", "committed").lower()
    parts: list[ElementTree.Element] = []
    if kind in ("committed", "all"):
        parts.append(element("CommittedBlocks", *map(_block, present.blocks if present else ())))
    if kind in ("uncommitted", "all"):
        parts.append(element("UncommittedBlocks", *map(_block, [(name, len(data)) for name, data in waiting.items()])))
    return Reply(200, document=element("BlockList", *parts))


def append(cloud: Cloud, visit: Visit, container: Resource) -> Reply:
    """Add to the end of a blob that is made for it."""
    blob = _existing(cloud, visit, container)
    if blob.kind != _APPEND:
        raise ArmError(409, "InvalidBlobType", "The blob type is invalid for this operation.")
    _require_lease(cloud, visit, container)
    _require_match(cloud, visit, blob)
    wanted = visit.request.header("x-ms-blob-condition-appendpos")
    if wanted and wanted != str(len(blob.data)):
        raise ArmError(412, "AppendPositionConditionNotMet", "The append position condition specified was not met.")
    changed = _kept(cloud, visit, container, replace(blob, data=blob.data + visit.request.body))
    return Reply(201, _identity(cloud, changed) | {"x-ms-blob-append-offset": str(len(blob.data))})


def get(cloud: Cloud, visit: Visit, container: Resource) -> Reply:
    """Give a blob, or a range of it."""
    blob = _existing(cloud, visit, container)
    _require_match(cloud, visit, blob)
    headers = describe(cloud, blob)
    wanted = visit.request.header("x-ms-range") or visit.request.header("range")
    match = _RANGE.fullmatch(wanted)
    if match is None:
        return Reply(200, headers, blob.data)
    first, last = int(match[1]), min(int(match[2] or len(blob.data)), len(blob.data) - 1)
    if first > last:
        size = {"Content-Range": f"bytes */{len(blob.data)}"}
        message = "The range specified is invalid for the current size of the resource."
        raise ArmError(416, "InvalidRange", message, headers=size)
    place = {"Content-Range": f"bytes {first}-{last}/{len(blob.data)}", "Content-Length": str(last - first + 1)}
    return Reply(206, headers | place, blob.data[first : last + 1])


def head(cloud: Cloud, visit: Visit, container: Resource) -> Reply:
    """Describe a blob."""
    blob = _existing(cloud, visit, container)
    _require_match(cloud, visit, blob)
    return Reply(200, describe(cloud, blob))


def delete(cloud: Cloud, visit: Visit, container: Resource) -> Reply:
    """Delete a blob."""
    blob = _existing(cloud, visit, container)
    _require_lease(cloud, visit, container)
    _require_match(cloud, visit, blob)
    _remember(cloud, container, visit.blob)
    del cloud.contents.container(_contents(container))[visit.blob]
    return Reply(202)


def put_metadata(cloud: Cloud, visit: Visit, container: Resource) -> Reply:
    """Write the metadata of a blob anew."""
    return _changed(cloud, visit, container, metadata=visit.metadata())


def put_properties(cloud: Cloud, visit: Visit, container: Resource) -> Reply:
    """Write the headers that a blob is given with anew."""
    return _changed(cloud, visit, container, headers=_headers(visit))


def put_tier(cloud: Cloud, visit: Visit, container: Resource) -> Reply:
    """Put a blob into another tier."""
    tier = visit.request.header("x-ms-access-tier")
    if tier not in ("Hot", "Cool", "Cold", "Archive"):
        raise ArmError(400, "InvalidHeaderValue", f"The access tier '{tier}' is invalid.")
    blob = _existing(cloud, visit, container)
    cloud.contents.container(_contents(container))[visit.blob] = replace(blob, tier=tier)
    return Reply(200)


def describe(cloud: Cloud, blob: Blob) -> dict[str, str]:
    """Return the headers that describe a blob."""
    start = cloud.config.start
    headers = {
        "Content-Type": "application/octet-stream",
        **blob.headers,
        **_identity(cloud, blob),
        "Content-Length": str(len(blob.data)),
        "Accept-Ranges": "bytes",
        "x-ms-blob-type": blob.kind,
        "x-ms-creation-time": http_date(start, blob.created_us),
        "x-ms-lease-status": "locked" if blob.lease.locked(cloud.now_us) else "unlocked",
        "x-ms-lease-state": blob.lease.state(cloud.now_us),
        "x-ms-server-encrypted": "true",
        "x-ms-access-tier": blob.tier,
    }
    return headers | {f"x-ms-meta-{name}": value for name, value in blob.metadata.items()}


def lease(cloud: Cloud, visit: Visit, container: Resource) -> Reply:
    """Acquire, renew, change, release or break the lease of a blob."""
    blob = _existing(cloud, visit, container)
    after, reply = leased(cloud, visit, blob.lease)
    cloud.contents.container(_contents(container))[visit.blob] = replace(blob, lease=after)
    return replace(reply, headers={**_identity(cloud, blob), **reply.headers})


def leased(cloud: Cloud, visit: Visit, held: leases.Lease) -> tuple[leases.Lease, Reply]:
    """Return a lease after what a request asks of it, and the answer.

    Raises:
        ArmError: as the lease refuses it.
    """
    request, now_us = visit.request, cloud.now_us
    action, proposed = request.header("x-ms-lease-action").lower(), request.header("x-ms-proposed-lease-id")
    if action == "acquire":
        duration = _seconds(request.header("x-ms-lease-duration", str(leases.INFINITE)))
        after = leases.acquire(held, proposed or cloud.guid("lease", visit.blob), duration, now_us)
        return after, Reply(201, {"x-ms-lease-id": after.id})
    if action == "renew":
        return leases.renew(held, visit.lease_id, now_us), Reply(200, {"x-ms-lease-id": held.id})
    if action == "change":
        after = leases.change(held, visit.lease_id, proposed, now_us)
        return after, Reply(200, {"x-ms-lease-id": after.id})
    if action == "release":
        return leases.release(held, visit.lease_id), Reply(200)
    if action == "break":
        period = request.header("x-ms-lease-break-period")
        after = leases.broken(held, _seconds(period) if period else None, now_us)
        left_us = max(0, (after.breaks_us or 0) - now_us)
        return after, Reply(202, {"x-ms-lease-time": str(left_us // 1_000_000)})
    raise ArmError(400, "InvalidHeaderValue", f"The lease action '{action}' is invalid.")


def _written(
    cloud: Cloud,
    visit: Visit,
    container: Resource,
    data: bytes,
    kind: str,
    blocks: tuple[tuple[str, int], ...] = (),
) -> Blob:
    before = _find(cloud, visit, container)
    _require_lease(cloud, visit, container)
    _require_match(cloud, visit, before)
    made = Blob(
        visit.blob,
        data,
        kind,
        _headers(visit),
        visit.metadata(),
        created_us=before.created_us if before else cloud.now_us,
        lease=before.lease if before else leases.FREE,
        blocks=blocks or (("", len(data)),),
        tier=visit.request.header("x-ms-access-tier", "Hot"),
    )
    return _kept(cloud, visit, container, made)


def _changed(cloud: Cloud, visit: Visit, container: Resource, **changes: dict[str, str]) -> Reply:
    blob = _existing(cloud, visit, container)
    _require_lease(cloud, visit, container)
    _require_match(cloud, visit, blob)
    changed = _kept(cloud, visit, container, replace(blob, **changes))  # type: ignore[arg-type]
    return Reply(200, _identity(cloud, changed))


def _kept(cloud: Cloud, visit: Visit, container: Resource, blob: Blob) -> Blob:
    etag = cloud.guid("blob-etag", f"{visit.fqdn}/{visit.container}/{visit.blob}").replace("-", "")[:16].upper()
    blob = replace(blob, etag=f'"0x{etag}"', changed_us=cloud.now_us)
    _remember(cloud, container, blob.name)
    cloud.contents.container(_contents(container))[blob.name] = blob
    return blob


def _remember(cloud: Cloud, container: Resource, name: str) -> None:
    """Write down what a blob was, where its account can be turned back to a moment."""
    service = cloud.store.get(parent_id(container.id))
    if service is not None and object_of(service.properties, "restorePolicy").get("enabled"):
        cloud.contents.remember(_contents(container), name, cloud.now_us)


def _copied(cloud: Cloud, visit: Visit, source: str) -> bytes:
    """Return what is in a blob of the same account, which is named by its address."""
    start = f"https://{visit.fqdn}/"
    name, _, rest = source.partition("?")[0].removeprefix(start).partition("/")
    where = cloud.store.get(f"{visit.account.id}/blobServices/default/containers/{name}")
    if not source.startswith(start) or where is None:
        raise ArmError(404, "CannotVerifyCopySource", "The copy source is no blob of this account.")
    found = cloud.contents.container(_contents(where)).get(rest)
    if found is None:
        raise ArmError(404, "CannotVerifyCopySource", "The specified blob does not exist.")
    return found.data


def _contents(container: Resource) -> str:
    return str(container.secret["contents"])


def _find(cloud: Cloud, visit: Visit, container: Resource) -> Blob | None:
    return cloud.contents.container(_contents(container)).get(visit.blob)


def _existing(cloud: Cloud, visit: Visit, container: Resource) -> Blob:
    blob = _find(cloud, visit, container)
    if blob is None:
        raise blob_not_found()
    return blob


def _require_lease(cloud: Cloud, visit: Visit, container: Resource) -> None:
    blob = _find(cloud, visit, container)
    if blob is not None:
        leases.require_write(blob.lease, visit.lease_id, cloud.now_us, "blob")


def _require_match(cloud: Cloud, visit: Visit, blob: Blob | None) -> None:
    """Let a request pass whose conditions hold."""
    request = visit.request
    wanted, unwanted = request.header("if-match"), request.header("if-none-match")
    unmet = ArmError(412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.")
    if wanted and (blob is None or wanted not in ("*", blob.etag)):
        raise unmet
    if unwanted == "*" and blob is not None and request.method == "PUT":
        raise ArmError(409, "BlobAlreadyExists", "The specified blob already exists.")
    if unwanted and blob is not None and unwanted in ("*", blob.etag):
        raise ArmError(304, "ConditionNotMet", unmet.message) if request.method in ("GET", "HEAD") else unmet


def _headers(visit: Visit) -> dict[str, str]:
    request = visit.request
    kept = {title: request.header(name) for name, title in _KEPT.items() if request.header(name)}
    if "Content-Type" not in kept and request.header("content-type") and not visit.comp:
        kept["Content-Type"] = request.header("content-type")
    return kept


def _identity(cloud: Cloud, blob: Blob) -> dict[str, str]:
    return {"ETag": blob.etag, "Last-Modified": http_date(cloud.config.start, blob.changed_us)}


def _blocks_of(blob: Blob | None) -> dict[str, bytes]:
    """Return the blocks that a blob consists of, by name."""
    found, position = {}, 0
    for name, size in blob.blocks if blob else ():
        found[name] = blob.data[position : position + size] if blob else b""
        position += size
    return found


def _block(block: tuple[str, int]) -> ElementTree.Element:
    return element("Block", element("Name", block[0]), element("Size", str(block[1])))


def _seconds(text: str) -> int:
    if not re.fullmatch(r"-?\d{1,9}", text):
        raise ArmError(400, "InvalidHeaderValue", f"The value '{text}' of a header is no number of seconds.")
    return int(text)
