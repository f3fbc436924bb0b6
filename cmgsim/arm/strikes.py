"""What faults do, at each point at which the cloud can be made to fail.

Every function here is a hook that its caller passes only while a fault is in force (``cloud.faults.active``). What
requests are refused with stands in :mod:`cmgsim.arm.denials`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from cmgsim.arm.clouds import region_key
from cmgsim.arm.denials import REFUSALS, holds_back, retry_after
from cmgsim.arm.errors import (
    ArmError,
    cores_exceeded,
    retired,
    sku_not_available,
)
from cmgsim.arm.events import FaultStruck
from cmgsim.arm.faults import Fault, Occasion, Point
from cmgsim.arm.lifecycle import FAILED, Path
from cmgsim.arm.messages import Request, Response
from cmgsim.arm.names import OTHERS
from cmgsim.arm.targets import Target, parse
from cmgsim.arm.tokens import read
from cmgsim.draws import chance, draw, identity, stream
from cmgsim.units import PARTS_PER_MILLION

if TYPE_CHECKING:
    from cmgsim.arm.calls import Call
    from cmgsim.arm.config import Principal
    from cmgsim.arm.state import Cloud
    from cmgsim.arm.store import Resource
    from cmgsim.arm.types import ResourceType

_STRIKE = stream("arm.fault.strike")
_VERBS = {"create": "write", "update": "write", "delete": "delete"}
_RESOURCES = "Microsoft.Resources"


def at_the_door(cloud: Cloud, request: Request) -> Response | None:
    """Return what happens to a request that does not arrive, None to one that does."""
    occasion = _of_request(cloud, request)
    for fault in _striking(cloud, Point.CONNECT, occasion, request.path):
        return _lost(fault.text("failure"))
    return None


def on_the_way_back(cloud: Cloud, request: Request, response: Response) -> Response:
    """Return an answer as it arrives: late, or not at all."""
    occasion = _of_request(cloud, request)
    for fault in _striking(cloud, Point.SLOW_ANSWER, occasion, request.path):
        response = replace(response, delay_us=response.delay_us + fault.number("delay_us"))
    for _ in _striking(cloud, Point.ANSWER_LOST, occasion, request.path):
        return replace(_lost("answer"), delay_us=response.delay_us)
    return response


def signing_in(cloud: Cloud, request: Request) -> Request:
    """Return what the directory is asked for: with a fault, a token for another service.

    Raises:
        ArmError: 503 if the directory is down; 401 with the code ``AADSTS7000222`` if the secret is to be expired.
    """
    occasion = _of_request(cloud, request)
    for fault in _striking(cloud, Point.DIRECTORY_DOWN, occasion, request.path):
        message = "AADSTS90033: A transient error has occurred. Please try again."
        raise ArmError(503, "temporarily_unavailable", message, headers=retry_after(fault))
    for _ in _striking(cloud, Point.SECRET_EXPIRED, occasion, request.path):
        app_id = _form(request).get("client_id", "")
        message = f"AADSTS7000222: The provided client secret keys for app '{app_id}' are expired."
        raise ArmError(401, "invalid_client", message)
    for fault in _striking(cloud, Point.WRONG_AUDIENCE, occasion, request.path):
        form = _form(request) | {"scope": f"{fault.text('audience')}/.default"}
        return Request(request.method, request.url, request.headers, urlencode(form).encode())
    return request


def refuse(cloud: Cloud, call: Call, points: Iterable[Point] = ()) -> None:
    """Let a request pass that no fault refuses at some points, at all that refuse requests if none are named.

    Raises:
        ArmError: as the fault says.
    """
    occasion = of_call(cloud, call)
    for point in points or REFUSALS:
        refusal = REFUSALS[point]
        for fault in cloud.faults.at(point):
            if not (fault.match.covers(occasion) or holds_back(fault, occasion)):
                continue
            problem = refusal(cloud, call, fault)
            if problem is not None and _strikes(cloud, fault, f"{call.principal.object_id} {call.request.path}"):
                raise problem


def before_making(cloud: Cloud, kind: ResourceType, draft: Resource, extra_cores: int) -> None:
    """Let a resource pass that is to be made or changed; *extra_cores* is what it takes beyond what it has.

    Raises:
        ArmError: 409 if the quota, the size or the name cannot be had.
    """
    occasion = of_resource(draft, "write")
    if extra_cores > 0:
        _require_cores(cloud, kind, draft, occasion, extra_cores)
    if draft.id in cloud.store:
        return
    for name in draft.names:
        if not cloud.names.holder(name, cloud.now_us) and any(_striking(cloud, Point.NAME_RACE, occasion, draft.id)):
            cloud.names.take(name, OTHERS)
            raise kind.taken(cloud, draft, OTHERS)


def before_keeping(cloud: Cloud, resource: Resource) -> None:
    """Let a new resource pass whose type is still offered.

    Raises:
        ArmError: 409 ``ResourceTypeRetired``.
    """
    if any(_striking(cloud, Point.RETIRED, of_resource(resource, "write"), resource.id)):
        raise retired(resource.type)


def has_room(cloud: Cloud, resource: Resource) -> bool:
    """Say whether machines for a resource are to be found."""
    faults = _striking(cloud, Point.CAPACITY, of_resource(resource, "write"), resource.id)
    return not any(fault.text("code") != "SkuNotAvailable" for fault in faults)


def on_operation(cloud: Cloud, lifecycle: str, resource: Resource, steps: Path) -> tuple[Path, str, str]:
    """Return the path of an operation that is about to begin, and the code and message should it fail."""
    occasion = of_resource(resource, _VERBS.get(lifecycle.rpartition(".")[2], "action"))
    code = message = ""
    if lifecycle == "allocation.refused":
        code = next((fault.text("code") for fault in _matching(cloud, Point.CAPACITY, occasion)), "")
    steps = _held_up(cloud, occasion, steps)
    for fault in _striking(cloud, Point.OPERATION_FAILED, occasion, resource.id):
        steps, code, message = (*steps[:-1], (steps[-1][0], FAILED)), fault.text("code"), fault.text("message")
    return steps, code, message


def on_registration(cloud: Cloud, subscription: str, namespace: str, steps: Path) -> Path:
    """Return the path of a registration that is about to begin; its type is ``Microsoft.Resources/providers``."""
    place = f"/subscriptions/{subscription}/providers/{namespace}"
    occasion = Occasion(
        "", f"{namespace}/register/action", namespace, f"{_RESOURCES}/providers", place, "", subscription
    )
    return _held_up(cloud, occasion, steps)


def comes_true(cloud: Cloud, fault: Fault, who: str = "") -> bool:
    """Say whether a fault comes true this time, for somebody or, when it begins, at all."""
    if fault.probability_ppm == PARTS_PER_MILLION:
        return True
    ordinal = cloud.ordinal(f"fault.{fault.name}", who)
    return chance(draw(cloud.seed, identity(fault.name, who.lower()), _STRIKE, ordinal), fault.probability_ppm)


def of_call(cloud: Cloud, call: Call) -> Occasion:
    """Return what faults are held against, of a request that has been let in."""
    return _occasion(cloud, call.request, call.target, _names_of(call.principal))


def of_resource(resource: Resource, verb: str) -> Occasion:
    """Return what faults are held against, of a resource about to change."""
    return Occasion(
        method="",
        action=f"{resource.type}/{verb}",
        provider=resource.type.partition("/")[0],
        type=resource.type,
        resource=resource.id,
        region=resource.location,
        subscription=resource.subscription,
    )


def _of_request(cloud: Cloud, request: Request) -> Occasion:
    """Return the occasion of a request that nobody has looked at; its caller is whom its token or its form names."""
    token = request.header("authorization").partition(" ")[2].strip()
    claims = read(cloud.seed, token, int(cloud.config.start.timestamp())) if token.count(".") == 2 else None
    who = claims.object_id if claims else _form(request).get("client_id", "") if request.path.endswith("token") else ""
    principals = [known for tenant in cloud.config.tenants for known in tenant.principals if who in _names_of(known)]
    return _occasion(cloud, request, parse(request.path), _names_of(principals[0]) if principals and who else ())


def _occasion(cloud: Cloud, request: Request, target: Target, principals: tuple[str, ...]) -> Occasion:
    words = target.types[: len(target.names)]
    kind = "/".join((target.namespace, *words)) if target.namespace and words else ""
    if not target.namespace and target.group and not target.types:
        kind = f"{_RESOURCES}/resourceGroups"
    return Occasion(
        method=request.method,
        action=target.action(request.method),
        provider=target.namespace or _RESOURCES,
        type=kind,
        resource=target.resource_id,
        region=_region(cloud, request, target),
        subscription=target.subscription,
        principals=principals,
    )


def _region(cloud: Cloud, request: Request, target: Target) -> str:
    """Return the region that a request is about: of its resource, of its path, or of its body."""
    resource = cloud.store.get(target.resource_id)
    if resource is not None and target.namespace:
        return resource.location
    if target.types[:1] and target.types[0].lower() == "locations":
        return region_key((*target.names, "")[0])
    try:
        location = request.document().get("location")
    except ArmError:
        location = None
    return region_key(location) if isinstance(location, str) else resource.location if resource else ""


def _held_up(cloud: Cloud, occasion: Occasion, steps: Path) -> Path:
    for fault in _striking(cloud, Point.OPERATION_STUCK, occasion, occasion.resource):
        steps = (*steps[:-1], (steps[-1][0] + fault.number("delay_us"), steps[-1][1]))
    return steps


def _striking(cloud: Cloud, point: Point, occasion: Occasion, who: str) -> Iterator[Fault]:
    return (fault for fault in _matching(cloud, point, occasion) if _strikes(cloud, fault, who))


def _matching(cloud: Cloud, point: Point, occasion: Occasion) -> list[Fault]:
    return [fault for fault in cloud.faults.at(point) if fault.match.covers(occasion)]


def _strikes(cloud: Cloud, fault: Fault, who: str) -> bool:
    if not comes_true(cloud, fault, who):
        return False
    cloud.events.append(FaultStruck(fault.name, fault.point.value, who))
    return True


def _names_of(principal: Principal) -> tuple[str, ...]:
    return principal.name, principal.app_id, principal.object_id


def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode("utf-8", "replace")))


def _lost(failure: str) -> Response:
    """Return what a caller makes of no answer; a door that can raises an error of its transport instead."""
    body = ArmError(504, "GatewayTimeout", f"No answer arrived ({failure}).").body()
    headers = {"Content-Type": "application/json; charset=utf-8"}
    return Response(504, headers, json.dumps(body).encode(), failure=failure)


def _require_cores(cloud: Cloud, kind: ResourceType, draft: Resource, occasion: Occasion, extra: int) -> None:
    for fault in _matching(cloud, Point.CAPACITY, occasion):
        if fault.text("code") == "SkuNotAvailable" and _strikes(cloud, fault, draft.id):
            raise sku_not_available(draft.id, draft.location, draft.subscription)
    used = cloud.store.cores(draft.subscription, draft.location)
    for fault in _matching(cloud, Point.QUOTA, occasion):
        if used + extra > fault.number("cores") and _strikes(cloud, fault, draft.id):
            problem = cores_exceeded(kind.model, draft.location, fault.number("cores"), used, extra)
            raise ArmError(problem.status, fault.text("code"), problem.message)
