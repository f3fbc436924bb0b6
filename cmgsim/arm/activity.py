"""The activity log: who changed what, and how it went (source: "Azure Activity Log event schema").

Every change is noted when it starts and when it is answered; one that takes time again when it ends. The log keeps the
newest entries only, as many as the configuration says. Questions are not noted.
"""

from __future__ import annotations

import re
from dataclasses import replace

from cmgsim.arm.calls import Call
from cmgsim.arm.errors import bad_request
from cmgsim.arm.identifiers import group_of, guid, within_scope
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.operations import Operation
from cmgsim.arm.state import ActivityEntry, Cloud
from cmgsim.arm.views import page

#: The Azure CLI writes moments without quotes.
_TERM = re.compile(r"\s*(\w+)\s+(eq|ge|le)\s+(?:'([^']*)'|(\d[\dTZ:.+-]*))\s*(?:and\b|$)", re.IGNORECASE)


def note(cloud: Cloud, call: Call, answer: Answer, correlation: str) -> None:
    """Note a change that was asked for and how it was answered."""
    failed = answer.status >= 400
    code = answer.document["error"]["code"] if failed and isinstance(answer.document, dict) else ""
    started = _entry(cloud, call, "Started", "", correlation)
    resource = cloud.store.get(call.target.resource_id)
    going_on = not failed and resource is not None and cloud.operations.get(resource.operation)
    if going_on and going_on.running and going_on.started_us == cloud.now_us:
        cloud.origins[going_on.id] = started
    status = "Failed" if failed else "Accepted" if going_on else "Succeeded"
    cloud.activity.append(started)
    cloud.activity.append(_entry(cloud, call, status, code, correlation))


def _entry(cloud: Cloud, call: Call, status: str, code: str, correlation: str) -> ActivityEntry:
    principal, target, method = call.principal, call.target, call.request.method
    return ActivityEntry(
        cloud.now_us,
        principal.object_id,
        principal.app_id,
        target.action(method),
        target.resource_id,
        status,
        code,
        method,
        correlation,
    )


def note_end(cloud: Cloud, operation: Operation) -> None:
    """Note that a change which took time has ended."""
    entry = cloud.origins.pop(operation.id, None)
    if entry is not None:
        status = "Succeeded" if operation.status == "Succeeded" else "Failed"
        cloud.activity.append(replace(entry, at_us=cloud.now_us, status=status, code=operation.code))


def list_all(cloud: Cloud, call: Call) -> Answer:
    """List the entries of a subscription, newest first; ``$filter`` knows times, groups, resources and providers.

    Raises:
        ArmError: 400 for a filter without ``eventTimestamp``, which Azure demands, or one that is none.
    """
    terms = _terms(call.request.query.get("$filter", ""))
    root = f"/subscriptions/{call.owner.id}"
    found = (
        _show(cloud, call, entry, number)
        for number, entry in reversed(list(enumerate(cloud.activity)))
        if within_scope(entry.resource, root) and all(_holds(cloud, entry, *term) for term in terms)
    )
    return page(call, found, cloud.config.page_size)


def _terms(text: str) -> list[tuple[str, str, str]]:
    terms, position = [], 0
    while position < len(text):
        match = _TERM.match(text, position)
        if match is None:
            raise bad_request(
                "BadRequest", f"The filter '{text}' is invalid: join comparisons with eq, ge, le by 'and'."
            )
        terms.append((match[1].lower(), match[2].lower(), match[3] or match[4] or ""))
        position = match.end()
    if "eventtimestamp" not in [name for name, _, _ in terms]:
        raise bad_request("BadRequest", "The $filter is missing eventTimestamp: write eventTimestamp ge '2019-07-29'.")
    return terms


def _holds(cloud: Cloud, entry: ActivityEntry, name: str, sign: str, value: str) -> bool:
    """Say whether an entry satisfies a comparison; times are compared as the text that both are written in."""
    if name == "eventtimestamp":
        moment = cloud.iso(entry.at_us)[: len(value.rstrip("Z"))]
        return moment >= value.rstrip("Z") if sign == "ge" else moment <= value.rstrip("Z")
    actual = {
        "resourcegroupname": group_of(entry.resource),
        "resourceuri": entry.resource,
        "resourceid": entry.resource,
        "resourceprovider": entry.action.partition("/")[0],
        "correlationid": entry.correlation,
        "status": entry.status,
        "caller": entry.caller,
    }.get(name)
    if actual is None:
        raise bad_request("BadRequest", f"The filter knows no property '{name}'.")
    return actual.lower() == value.lower()


def _show(cloud: Cloud, call: Call, entry: ActivityEntry, number: int) -> Json:
    when = cloud.iso(entry.at_us)
    event = guid(cloud.seed, "event", entry.correlation, number)
    return {
        "id": f"{entry.resource}/events/{event}/ticks/{entry.at_us}",
        "eventDataId": event,
        "authorization": {"action": entry.action, "scope": entry.resource},
        "caller": entry.caller,
        "claims": {"appid": entry.app_id},
        "channels": "Operation",
        "category": _named("Administrative"),
        "correlationId": entry.correlation,
        "operationId": entry.correlation,
        "operationName": _named(entry.action),
        "eventName": _named("BeginRequest" if entry.status == "Started" else "EndRequest"),
        "level": "Error" if entry.status == "Failed" else "Informational",
        "status": _named(entry.status),
        "subStatus": _named(entry.code),
        "resourceGroupName": group_of(entry.resource),
        "resourceProviderName": _named(entry.action.partition("/")[0]),
        "resourceId": entry.resource,
        "resourceType": _named(entry.action.rpartition("/")[0]),
        "httpRequest": {"clientRequestId": entry.correlation, "method": entry.method},
        "eventTimestamp": when,
        "submissionTimestamp": when,
        "subscriptionId": call.owner.id,
        "tenantId": call.tenant,
    }


def _named(value: str) -> Json:
    return {"value": value, "localizedValue": value}
