"""The older service management: XML, and a management certificate in place of a token.

Only what cloud services (classic) and their storage accounts need. Everything it makes is in the same store, under the
same names and quotas, as what Azure Resource Manager shows as Microsoft.ClassicCompute and Microsoft.ClassicStorage.

Source: "Service Management REST API Reference".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree import ElementTree

from cmgsim.arm import asmservices, asmstorage
from cmgsim.arm.asmxml import Reply, Visit, error_reply, node, to_bytes
from cmgsim.arm.config import SubscriptionState
from cmgsim.arm.errors import ArmError, subscription_disabled
from cmgsim.arm.identifiers import guid, http_date
from cmgsim.arm.lifecycle import FAILED
from cmgsim.arm.messages import Request, Response
from cmgsim.arm.state import Cloud

_PATH = re.compile(r"/[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(/(services|operations|locations)(/|$)|$)")
_SLOT = r"(?:deploymentslots|deployments)/(?P<slot>[^/]+)"
_SERVICE = r"/services/hostedservices/(?P<name>[^/]+)"
_ACCOUNT = r"/services/storageservices/(?P<name>[^/]+)"


def answers(request: Request) -> bool:
    """Say whether a request is one for the older service management: a GUID, then a word of its own."""
    return _PATH.match(request.path) is not None


def handle(cloud: Cloud, request: Request) -> Response:
    """Answer a request at the present moment of the cloud."""
    try:
        reply = _reply(cloud, request)
    except ArmError as problem:
        reply = error_reply(problem)
    number = reply.operation or guid(cloud.seed, "request", "service", cloud.requests)
    headers = {
        "x-ms-request-id": number.replace("-", ""),
        "x-ms-servedbyregion": "ussouth",
        "Date": http_date(cloud.config.start, cloud.now_us),
    }
    if reply.element is None:
        return Response(reply.status, headers)
    return Response(reply.status, headers | {"Content-Type": "application/xml; charset=utf-8"}, to_bytes(reply.element))


def _reply(cloud: Cloud, request: Request) -> Reply:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", request.header("x-ms-version")):
        message = "The versioning header is not specified or was specified incorrectly."
        raise ArmError(400, "MissingOrIncorrectVersionHeader", message)
    subscription = cloud.subscription(request.path.split("/")[1].lower())
    thumbprint = (request.peer_certificate or "").upper()
    if subscription is None or thumbprint not in subscription.management_certificates:
        message = (
            "The server failed to authenticate the request. Verify that the certificate is valid and is associated "
            "with this subscription."
        )
        raise ArmError(403, "ForbiddenError", message)
    if request.method != "GET" and subscription.state is SubscriptionState.DISABLED:
        raise subscription_disabled(subscription.id)
    rest = request.path[37:]
    for route in ROUTES:
        match = re.fullmatch(route.pattern, rest, re.IGNORECASE)
        if match and route.method == request.method and route.comp == request.query.get("comp", ""):
            return route.handler(cloud, Visit(request, subscription, match.groupdict()))
    raise ArmError(404, "ResourceNotFound", f"The resource '{rest}' does not exist or takes no {request.method}.")


def list_locations(cloud: Cloud, visit: Visit) -> Reply:
    """List the regions."""
    regions = [region for region in cloud.regions.values() if region.environment == visit.subscription.environment]
    places = (node("Location", node("Name", region.title), node("DisplayName", region.title)) for region in regions)
    return Reply(200, node("Locations", *places))


def get_subscription(cloud: Cloud, visit: Visit) -> Reply:
    """Show a subscription with its limits for the classic model."""
    facts = visit.subscription
    services = cloud.store.count(facts.id, "Microsoft.ClassicCompute/domainNames")
    fields = {
        "SubscriptionID": facts.id,
        "SubscriptionName": facts.name,
        "SubscriptionStatus": "Active" if facts.state is not SubscriptionState.DISABLED else "Disabled",
        "MaxCoreCount": str(facts.core_quota_default),
        "CurrentCoreCount": str(sum(cloud.store.cores(facts.id, region) for region in cloud.regions)),
        "MaxHostedServices": str(facts.cloud_service_quota),
        "CurrentHostedServices": str(services),
        "AADTenantID": cloud.config.tenant_of(facts).id,
    }
    return Reply(200, node("Subscription", *(node(name, text) for name, text in fields.items())))


def get_operation(cloud: Cloud, visit: Visit) -> Reply:
    """Say how an operation fares."""
    operation = cloud.operations.get(visit.words["id"])
    if operation is None or visit.subscription.id not in operation.resource.lower():
        raise ArmError(404, "ResourceNotFound", "The operation request ID was not found.")
    parts: list[ElementTree.Element] = [node("ID", visit.words["id"])]
    parts.append(node("Status", operation.status if operation.status != "Canceled" else FAILED))
    if not operation.running:
        parts.append(node("HttpStatusCode", "409" if operation.code else "200"))
    if operation.code:
        parts.append(node("Error", node("Code", operation.code), node("Message", operation.message)))
    return Reply(200, node("Operation", *parts))


@dataclass(frozen=True, slots=True)
class Route:
    """What answers a method and a path; ``comp`` is the query parameter of that name."""

    method: str
    pattern: str
    handler: asmservices.AsmHandler
    comp: str = ""


ROUTES = (
    Route("GET", "", get_subscription),
    Route("GET", "/locations", list_locations),
    Route("GET", "/operations/(?P<id>[0-9a-fA-F-]+)", get_operation),
    Route("GET", "/services/hostedservices/operations/isavailable/(?P<name>[^/]+)", asmservices.is_available),
    Route("GET", "/services/hostedservices", asmservices.list_all),
    Route("POST", "/services/hostedservices", asmservices.create),
    Route("GET", _SERVICE, asmservices.get),
    Route("PUT", _SERVICE, asmservices.update),
    Route("DELETE", _SERVICE, asmservices.delete),
    Route("DELETE", _SERVICE, asmservices.delete_with_media, "media"),
    Route("POST", f"{_SERVICE}/certificates", asmservices.add_certificate),
    Route("GET", f"{_SERVICE}/{_SLOT}", asmservices.get_deployment),
    Route("POST", f"{_SERVICE}/{_SLOT}", asmservices.create_deployment),
    Route("DELETE", f"{_SERVICE}/{_SLOT}", asmservices.delete_deployment),
    Route("POST", f"{_SERVICE}/{_SLOT}", asmservices.change_configuration, "config"),
    Route("POST", f"{_SERVICE}/{_SLOT}", asmservices.change_status, "status"),
    Route("POST", f"{_SERVICE}/{_SLOT}", asmservices.upgrade, "upgrade"),
    Route("POST", f"{_SERVICE}/{_SLOT}", asmservices.walk_domain, "walkupgradedomain"),
    Route("POST", f"{_SERVICE}/{_SLOT}", asmservices.roll_back, "rollback"),
    *(
        Route("POST", f"{_SERVICE}/{_SLOT}/roleinstances/(?P<instance>[^/]+)", asmservices.renew_instance, comp)
        for comp in ("reboot", "reimage", "rebuild")
    ),
    Route("GET", "/services/storageservices/operations/isavailable/(?P<name>[^/]+)", asmstorage.is_available),
    Route("GET", "/services/storageservices", asmstorage.list_all),
    Route("POST", "/services/storageservices", asmstorage.create),
    Route("GET", _ACCOUNT, asmstorage.get),
    Route("DELETE", _ACCOUNT, asmstorage.delete),
    Route("GET", f"{_ACCOUNT}/keys", asmstorage.get_keys),
    Route("POST", f"{_ACCOUNT}/keys", asmstorage.regenerate_key),
)
