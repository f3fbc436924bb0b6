"""Secrets of key vaults (sources: "Key Vault REST API reference: Secrets", "About Azure Key Vault secrets").

The secrets of a vault are kept with it, each as the tuple of its versions, oldest first; so they come back with a vault
that is recovered. A caller needs an access policy of the vault, or a role where the vault goes by roles.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cmgsim.arm import access
from cmgsim.arm.config import Principal
from cmgsim.arm.dataplane.grants import principal_of
from cmgsim.arm.errors import ArmError, bad_request, not_modelled
from cmgsim.arm.identifiers import guid
from cmgsim.arm.messages import Json, Request, Response
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import Resource
from cmgsim.arm.types import object_of, objects_of, text_of, texts_of
from cmgsim.units import DAY, SECOND

_NAME = re.compile(r"[0-9a-zA-Z-]{1,127}")
#: What an action is called where a vault goes by roles.
_ACTIONS = {"get": "getSecret/action", "set": "setSecret/action", "list": "readMetadata/action", "delete": "delete"}
_ACTIONS |= {"recover": "recover/action", "purge": "purge/action"}
_RESOURCE = "https://vault.azure.net"


@dataclass(frozen=True, slots=True)
class Visit:
    """A request to a vault that has been let in; ``name`` and ``version`` are empty where the path has none."""

    request: Request
    vault: Resource
    name: str
    version: str

    @property
    def base(self) -> str:
        """Return what the ids of secrets start with."""
        return self.request.base

    def versions(self, of: str = "secrets") -> tuple[Json, ...]:
        """Return the versions of the secret, oldest first, or of the deleted one.

        Raises:
            ArmError: 404 ``SecretNotFound`` if there is none.
        """
        known = self.vault.secret.get(of, {}).get(self.name.lower())
        if not known:
            message = f"A secret with (name/id) {self.name}/{self.version} was not found in this key vault."
            raise ArmError(404, "SecretNotFound", message)
        return tuple(known)


def answers(request: Request) -> bool:
    """Say whether a request is one for a key vault."""
    return ".vault." in request.base


def handle(cloud: Cloud, request: Request) -> Response:
    """Answer a request at the present moment of the cloud."""
    headers = {"x-ms-request-id": guid(cloud.seed, "request", "service", cloud.requests), "Cache-Control": "no-cache"}
    try:
        status, document = _reply(cloud, request)
    except ArmError as problem:
        status, document = problem.status, problem.body()
        headers |= problem.headers
    if document is None:
        return Response(status, headers)
    headers["Content-Type"] = "application/json; charset=utf-8"
    return Response(status, headers, json.dumps(document).encode())


def _reply(cloud: Cloud, request: Request) -> tuple[int, Json | None]:
    fqdn = (urlsplit(request.base).hostname or "").lower()
    vault = cloud.store.get(cloud.names.holder(fqdn, cloud.now_us) or "/")
    if vault is None:
        raise ArmError(404, "VaultNotFound", f"The key vault behind '{fqdn}' does not exist.")
    principal = _authenticated(cloud, request, vault)
    cloud.require_answers(vault.location)
    words = [*request.path.strip("/").split("/"), "", ""]
    kind, name, version = words[0].lower(), words[1], words[2]
    route = f"{kind}{'/*' if name else ''}" + (f"/{version.lower()}" if version.lower() in _PARTS else "")
    handler = HANDLERS.get((request.method, route))
    if handler is None:
        raise not_modelled(f"The operation '{request.method} {request.path}' of a key vault")
    permission, act = handler
    _require(cloud, vault, principal, permission)
    return act(cloud, Visit(request, vault, name, "" if version.lower() in _PARTS else version))


def put(cloud: Cloud, visit: Visit) -> tuple[int, Json]:
    """Keep a new version of a secret."""
    document = visit.request.document()
    if not _NAME.fullmatch(visit.name):
        raise bad_request("BadParameter", f"The name '{visit.name}' must have 1 to 127 letters, digits and hyphens.")
    if visit.name.lower() in visit.vault.secret.get("deleted", {}):
        message = f"Secret {visit.name} is currently in a deleted but recoverable state, and its name cannot be reused."
        raise ArmError(409, "Conflict", message)
    known = visit.vault.secret.get("secrets", {}).get(visit.name.lower(), ())
    number = cloud.guid("secret", f"{visit.vault.key}/{visit.name}").replace("-", "")
    made: Json = {
        "name": visit.name,
        "version": number,
        "value": text_of(document, "value"),
        "contentType": text_of(document, "contentType"),
        "tags": object_of(document, "tags"),
        "attributes": {"enabled": True} | object_of(document, "attributes"),
        "created_us": cloud.now_us,
        "updated_us": cloud.now_us,
    }
    _keep(cloud, visit, (*known, made))
    return 200, _show(cloud, visit, made)


def get(cloud: Cloud, visit: Visit) -> tuple[int, Json]:
    """Show a secret with its value, the newest version unless one is named."""
    found = _version(visit)
    if not found["attributes"]["enabled"]:
        raise ArmError(403, "Forbidden", "Operation get is not allowed on a disabled secret.")
    return 200, _show(cloud, visit, found)


def patch(cloud: Cloud, visit: Visit) -> tuple[int, Json]:
    """Change what is known of a version, not its value."""
    document, found = visit.request.document(), _version(visit)
    changed = found | {name: document[name] for name in ("contentType", "tags") if name in document}
    changed |= {"attributes": found["attributes"] | object_of(document, "attributes"), "updated_us": cloud.now_us}
    _keep(cloud, visit, tuple(changed if known is found else known for known in visit.versions()))
    return 200, {name: value for name, value in _show(cloud, visit, changed).items() if name != "value"}


def delete(cloud: Cloud, visit: Visit) -> tuple[int, Json]:
    """Delete a secret; where the vault has soft delete it can come back."""
    versions = visit.versions()
    if visit.vault.hold_us:
        until_us = cloud.now_us + visit.vault.hold_us
        gone = tuple(known | {"deleted_us": cloud.now_us, "purge_us": until_us} for known in versions)
        _keep(cloud, visit, gone, "deleted")
        visit = Visit(visit.request, _vault(cloud, visit), visit.name, visit.version)
        versions = gone
    _keep(cloud, visit, ())
    return 200, {name: value for name, value in _show(cloud, visit, versions[-1]).items() if name != "value"}


def get_deleted(cloud: Cloud, visit: Visit) -> tuple[int, Json]:
    """Show a deleted secret that can still come back."""
    known = visit.versions("deleted")[-1]
    if known["purge_us"] <= cloud.now_us:
        raise ArmError(404, "SecretNotFound", f"A deleted secret {visit.name} was not found in this key vault.")
    return 200, {name: value for name, value in _show(cloud, visit, known).items() if name != "value"}


def recover(cloud: Cloud, visit: Visit) -> tuple[int, Json]:
    """Let a deleted secret come back with all its versions."""
    get_deleted(cloud, visit)
    plain = tuple(
        {name: value for name, value in known.items() if name not in ("deleted_us", "purge_us")}
        for known in visit.versions("deleted")
    )
    _keep(cloud, visit, (), "deleted")
    visit = Visit(visit.request, _vault(cloud, visit), visit.name, visit.version)
    _keep(cloud, visit, plain)
    return 200, {name: value for name, value in _show(cloud, visit, plain[-1]).items() if name != "value"}


def purge(cloud: Cloud, visit: Visit) -> tuple[int, None]:
    """Give up a deleted secret for good."""
    visit.versions("deleted")
    _keep(cloud, visit, (), "deleted")
    return 204, None


def list_all(cloud: Cloud, visit: Visit) -> tuple[int, Json]:
    """List the secrets, without values."""
    known = visit.vault.secret.get("secrets", {})
    return 200, {"value": [_brief(cloud, visit, known[name][-1], "") for name in sorted(known)]}


def list_versions(cloud: Cloud, visit: Visit) -> tuple[int, Json]:
    """List the versions of a secret, without values."""
    return 200, {"value": [_brief(cloud, visit, known, known["version"]) for known in visit.versions()]}


def list_deleted(cloud: Cloud, visit: Visit) -> tuple[int, Json]:
    """List the deleted secrets that can still come back."""
    return 200, {"value": [_brief(cloud, visit, known, "") for known in _deleted(cloud, visit)]}


def _deleted(cloud: Cloud, visit: Visit) -> Iterator[Json]:
    known = visit.vault.secret.get("deleted", {})
    for name in sorted(known):
        if known[name][-1]["purge_us"] > cloud.now_us:
            yield known[name][-1]


def _version(visit: Visit) -> Json:
    for known in reversed(visit.versions()):
        if visit.version in ("", known["version"]):
            return known
    message = f"A secret with (name/id) {visit.name}/{visit.version} was not found in this key vault."
    raise ArmError(404, "SecretNotFound", message)


def _vault(cloud: Cloud, visit: Visit) -> Resource:
    vault = cloud.store.get(visit.vault.id)
    assert vault is not None, visit.vault.id
    return vault


def _keep(cloud: Cloud, visit: Visit, versions: tuple[Json, ...], word: str = "secrets") -> None:
    """Put the versions of a secret in the place of those before; none, and it is gone."""
    vault = _vault(cloud, visit)
    known = {name: kept for name, kept in vault.secret.get(word, {}).items() if name != visit.name.lower()}
    known |= {visit.name.lower(): versions} if versions else {}
    cloud.store.put(vault.having(secret=vault.secret | {word: known}))


def _show(cloud: Cloud, visit: Visit, known: Json) -> Json:
    shown = _brief(cloud, visit, known, known["version"]) | {"value": known["value"]}
    if "deleted_us" in known:
        shown["recoveryId"] = f"{visit.base}/deletedsecrets/{known['name']}"
        shown["deletedDate"] = _seconds(cloud, known["deleted_us"])
        shown["scheduledPurgeDate"] = _seconds(cloud, known["purge_us"])
    return shown


def _brief(cloud: Cloud, visit: Visit, known: Json, version: str) -> Json:
    recoverable = {"recoveryLevel": "Recoverable+Purgeable", "recoverableDays": visit.vault.hold_us // DAY}
    attributes = known["attributes"] | {
        "created": _seconds(cloud, known["created_us"]),
        "updated": _seconds(cloud, known["updated_us"]),
        **(recoverable if visit.vault.hold_us else {"recoveryLevel": "Purgeable", "recoverableDays": 0}),
    }
    secret_id = f"{visit.base}/secrets/{known['name']}" + (f"/{version}" if version else "")
    shown = {"id": secret_id, "attributes": attributes, "tags": known["tags"]}
    return shown | ({"contentType": known["contentType"]} if known["contentType"] else {})


def _seconds(cloud: Cloud, moment_us: int) -> int:
    return int(cloud.config.start.timestamp()) + moment_us // SECOND


def _authenticated(cloud: Cloud, request: Request, vault: Resource) -> Principal:
    kind, _, token = request.header("authorization").partition(" ")
    try:
        if kind.lower() != "bearer":
            raise ArmError(401, "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token.")
        return principal_of(cloud, token.strip())
    except ArmError as problem:
        owner = cloud.owner_of(vault)
        login = f"{cloud.environment_of(owner.id).login}/{cloud.config.tenant_of(owner).id}"
        challenge = {"WWW-Authenticate": f'Bearer authorization="{login}", resource="{_RESOURCE}"'}
        raise ArmError(401, "Unauthorized", problem.message, headers=challenge) from problem


def _require(cloud: Cloud, vault: Resource, principal: Principal, permission: str) -> None:
    """Let a caller pass whom the vault allows something.

    Raises:
        ArmError: 403 ``Forbidden``.
    """
    if vault.properties.get("enableRbacAuthorization"):
        action = f"Microsoft.KeyVault/vaults/secrets/{_ACTIONS[permission]}"
        allowed = access.may_touch(cloud, cloud.owner_of(vault), principal, action, vault.id)
    else:
        allowed = any(
            policy.get("objectId") == principal.object_id
            and {permission, "all"} & {word.lower() for word in texts_of(object_of(policy, "permissions"), "secrets")}
            for policy in objects_of(vault.properties, "accessPolicies")
        )
    if not allowed:
        message = (
            f"The user, group or application 'appid={principal.app_id};oid={principal.object_id}' does not have "
            f"secrets {permission} permission on key vault '{vault.name};location={vault.location}'."
        )
        raise ArmError(403, "Forbidden", message)


_PARTS = ("versions", "recover", "backup")
Act = Callable[[Cloud, Visit], tuple[int, Any]]
HANDLERS: dict[tuple[str, str], tuple[str, Act]] = {
    ("GET", "secrets"): ("list", list_all),
    ("PUT", "secrets/*"): ("set", put),
    ("GET", "secrets/*"): ("get", get),
    ("PATCH", "secrets/*"): ("set", patch),
    ("DELETE", "secrets/*"): ("delete", delete),
    ("GET", "secrets/*/versions"): ("list", list_versions),
    ("GET", "deletedsecrets"): ("list", list_deleted),
    ("GET", "deletedsecrets/*"): ("get", get_deleted),
    ("DELETE", "deletedsecrets/*"): ("purge", purge),
    ("POST", "deletedsecrets/*/recover"): ("recover", recover),
}
