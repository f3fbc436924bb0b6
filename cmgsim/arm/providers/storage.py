"""Microsoft.Storage: storage accounts.

Sources: "Storage account overview", "Resolve errors for storage account names".

Assumption: a storage account is there 15 to 25 seconds after the request.
"""

from __future__ import annotations

import re
from base64 import b64encode

from cmgsim.arm.calls import Call
from cmgsim.arm.clouds import storage_fqdn
from cmgsim.arm.errors import ArmError, bad_request
from cmgsim.arm.identifiers import group_of, subscription_of
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.providers import containers, migrations, signing
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import Resource
from cmgsim.arm.types import NameRule, Provider, ResourceType, Style, object_of, text_of
from cmgsim.draws import draw, identity, stream

_KEY = stream("arm.storage.key")
_SERVICES = ("blob", "dfs", "file", "queue", "table", "web")
NAME_RULE = NameRule(
    re.compile(r"[a-z0-9]{3,24}"),
    "AccountNameInvalid",
    "{name} is not a valid storage account name. Storage account name must be between 3 and 24 characters in length "
    "and use numbers and lower-case letters only.",
)


def account_names(cloud: Cloud, resource: Resource) -> tuple[str, ...]:
    """Return the name of a storage account's blob service."""
    return (storage_fqdn(resource.name, cloud.environment_of(resource.subscription).name),)


def account_taken(cloud: Cloud, resource: Resource, holder: str) -> ArmError:
    """Say who holds the name of an account: this subscription in another group, or anybody else."""
    elsewhere = group_of(holder).lower() != group_of(resource.id).lower()
    if elsewhere and subscription_of(holder) == resource.subscription:
        message = f"The account {resource.name} is already in another resource group in this subscription."
        return ArmError(409, "StorageAccountInAnotherResourceGroup", message)
    message = f"The storage account named {resource.name} is already taken."
    return ArmError(409, "StorageAccountAlreadyTaken", message)


def keys(cloud: Cloud, resource: Resource) -> list[Json]:
    """Return the two keys of an account; each turns into another when it is regenerated."""
    turns = resource.secret.get("key_turns", (0, 0))
    return [
        {"keyName": f"key{number + 1}", "value": _key(cloud.seed, resource, number, turn), "permissions": "FULL"}
        for number, turn in enumerate(turns)
    ]


def delegation_key(cloud: Cloud, resource: Resource, principal: str, start: str, expiry: str) -> str:
    """Return the key that a user has to sign with, for a time, until all such keys are revoked."""
    turn = resource.secret.get("delegations", 0)
    who = identity(resource.secret.get("born", resource.key), principal, start, expiry, str(turn))
    return b64encode(b"".join(draw(cloud.seed, who, _KEY, word).to_bytes(8, "little") for word in range(4))).decode()


def check_name(cloud: Cloud, call: Call) -> Answer:
    """Say whether an account could have a name (checkNameAvailability)."""
    name = text_of(call.document(), "name")
    try:
        NAME_RULE.check(name)
    except ArmError as problem:
        return _unavailable(problem.code, problem.message)
    if cloud.names.holder(storage_fqdn(name, call.owner.environment), call.now_us):
        return _unavailable("AlreadyExists", f"The storage account named {name} is already taken.")
    return Answer(200, {"nameAvailable": True})


def list_keys(cloud: Cloud, call: Call) -> Answer:
    """Show the keys of an account (listKeys)."""
    return Answer(200, {"keys": keys(cloud, migrations.find(cloud, call))})


def regenerate_key(cloud: Cloud, call: Call) -> Answer:
    """Replace one key of an account (regenerateKey)."""
    account, name = migrations.find(cloud, call), text_of(call.document(), "keyName")
    if name not in ("key1", "key2"):
        raise bad_request("InvalidParameter", f"The value '{name}' of 'keyName' is invalid; use 'key1' or 'key2'.")
    return Answer(200, {"keys": keys(cloud, turned(cloud, account, int(name[-1]) - 1))})


