"""Microsoft.KeyVault: vaults, and their names after deletion (source: "Azure Key Vault soft-delete overview").

Assumption: a vault is there 20 to 40 seconds after the request, and gone at once.
"""

from __future__ import annotations

import re

from cmgsim.arm.calls import Call
from cmgsim.arm.clouds import region_key, vault_fqdn
from cmgsim.arm.errors import ArmError, bad_request, resource_not_found
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.state import Cloud, body_with_properties
from cmgsim.arm.store import Resource
from cmgsim.arm.types import Handler, NameRule, Provider, ResourceType, Style, object_of, objects_of, text_of, texts_of
from cmgsim.arm.views import page
from cmgsim.units import DAY

VAULT_TYPE = "Microsoft.KeyVault/vaults"
RETENTION_DAYS = 90
_MESSAGE = (
    "The vault name '{name}' is invalid. A vault's name must be between 3-24 alphanumeric characters. The name must "
    "begin with a letter, end with a letter or digit, and not contain consecutive hyphens."
)
NAME_RULE = NameRule(re.compile(r"(?!.*--)[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]"), "VaultNameNotValid", _MESSAGE)


def check_name(cloud: Cloud, call: Call) -> Answer:
    """Say whether a vault could have a name (checkNameAvailability)."""
    name = text_of(call.document(), "name")
    try:
        NAME_RULE.check(name)
    except ArmError as problem:
        return Answer(200, {"nameAvailable": False, "reason": "AccountNameInvalid", "message": problem.message})
    if cloud.names.holder(vault_fqdn(name, call.owner.environment), call.now_us):
        message = f"The vault name '{name}' is already in use."
        return Answer(200, {"nameAvailable": False, "reason": "AlreadyExists", "message": message})
    return Answer(200, {"nameAvailable": True})


def purge(cloud: Cloud, call: Call) -> Answer:
    """Give up a deleted vault for good, and with it its name."""
    vault = _deleted(cloud, call)
    if vault.properties.get("enablePurgeProtection"):
        message = f"The vault '{vault.name}' is protected from being purged; it goes at the end of its retention."
        raise ArmError(403, "PurgeProtectionEnabled", message)
    cloud.names.free(_fqdn(cloud, vault))
    return Answer(200)


def list_deleted(cloud: Cloud, call: Call) -> Answer:
    """List the deleted vaults of a subscription that can still come back."""
    left = cloud.names.left_by(call.owner.id, VAULT_TYPE, cloud.now_us)
    return page(call, (_show_deleted(cloud, vault) for vault in left), cloud.config.page_size)


def get_deleted(cloud: Cloud, call: Call) -> Answer:
    """Show a deleted vault that can still come back."""
    return Answer(200, _show_deleted(cloud, _deleted(cloud, call)))


def change_policies(cloud: Cloud, call: Call) -> Answer:
    """Add, replace or remove access policies of a vault."""
    target = call.target
    vault = cloud.store.get(f"{target.scope}/providers/{VAULT_TYPE}/{target.names[0]}")
    if vault is None:
        raise resource_not_found(VAULT_TYPE, target.names[0], target.group)
    given = objects_of(object_of(call.document(), "properties"), "accessPolicies")
    policies = _changed(objects_of(vault.properties, "accessPolicies"), given, target.name.lower())
    vault = cloud.change(vault, body=body_with_properties(vault.body, accessPolicies=policies))
    document = {
        "id": f"{vault.id}/accessPolicies/",
        "type": f"{VAULT_TYPE}/accessPolicies",
        "location": vault.location,
        "properties": {"accessPolicies": policies},
    }
    return Answer(200, document)


def _changed(present: list[Json], given: list[Json], how: str) -> list[Json]:
    """Return the policies as they are after a change; one principal has one policy."""
    names = [str(policy.get("objectId", "")) for policy in given]
    others = [policy for policy in present if policy.get("objectId") not in names]
    if how == "remove":
        return others
    if how == "replace":
        return others + given
    if how == "add":
        own = {str(policy.get("objectId")): policy for policy in present}
        return others + [_merged(own.get(name, {}), policy) for name, policy in zip(names, given, strict=True)]
    raise bad_request("BadRequest", f"The operation '{how}' on access policies is invalid; use add, replace or remove.")


def _merged(before: Json, more: Json) -> Json:
    allowed, extra = object_of(before, "permissions"), object_of(more, "permissions")
    kinds = dict.fromkeys([*allowed, *extra])
    joined = {kind: list(dict.fromkeys([*texts_of(allowed, kind), *texts_of(extra, kind)])) for kind in kinds}
    return before | more | {"permissions": joined}


