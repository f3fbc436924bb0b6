"""Management locks (source: "Lock resources to prevent unexpected changes").

A lock holds for its scope and everything below. ``CanNotDelete`` refuses deletions, ``ReadOnly`` every change and every
action. Something is not deleted while anything below it is locked. Locks themselves can always be changed.
"""

from __future__ import annotations

from collections.abc import Iterator

from cmgsim.arm.calls import Call
from cmgsim.arm.errors import ArmError, bad_request, not_modelled, scope_locked
from cmgsim.arm.identifiers import parent_id, within_scope
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import Lock
from cmgsim.arm.targets import TENANT
from cmgsim.arm.types import object_of, text_of
from cmgsim.arm.views import page

KIND = "Microsoft.Authorization/locks"
CAN_NOT_DELETE, READ_ONLY = "CanNotDelete", "ReadOnly"


def require_free(cloud: Cloud, call: Call) -> None:
    """Let a change pass that no lock forbids.

    Raises:
        ArmError: 409 ``ScopeLocked``.
    """
    if not cloud.locks or call.target.namespace.lower() == "microsoft.authorization":
        return
    asked = call.target.resource_id
    locks = list(above(cloud, asked))
    verb = "delete" if call.request.method == "DELETE" else "write"
    if verb == "delete":
        locks += [lock for lock in _below(cloud, asked) if lock not in locks]
    else:
        locks = [lock for lock in locks if lock.level == READ_ONLY]
    if locks:
        raise scope_locked(asked, verb, dict.fromkeys(lock.scope for lock in locks))


def put(cloud: Cloud, call: Call) -> Answer:
    """Lock a scope, or change its lock."""
    if call.target.level == TENANT:
        raise not_modelled("A lock of the tenant")
    scope = cloud.require_scope(call.target)
    properties = object_of(call.document(), "properties")
    level = text_of(properties, "level")
    if level not in (CAN_NOT_DELETE, READ_ONLY):
        message = f"The lock level '{level}' is invalid; use '{CAN_NOT_DELETE}' or '{READ_ONLY}'."
        raise bad_request("InvalidLockLevel", message)
    lock = Lock(scope, call.target.name, level, text_of(properties, "notes"))
    status = 200 if lock.key in cloud.locks else 201
    cloud.locks.add(lock)
    return Answer(status, show(lock))


def get(cloud: Cloud, call: Call) -> Answer:
    """Show a lock."""
    return Answer(200, show(_lock(cloud, call)))


def delete(cloud: Cloud, call: Call) -> Answer:
    """Remove a lock; one that is not there needs no removal."""
    lock = cloud.locks.remove(_key(call))
    return Answer(200 if lock else 204)


def list_at(cloud: Cloud, call: Call) -> Answer:
    """List the locks of a scope and of what is below it, with ``atScope()`` only its own."""
    exact = "atscope()" in call.request.query.get("$filter", "").lower()
    if call.target.level == TENANT:
        raise not_modelled("The locks of the tenant")
    locks = (lock for lock in _below(cloud, call.target.scope) if not exact or _same(lock.scope, call.target.scope))
    return page(call, map(show, locks), cloud.config.page_size)


def show(lock: Lock) -> Json:
    """Return a lock as ARM shows it."""
    properties = {"level": lock.level} | ({"notes": lock.notes} if lock.notes else {})
    lock_id = f"{lock.scope}/providers/{KIND}/{lock.name}"
    return {"id": lock_id, "name": lock.name, "type": KIND, "properties": properties}


def above(cloud: Cloud, scope: str) -> Iterator[Lock]:
    """Return the locks that hold for a scope: its own, then those of what it is in."""
    while scope:
        yield from cloud.locks.at(scope)
        scope = parent_id(scope)


def _below(cloud: Cloud, scope: str) -> list[Lock]:
    return [lock for lock in cloud.locks if within_scope(lock.scope, scope)]


def _lock(cloud: Cloud, call: Call) -> Lock:
    lock = cloud.locks.get(_key(call))
    if lock is None:
        raise ArmError(404, "LockNotFound", f"The lock '{call.target.name}' could not be found.")
    return lock


def _key(call: Call) -> str:
    return Lock(call.target.scope, call.target.name, "").key


def _same(one: str, other: str) -> bool:
    return one.lower() == other.lower()
