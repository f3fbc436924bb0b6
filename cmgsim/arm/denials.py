"""How faults refuse a request: what is said at each of the points that a request meets on its way."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from cmgsim.arm.errors import (
    ArmError,
    authorization_failed,
    denied_by_policy,
    group_being_deleted,
    provider_throttled,
    resource_not_found,
    scope_locked,
    subscription_disabled,
    throttled,
    unauthenticated,
)
from cmgsim.arm.faults import Fault, Occasion, Point
from cmgsim.arm.identifiers import guid, within_scope
from cmgsim.arm.tokens import LIFETIME_US, read
from cmgsim.draws import draw, identity, stream, within

if TYPE_CHECKING:
    from cmgsim.arm.calls import Call
    from cmgsim.arm.state import Cloud

_LAG = stream("arm.fault.lag")
_READS = ("GET", "HEAD")
_RESOURCES = "Microsoft.Resources"
_FOLLOWED = ("operations", "operationresults", "operationstatuses", "asyncoperations")


def retry_after(fault: Fault) -> dict[str, str]:
    """Return the header that says when to try again, none if the fault says so."""
    wait_s = fault.number("retry_after_s")
    return {"Retry-After": str(wait_s)} if wait_s else {}


def _token_rejected(cloud: Cloud, call: Call, fault: Fault) -> ArmError:
    authority = f"https://login.microsoftonline.com/{call.tenant}"
    if fault.text("error") == "invalid_token":
        return unauthenticated("InvalidAuthenticationToken", "The access token is invalid.", authority)
    wanted = json.dumps({"access_token": {"nbf": {"essential": True, "value": str(cloud.now_us)}}})
    claims = base64.b64encode(wanted.encode()).decode()
    challenge = f'Bearer authorization_uri="{authority}", error="insufficient_claims", claims="{claims}"'
    message = "Continuous access evaluation resulted in claims challenge: TokenIssuedBeforeRevocationTimestamp."
    return ArmError(401, "InvalidAuthenticationToken", message, headers={"WWW-Authenticate": challenge})


def _clock_skewed(cloud: Cloud, call: Call, fault: Fault) -> ArmError | None:
    token = call.request.header("authorization").partition(" ")[2].strip()
    claims = read(cloud.seed, token, int(cloud.config.start.timestamp()))
    moment_us = cloud.now_us + fault.number("skew_us")
    authority = f"https://login.microsoftonline.com/{call.tenant}"
    if claims is None or claims.expires_us - LIFETIME_US <= moment_us < claims.expires_us:
        return None
    if moment_us >= claims.expires_us:
        message = (
            f"The access token expiry UTC time '{cloud.iso(claims.expires_us)}' is earlier than current UTC time "
            f"'{cloud.iso(moment_us)}'."
        )
        return unauthenticated("ExpiredAuthenticationToken", message, authority)
    return unauthenticated("InvalidAuthenticationToken", "The access token is not yet valid.", authority)


def _roles_revoked(cloud: Cloud, call: Call, fault: Fault) -> ArmError:
    principal, target = call.principal, call.target
    action = target.action(call.request.method)
    return authorization_failed(principal.app_id, principal.object_id, action, target.resource_id)


def _arm_throttled(cloud: Cloud, call: Call, fault: Fault) -> ArmError:
    verb = {"GET": "read", "HEAD": "read", "DELETE": "delete"}.get(call.request.method, "write")
    return throttled(verb, call.target.subscription, call.principal.object_id, fault.number("retry_after_s"))


def _provider_throttled(cloud: Cloud, call: Call, fault: Fault) -> ArmError | None:
    return provider_throttled(call.target.namespace or _RESOURCES, fault.number("retry_after_s"))


def _server_error(cloud: Cloud, call: Call, fault: Fault) -> ArmError:
    return ArmError(fault.number("status"), fault.text("code"), fault.text("message"), headers=retry_after(fault))


def _poll_failed(cloud: Cloud, call: Call, fault: Fault) -> ArmError | None:
    target = call.target
    if not (target.types and target.is_instance and target.types[-1].lower() in _FOLLOWED):
        return None
    return ArmError(fault.number("status"), fault.text("code"), fault.text("message"))


def _read_lags(cloud: Cloud, call: Call, fault: Fault) -> ArmError | None:
    resource = cloud.store.get(call.target.resource_id) if call.target.is_instance else None
    if resource is None or call.request.method not in _READS or not fault.number("lag_us"):
        return None
    lag_us = within(draw(cloud.seed, identity(fault.name, resource.key), _LAG), 1, fault.number("lag_us"))
    if cloud.now_us >= resource.created_us + lag_us:
        return None
    return resource_not_found(resource.type, resource.name, call.target.group)


def _disabled(cloud: Cloud, call: Call, fault: Fault) -> ArmError | None:
    if call.subscription is None or call.request.method in _READS:
        return None
    return subscription_disabled(call.subscription.id)


def _group_leaving(cloud: Cloud, call: Call, fault: Fault) -> ArmError | None:
    if not call.target.group or call.request.method in _READS:
        return None
    return group_being_deleted(call.target.group)


def holds_back(fault: Fault, occasion: Occasion) -> bool:
    """Say whether a fault is a lock on something below what is to be deleted."""
    place = fault.match.resource
    is_lock = fault.point is Point.LOCKED and occasion.method == "DELETE" and bool(place)
    return is_lock and within_scope(place, occasion.resource)


def _locked(cloud: Cloud, call: Call, fault: Fault) -> ArmError | None:
    method, asked = call.request.method, call.target.resource_id
    verb = "delete" if method == "DELETE" else "write"
    if method in _READS or (verb == "write" and fault.text("level") == "CanNotDelete"):
        return None
    return scope_locked(asked, verb, [fault.match.resource or f"/subscriptions/{call.target.subscription}"])


def _denied(cloud: Cloud, call: Call, fault: Fault) -> ArmError | None:
    if call.request.method not in ("PUT", "PATCH"):
        return None
    assignment = guid(cloud.seed, "policy", fault.name)
    return denied_by_policy(call.target.name or call.target.group, fault.text("policy"), assignment)


Refusal = Callable[["Cloud", "Call", Fault], "ArmError | None"]
#: The points that refuse a request, in the order in which a request meets them.
REFUSALS: dict[Point, Refusal] = {
    Point.TOKEN_REJECTED: _token_rejected,
    Point.CLOCK_SKEW: _clock_skewed,
    Point.ROLES_REVOKED: _roles_revoked,
    Point.ARM_THROTTLED: _arm_throttled,
    Point.SUBSCRIPTION_DISABLED: _disabled,
    Point.LOCKED: _locked,
    Point.POLICY_DENIED: _denied,
    Point.GROUP_LEAVING: _group_leaving,
    Point.PROVIDER_THROTTLED: _provider_throttled,
    Point.SERVER_ERROR: _server_error,
    Point.POLL_FAILED: _poll_failed,
    Point.READ_LAG: _read_lags,
}
#: Those that what a deployment puts can meet: it has been let in, and tries again where it is told to wait.
IN_DEPLOYMENTS = (
    Point.ROLES_REVOKED,
    Point.SUBSCRIPTION_DISABLED,
    Point.LOCKED,
    Point.POLICY_DENIED,
    Point.GROUP_LEAVING,
    Point.SERVER_ERROR,
)
