"""Who may do what with blobs: keys, signatures, roles, and nobody in particular.

Sources: "Authorize requests to Azure Storage", "Create an account SAS", "Create a service SAS".
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmgsim.arm import access
from cmgsim.arm.dataplane import signatures
from cmgsim.arm.dataplane.visits import Visit
from cmgsim.arm.errors import ArmError
from cmgsim.arm.providers.containers import CONTAINER_TYPE, container_of
from cmgsim.arm.providers.storage import delegation_key, keys
from cmgsim.arm.state import Cloud
from cmgsim.arm.tokens import read
from cmgsim.errors import UnknownName

if TYPE_CHECKING:
    from cmgsim.arm.config import Principal

READ, ADD, CREATE, WRITE, DELETE, LIST = "r", "a", "c", "w", "d", "l"
_BLOB_ACTIONS = {READ: "read", ADD: "add/action", CREATE: "write", WRITE: "write", DELETE: "delete", LIST: "read"}
_CONTAINER_ACTIONS = {READ: "read", LIST: "read", CREATE: "write", WRITE: "write", DELETE: "delete"}


@dataclass(frozen=True, slots=True)
class Grant:
    """What the caller may do: letters of shared access signatures, for the kinds of things ``sco``."""

    letters: str = ""
    kinds: str = "sco"
    container: str = ""
    blob: str = ""

    def allows(self, letter: str, visit: Visit) -> bool:
        """Say whether one of the letters covers the place of a request; with ``w`` comes ``c``."""
        kind = "o" if visit.blob else "c" if visit.container else "s"
        if letter == LIST:
            kind = "c" if visit.container else "s"
        here = (not self.container or self.container == visit.container) and (not self.blob or self.blob == visit.blob)
        wanted = {letter, WRITE} if letter in (CREATE, ADD) else {letter}
        return here and kind in self.kinds and bool(wanted & set(self.letters))


def require(cloud: Cloud, visit: Visit, letter: str) -> None:
    """Let a request pass that its caller may make; *letter* is what it needs.

    Raises:
        ArmError: 401, 403 or, to somebody unknown, 404.
    """
    request = visit.request
    kind, _, rest = request.header("authorization").partition(" ")
    if kind == "SharedKey":
        return _require_key(cloud, visit, rest)
    if kind.lower() == "bearer":
        return _require_role(cloud, visit, rest.strip(), letter)
    if "sig" in request.query:
        if not _signed(cloud, visit).allows(letter, visit):
            message = "This request is not authorized to perform this operation using this permission."
            raise ArmError(403, "AuthorizationPermissionMismatch", message)
        return None
    return _require_public(cloud, visit, letter)


def principal_of(cloud: Cloud, token: str) -> Principal:
    """Return whom a token speaks for.

    Raises:
        ArmError: 401 ``InvalidAuthenticationInfo`` if it is worth nothing here.
    """
    claims = read(cloud.seed, token, int(cloud.config.start.timestamp()))
    if claims is None or claims.expires_us <= cloud.now_us:
        raise ArmError(401, "InvalidAuthenticationInfo", "The access token is invalid or has expired.")
    try:
        return cloud.config.find_principal(claims.object_id)[1]
    except UnknownName as problem:
        raise ArmError(401, "InvalidAuthenticationInfo", "The principal no longer exists.") from problem


def _failed(detail: str) -> ArmError:
    message = (
        "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly "
        f"including the signature. {detail}"
    )
    return ArmError(403, "AuthenticationFailed", message)


def _require_key(cloud: Cloud, visit: Visit, rest: str) -> None:
    account, _, signature = rest.partition(":")
    if account.lower() != visit.account.name.lower():
        raise _failed("The account is another one.")
    text = signatures.shared_key_text(visit.request, account)
    if not any(_same(signatures.sign(key["value"], text), signature) for key in keys(cloud, visit.account)):
        raise _failed("The MAC signature found in the HTTP request is not that of any key of the account.")


def _require_role(cloud: Cloud, visit: Visit, token: str, letter: str) -> None:
    principal = principal_of(cloud, token)
    subscription = cloud.owner_of(visit.account)
    scope = container_of(visit.account.id, visit.container) if visit.container else visit.account.id
    if letter == LIST and not visit.container:
        letter, kinds = READ, _CONTAINER_ACTIONS
    else:
        kinds = _BLOB_ACTIONS if visit.blob or letter == LIST else _CONTAINER_ACTIONS
    action = (
        f"{CONTAINER_TYPE}/blobs/{kinds[letter]}" if kinds is _BLOB_ACTIONS else f"{CONTAINER_TYPE}/{kinds[letter]}"
    )
    if kinds is _BLOB_ACTIONS:
        allowed = access.may_touch(cloud, subscription, principal, action, scope)
    else:
        allowed = access.may(cloud, subscription, principal, action, scope)
    if not allowed:
        message = "This request is not authorized to perform this operation using this permission."
        raise ArmError(403, "AuthorizationPermissionMismatch", message)


def _signed(cloud: Cloud, visit: Visit) -> Grant:
    """Return what a shared access signature grants.

    Raises:
        ArmError: 403 ``AuthenticationFailed`` if it is not signed, not yet or no longer valid.
    """
    fields = visit.request.query
    signature = fields["sig"]
    now = cloud.iso(cloud.now_us)[:19]
    if fields.get("st", "")[:19] > now or not now < fields.get("se", "")[:19].ljust(19, "0"):
        raise _failed(f"Signature not valid in the specified time frame: it is {now}Z.")
    if "srt" in fields:
        _require_signed(cloud, visit, signatures.account_text(fields, visit.account.name), signature)
        return Grant(fields.get("sp", "") if "b" in fields.get("ss", "") else "", fields["srt"])
    blob = visit.blob if fields.get("sr") == "b" else ""
    resource = f"/blob/{visit.account.name}/{visit.container}" + (f"/{blob}" if blob else "")
    text = signatures.service_text(fields, resource)
    if "skoid" in fields:
        key = delegation_key(cloud, visit.account, fields["skoid"], fields.get("skt", ""), fields.get("ske", ""))
        if not _same(signatures.sign(key, text), signature):
            raise _failed("Signature did not match that of the user delegation key.")
    else:
        _require_signed(cloud, visit, text, signature)
    return Grant(fields.get("sp", ""), "co", visit.container, blob)


def _require_signed(cloud: Cloud, visit: Visit, text: str, signature: str) -> None:
    if not any(_same(signatures.sign(key["value"], text), signature) for key in keys(cloud, visit.account)):
        raise _failed("Signature did not match that of any key of the account.")


def _require_public(cloud: Cloud, visit: Visit, letter: str) -> None:
    """Let anybody read what a container shows to everybody."""
    container = cloud.store.get(container_of(visit.account.id, visit.container)) if visit.container else None
    public = str(container.properties.get("publicAccess") or "None").lower() if container else "none"
    allowed = visit.account.properties.get("allowBlobPublicAccess", True)
    if not allowed or letter not in (READ, LIST) or public == "none" or (letter == LIST and public != "container"):
        raise ArmError(401, "NoAuthenticationInformation", "Server failed to authenticate the request.", headers=_ASK)


_ASK = {
    "WWW-Authenticate": "Bearer authorization_uri=https://login.microsoftonline.com/common/oauth2/authorize "
    "resource_id=https://storage.azure.com"
}


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
