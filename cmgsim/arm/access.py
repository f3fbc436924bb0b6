"""Who may do what: bearer tokens and built-in roles (source: "Azure built-in roles")."""

from __future__ import annotations

from functools import lru_cache

from cmgsim.arm.clouds import ENVIRONMENTS
from cmgsim.arm.config import Principal, Role, Subscription
from cmgsim.arm.errors import authorization_failed, unauthenticated
from cmgsim.arm.identifiers import within_scope
from cmgsim.arm.messages import Request
from cmgsim.arm.roles import ROLES, allows, allows_data, definition
from cmgsim.arm.state import Cloud
from cmgsim.arm.tokens import Claims, read
from cmgsim.errors import UnknownName

#: Whom a token for Azure Resource Manager is meant for; one without an audience is good everywhere.
_AUDIENCES = dict.fromkeys(
    address.lower()
    for environment in ENVIRONMENTS.values()
    for address in (environment.resource_manager, environment.audience, environment.service_management)
)


def authenticate(cloud: Cloud, request: Request) -> tuple[str, Principal]:
    """Return the tenant and the principal that a request's bearer token speaks for.

    Raises:
        ArmError: 401 with a challenge.
    """
    claims = _claims(cloud, request)
    try:
        tenant, principal = cloud.config.find_principal(claims.object_id)
    except UnknownName as problem:
        raise _challenge(cloud, "InvalidAuthenticationToken", "The principal no longer exists.") from problem
    return tenant.id, principal


def require_tenant(cloud: Cloud, subscription: Subscription, tenant: str) -> None:
    """Let a caller pass whose token is of the tenant that the subscription trusts.

    Raises:
        ArmError: 401 ``InvalidAuthenticationTokenTenant``.
    """
    trusted = cloud.config.tenant_of(subscription).id
    if tenant != trusted:
        message = (
            f"The access token is from the wrong issuer 'https://sts.windows.net/{tenant}/'. It must match the tenant "
            f"'https://sts.windows.net/{trusted}/' associated with this subscription."
        )
        raise _challenge(cloud, "InvalidAuthenticationTokenTenant", message)


def roles(cloud: Cloud, subscription: Subscription, principal: Principal) -> list[tuple[str, Role | str]]:
    """Return the scopes and roles that a principal has in a subscription, from the start or by assignment."""
    root = f"/subscriptions/{subscription.id}"
    granted: list[tuple[str, Role | str]] = [
        (grant.scope or root, grant.role) for grant in subscription.grants if grant.principal == principal.name
    ]
    given = ((known.scope, known.role) for known in cloud.assignments.of(principal.object_id))
    return granted + [(scope, role) for scope, role in given if within_scope(scope, root)]


def require_action(cloud: Cloud, subscription: Subscription, principal: Principal, action: str, scope: str) -> None:
    """Let a principal pass that a role allows the action at the scope.

    Raises:
        ArmError: 403 ``AuthorizationFailed``.
    """
    if not may(cloud, subscription, principal, action, scope):
        raise authorization_failed(principal.app_id, principal.object_id, action, scope)


def may(cloud: Cloud, subscription: Subscription, principal: Principal, action: str, scope: str) -> bool:
    """Say whether a role allows a principal an action at a scope."""
    for known, role in roles(cloud, subscription, principal):
        if _permits(cloud, role, action) and within_scope(scope, known):
            return True
    return False


def may_touch(cloud: Cloud, subscription: Subscription, principal: Principal, action: str, scope: str) -> bool:
    """Say whether a role allows a principal an action on what a resource holds."""
    held = roles(cloud, subscription, principal)
    return any(within_scope(scope, known) and allows_data(definition(cloud, role), action) for known, role in held)


def _permits(cloud: Cloud, role: Role | str, action: str) -> bool:
    return _allows(role, action) if isinstance(role, Role) else allows(definition(cloud, role), action)


@lru_cache(maxsize=4096)
def _allows(role: Role, action: str) -> bool:
    return allows(ROLES[role], action)


def _claims(cloud: Cloud, request: Request) -> Claims:
    kind, _, token = request.header("authorization").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        message = "Authentication failed. The 'Authorization' header is missing or its value is no bearer token."
        raise _challenge(cloud, "AuthenticationFailed", message)
    claims = read(cloud.seed, token.strip(), int(cloud.config.start.timestamp()))
    if claims is None:
        raise _challenge(cloud, "InvalidAuthenticationToken", "The access token is invalid.")
    if claims.expires_us <= cloud.now_us:
        message = (
            f"The access token expiry UTC time '{cloud.iso(claims.expires_us)}' is earlier than current UTC time "
            f"'{cloud.iso(cloud.now_us)}'."
        )
        raise _challenge(cloud, "ExpiredAuthenticationToken", message)
    audience = claims.audience.rstrip("/").lower()
    if audience and audience not in _AUDIENCES and audience != request.base.lower():
        message = (
            f"The access token has been obtained for wrong audience or resource '{claims.audience}'. It should exactly "
            f"match with one of the allowed audiences '{','.join(_AUDIENCES)}'."
        )
        raise _challenge(cloud, "InvalidAuthenticationToken", message)
    return claims


def _challenge(cloud: Cloud, code: str, message: str) -> Exception:
    authority = f"https://login.microsoftonline.com/{cloud.config.tenants[0].id}"
    return unauthenticated(code, message, authority)