def _deleted(cloud: Cloud, call: Call) -> Resource:
    name = call.target.names[1]
    vault = cloud.names.left(vault_fqdn(name, call.owner.environment), cloud.now_us)
    if vault is None or vault.subscription != call.owner.id or vault.location != region_key(call.target.names[0]):
        raise ArmError(404, "DeletedVaultNotFound", f"The specified deleted vault '{name}' does not exist.")
    return vault


def _show_deleted(cloud: Cloud, vault: Resource) -> Json:
    until_us = cloud.names.until_us(_fqdn(cloud, vault))
    root = f"/subscriptions/{vault.subscription}/providers/Microsoft.KeyVault/locations/{vault.location}"
    properties = {
        "vaultId": vault.id,
        "location": vault.location,
        "deletionDate": cloud.iso(until_us - vault.hold_us),
        "scheduledPurgeDate": cloud.iso(until_us),
        "tags": vault.tags,
    }
    kind = "Microsoft.KeyVault/deletedVaults"
    return {"id": f"{root}/deletedVaults/{vault.name}", "name": vault.name, "type": kind, "properties": properties}


def _fqdn(cloud: Cloud, vault: Resource) -> str:
    return vault_fqdn(vault.name, cloud.environment_of(vault.subscription).name)


def _recovers(resource: Resource) -> bool:
    return text_of(resource.properties, "createMode").lower() == "recover"


def _claims(cloud: Cloud, resource: Resource) -> tuple[str, ...]:
    """Claim the name of a vault; one that comes back has it already."""
    return () if _recovers(resource) else (_fqdn(cloud, resource),)


def _taken(cloud: Cloud, resource: Resource, holder: str) -> ArmError:
    if cloud.names.on_hold(_fqdn(cloud, resource), cloud.now_us):
        message = "A vault with the same name already exists in deleted state. You need to either recover or purge it."
        return ArmError(409, "ConflictError", message)
    message = f"The vault name '{resource.name}' is already in use. Vault names are globally unique."
    return ArmError(409, "VaultAlreadyExists", message)


def _hold_us(cloud: Cloud, resource: Resource) -> int:
    soft = resource.properties.get("enableSoftDelete")
    days = resource.properties.get("softDeleteRetentionInDays", cloud.config.vault_soft_delete_days or RETENTION_DAYS)
    if soft is None:
        soft = cloud.config.vault_soft_delete_days > 0
    return int(days) * DAY if soft else 0


def _check(cloud: Cloud, resource: Resource) -> None:
    days = resource.properties.get("softDeleteRetentionInDays", RETENTION_DAYS)
    if type(days) is not int or not 7 <= days <= RETENTION_DAYS:
        message = f"The parameter softDeleteRetentionInDays must be between 7 and 90, not {days!r}."
        raise bad_request("BadRequest", message)
    for policy in objects_of(resource.properties, "accessPolicies"):
        texts_of(object_of(policy, "permissions"), "secrets")
    left = cloud.names.left(_fqdn(cloud, resource), cloud.now_us)
    if _recovers(resource) and (left is None or left.key != resource.key):
        message = f"There is no deleted vault '{resource.id}' that could be recovered."
        raise ArmError(404, "DeletedVaultNotFound", message)


def _complete(cloud: Cloud, resource: Resource) -> Resource:
    """Let a vault that is recovered be what it was, secrets included."""
    properties = {name: value for name, value in resource.properties.items() if name != "createMode"}
    left = cloud.names.left(_fqdn(cloud, resource), cloud.now_us)
    if left is not None and _recovers(resource):
        return resource.having(body=left.body, secret=left.secret, names=left.names, hold_us=left.hold_us)
    resource = resource.having(body=resource.body | {"properties": properties})
    return resource.having(hold_us=_hold_us(cloud, resource))


def _view(cloud: Cloud, resource: Resource) -> Json:
    shown = {"accessPolicies": [], "enableSoftDelete": resource.hold_us > 0}
    return shown | resource.properties | {"vaultUri": f"https://{_fqdn(cloud, resource)}/"}


VAULT = ResourceType(
    VAULT_TYPE,
    "vaults",
    "2015-06-01",
    create=Style.BODY,
    retry_after_s=5,
    name_rule=NAME_RULE,
    claims=_claims,
    taken=_taken,
    check=_check,
    complete=_complete,
    view=_view,
)
_DELETED = "subscription/microsoft.keyvault/locations/deletedvaults"
_ROUTES: dict[tuple[str, str], Handler] = {
    ("POST", "subscription/microsoft.keyvault/checknameavailability"): check_name,
    ("GET", "subscription/microsoft.keyvault/deletedvaults"): list_deleted,
    ("GET", f"{_DELETED}/*"): get_deleted,
    ("POST", f"{_DELETED}/purge"): purge,
    ("PUT", "group/microsoft.keyvault/vaults/accesspolicies/*"): change_policies,
}
PROVIDER = Provider("Microsoft.KeyVault", (VAULT,), _ROUTES)