def turned(cloud: Cloud, account: Resource, number: int) -> Resource:
    """Replace one of the keys of an account, 0 or 1; return the account."""
    turns = list(account.secret.get("key_turns", (0, 0)))
    turns[number] += 1
    return cloud.change(account, secret=account.secret | {"key_turns": tuple(turns)})


def list_account_signature(cloud: Cloud, call: Call) -> Answer:
    """Sign for a whole account (listAccountSas)."""
    return signing.account_signature(cloud, call, keys(cloud, migrations.find(cloud, call)))


def list_service_signature(cloud: Cloud, call: Call) -> Answer:
    """Sign for a container or a blob (listServiceSas)."""
    return signing.service_signature(cloud, call, keys(cloud, migrations.find(cloud, call)))


def _check(cloud: Cloud, resource: Resource) -> None:
    """Refuse an account whose kind or redundancy is no word."""
    text_of(resource.body, "kind")
    text_of(object_of(resource.body, "sku"), "name")


def _complete(cloud: Cloud, resource: Resource) -> Resource:
    """Give a new account the seed of its keys, which it keeps wherever it moves."""
    return resource.having(secret=resource.secret or {"born": f"{resource.key}\x1f{cloud.now_us}"})


def _view(cloud: Cloud, resource: Resource) -> Json:
    suffix = cloud.environment_of(resource.subscription).storage_suffix
    shown = migrations.places(resource)
    shown["creationTime"] = cloud.iso(resource.created_us)
    shown["primaryEndpoints"] = {name: f"https://{resource.name}.{name}.{suffix}/" for name in _SERVICES}
    return shown


def _key(seed: int, resource: Resource, number: int, turn: int) -> str:
    who = identity(resource.secret.get("born", resource.key), str(number))
    words = (draw(seed, who, _KEY, 8 * turn + word) for word in range(8))
    return b64encode(b"".join(word.to_bytes(8, "little") for word in words)).decode()


def _unavailable(reason: str, message: str) -> Answer:
    return Answer(200, {"nameAvailable": False, "reason": reason, "message": message})


_ACCOUNT = "group/microsoft.storage/storageaccounts"
PROVIDER = Provider(
    "Microsoft.Storage",
    (
        ResourceType(
            "Microsoft.Storage/storageAccounts",
            "storageAccounts",
            "2015-06-15",
            create=Style.LOCATION,
            retry_after_s=17,
            name_rule=NAME_RULE,
            claims=account_names,
            taken=account_taken,
            check=_check,
            complete=_complete,
            view=_view,
        ),
        containers.SERVICE,
        containers.CONTAINER,
        containers.POLICY,
    ),
    {
        ("POST", "subscription/microsoft.storage/checknameavailability"): check_name,
        ("POST", f"{_ACCOUNT}/listkeys"): list_keys,
        ("POST", f"{_ACCOUNT}/regeneratekey"): regenerate_key,
        ("POST", f"{_ACCOUNT}/listaccountsas"): list_account_signature,
        ("POST", f"{_ACCOUNT}/listservicesas"): list_service_signature,
        ("POST", f"{_ACCOUNT}/revokeuserdelegationkeys"): signing.revoke_delegation,
        ("POST", f"{_ACCOUNT}/failover"): migrations.failover,
        ("POST", f"{_ACCOUNT}/restoreblobranges"): migrations.restore_ranges,
        ("POST", f"{_ACCOUNT}/hnsonmigration"): migrations.begin_namespaces,
        ("POST", f"{_ACCOUNT}/aborthnsonmigration"): migrations.abort_namespaces,
        ("POST", f"{_ACCOUNT}/startaccountmigration"): migrations.begin_conversion,
        ("GET", f"{_ACCOUNT}/accountmigrations/*"): migrations.show_conversion,
        **containers.ROUTES,
    },
    {migrations.TURN: migrations.turn, containers.WORM: containers.end_worm},
)
