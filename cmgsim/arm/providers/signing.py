"""Shared access signatures that a storage account hands out (listAccountSas, listServiceSas, REST reference)."""

from __future__ import annotations

from cmgsim.arm.calls import Call
from cmgsim.arm.dataplane import signatures
from cmgsim.arm.errors import bad_request
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.providers.migrations import find
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import Resource
from cmgsim.arm.types import text_of

#: The version of signatures, the newest of the layout used here.
VERSION = "2020-12-06"
#: Query parameter of a signature -> property of a request.
_ACCOUNT_FIELDS = {
    "sp": "signedPermission",
    "ss": "signedServices",
    "srt": "signedResourceTypes",
    "st": "signedStart",
    "se": "signedExpiry",
    "sip": "signedIp",
    "spr": "signedProtocol",
}
_SERVICE_FIELDS = {
    "sp": "signedPermission",
    "st": "signedStart",
    "se": "signedExpiry",
    "si": "signedIdentifier",
    "sip": "signedIp",
    "spr": "signedProtocol",
    "sr": "signedResource",
    "rscc": "rscc",
    "rscd": "rscd",
    "rsce": "rsce",
    "rscl": "rscl",
    "rsct": "rsct",
}


def account_signature(cloud: Cloud, call: Call, keys: list[Json]) -> Answer:
    """Sign for a whole account."""
    account, document = find(cloud, call), call.document()
    fields = _fields(document, _ACCOUNT_FIELDS, ("sp", "ss", "srt", "se"))
    text = signatures.account_text(fields, account.name)
    return Answer(200, {"accountSasToken": signatures.token(fields, text, _key(document, keys))})


def service_signature(cloud: Cloud, call: Call, keys: list[Json]) -> Answer:
    """Sign for one container or blob: ``canonicalizedResource`` is ``/blob/<account>/<container>[/<blob>]``."""
    account, document = find(cloud, call), call.document()
    resource = text_of(document, "canonicalizedResource")
    if not resource.startswith(f"/blob/{account.name}/"):
        message = f"The property 'canonicalizedResource' must start with '/blob/{account.name}/', not be '{resource}'."
        raise bad_request("InvalidValuesForRequestParameters", message)
    fields = _fields(document, _SERVICE_FIELDS, ("sr",))
    return Answer(
        200,
        {"serviceSasToken": signatures.token(fields, signatures.service_text(fields, resource), _key(document, keys))},
    )


def revoke_delegation(cloud: Cloud, call: Call) -> Answer:
    """Make every user delegation key of an account worthless."""
    account: Resource = find(cloud, call)
    turns = account.secret.get("delegations", 0) + 1
    cloud.change(account, secret=account.secret | {"delegations": turns})
    return Answer(200)


def _fields(document: Json, known: dict[str, str], needed: tuple[str, ...]) -> dict[str, str]:
    fields = {name: text_of(document, word) for name, word in known.items()} | {"sv": VERSION}
    for name in needed:
        if not fields[name]:
            message = f"The property '{known[name]}' is required to sign."
            raise bad_request("InvalidValuesForRequestParameters", message)
    return fields


def _key(document: Json, keys: list[Json]) -> str:
    wanted = text_of(document, "keyToSign", "key1")
    for key in keys:
        if key["keyName"] == wanted:
            return str(key["value"])
    raise bad_request("InvalidValuesForRequestParameters", f"The account has no key '{wanted}'.")
