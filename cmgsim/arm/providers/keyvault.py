"""Microsoft.KeyVault: vaults, and their names after deletion (source: "Azure Key Vault soft-delete overview").

Assumption: a vault is there 20 to 40 seconds after the request, and gone at once.
"""

from __future__ import annotations

import re

from cmgsim.arm.calls import Call
from cmgsim.arm.clouds import vault_fqdn
from cmgsim.arm.errors import ArmError, bad_request
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import Resource
from cmgsim.arm.types import NameRule, Provider, ResourceType, Style, text_of
from cmgsim.units import DAY

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
    name = call.target.names[-1]
    fqdn = vault_fqdn(name, call.owner.environment)
    holder = cloud.names.holder(fqdn, call.now_us)
    if not cloud.names.on_hold(fqdn, call.now_us) or call.owner.id not in holder:
        raise ArmError(404, "DeletedVaultNotFound", f"The specified deleted vault '{name}' does not exist.")
    cloud.names.free(fqdn)
    return Answer(200)


def _names(cloud: Cloud, resource: Resource) -> tuple[str, ...]:
    return (vault_fqdn(resource.name, cloud.environment_of(resource.subscription).name),)


def _taken(cloud: Cloud, resource: Resource, holder: str) -> ArmError:
    if cloud.names.on_hold(_names(cloud, resource)[0], cloud.now_us):
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


def _complete(cloud: Cloud, resource: Resource) -> Resource:
    return resource.having(hold_us=_hold_us(cloud, resource))


def _view(cloud: Cloud, resource: Resource) -> Json:
    return {"vaultUri": f"https://{_names(cloud, resource)[0]}/"}


PROVIDER = Provider(
    "Microsoft.KeyVault",
    (
        ResourceType(
            "Microsoft.KeyVault/vaults",
            "vaults",
            "2015-06-01",
            create=Style.BODY,
            retry_after_s=5,
            name_rule=NAME_RULE,
            claims=_names,
            taken=_taken,
            check=_check,
            complete=_complete,
            view=_view,
        ),
    ),
    {
        ("POST", "subscription/microsoft.keyvault/checknameavailability"): check_name,
        ("POST", "subscription/microsoft.keyvault/locations/deletedvaults/purge"): purge,
    },
)
