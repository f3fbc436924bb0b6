"""The errors that ARM answers with: their status, code and words.

Words are Microsoft's where its documents or public logs show them (sources: "Troubleshoot common Azure deployment
errors", "Resource provider registration errors", "Throttling Resource Manager requests", azure-core).
An :class:`ArmError` never leaves the room: the service turns it into a response.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

SOON_S = 10


class ArmError(Exception):
    """A refusal, to be answered with a status and an error body.

    ``details`` is the optional member of the body, ``more`` its other members (``target``, ``additionalInfo``);
    ``headers`` go out with the response.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: tuple[Mapping[str, Any], ...] = (),
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.headers = dict(headers or {})
        self.more = dict(more or {})

    def body(self) -> dict[str, Any]:
        """Return the error as ARM writes it: ``{"error": {"code", "message", "details"?}}``."""
        error: dict[str, Any] = {"code": self.code, "message": self.message, **self.more}
        if self.details:
            error["details"] = [dict(detail) for detail in self.details]
        return {"error": error}


def bad_request(code: str, message: str) -> ArmError:
    """Refuse what is malformed."""
    return ArmError(400, code, message)


def not_modelled(what: str) -> ArmError:
    """Refuse what Azure has and this service has not, rather than pretend."""
    page = "see the page 'Coverage of Azure operations' of the documentation (reference/arm-coverage)"
    return ArmError(501, "NotModelled", f"{what} is not modelled here; {page}.")


def method_not_allowed(method: str, path: str) -> ArmError:
    """Refuse a verb that a path does not take."""
    message = f"The requested resource does not support http method '{method}'. The path is '{path}'."
    return ArmError(405, "UnsupportedHttpVerb", message)


def missing_api_version() -> ArmError:
    """Refuse a request without its api-version."""
    message = "The api-version query parameter (?api-version=) is required for all requests."
    return ArmError(400, "MissingApiVersionParameter", message)


def invalid_api_version(version: str, supported: Iterable[str]) -> ArmError:
    """Refuse an api-version that is no date."""
    offered = ",".join(supported)
    message = f"The api-version '{version}' is invalid. The supported versions are '{offered}'."
    return ArmError(400, "InvalidApiVersionParameter", message)


def no_registered_provider(location: str, version: str, kind: str, first: str, regions: Iterable[str]) -> ArmError:
    """Refuse an api-version that a type never had."""
    message = (
        f"No registered resource provider found for location '{location}' and API version '{version}' for type "
        f"'{kind}'. The supported api-versions are '{first}' and later. The supported locations are "
        f"'{', '.join(regions)}'."
    )
    return ArmError(400, "NoRegisteredProviderFound", message)


def unauthenticated(code: str, message: str, authority: str) -> ArmError:
    """Challenge a caller whose token is missing, unreadable, foreign or expired."""
    error = f'error="invalid_token", error_description="{message}"'
    challenge = f'Bearer authorization_uri="{authority}", {error}'
    return ArmError(401, code, message, headers={"WWW-Authenticate": challenge})


def authorization_failed(app_id: str, object_id: str, action: str, scope: str) -> ArmError:
    """Refuse a caller whose roles do not allow an action."""
    message = (
        f"The client '{app_id}' with object id '{object_id}' does not have authorization to perform action "
        f"'{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh "
        "your credentials."
    )
    return ArmError(403, "AuthorizationFailed", message)


def invalid_subscription_id(text: str) -> ArmError:
    """Refuse what is no GUID in the place of a subscription."""
    message = f"The provided subscription identifier '{text}' is malformed or invalid."
    return ArmError(400, "InvalidSubscriptionId", message)


def subscription_not_found(subscription: str) -> ArmError:
    """Say that no subscription has this id."""
    return ArmError(404, "SubscriptionNotFound", f"The subscription '{subscription}' could not be found.")


def subscription_disabled(subscription: str) -> ArmError:
    """Refuse to change anything in a disabled subscription."""
    message = (
        f"The subscription '{subscription}' is disabled and therefore marked as read only. You cannot perform any "
        "write actions on this subscription until it is re-enabled."
    )
    return ArmError(409, "ReadOnlyDisabledSubscription", message)


def group_not_found(group: str) -> ArmError:
    """Say that a subscription has no such resource group."""
    return ArmError(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")


def group_being_deleted(group: str) -> ArmError:
    """Refuse to change a resource group on its way out."""
    message = f"The resource group '{group}' is in deprovisioning state and cannot perform this operation."
    return ArmError(409, "ResourceGroupBeingDeleted", message)


def group_elsewhere(wanted: str, actual: str) -> ArmError:
    """Refuse to move a resource group to another region."""
    message = f"Invalid resource group location '{wanted}'. The Resource group already exists in location '{actual}'."
    return ArmError(409, "InvalidResourceGroupLocation", message)


def resource_not_found(kind: str, name: str, group: str) -> ArmError:
    """Say that a resource group has no such resource."""
    message = (
        f"The Resource '{kind}/{name}' under resource group '{group}' was not found. For more details please go to "
        "https://aka.ms/ARMResourceNotFoundFix"
    )
    return ArmError(404, "ResourceNotFound", message)


def parent_not_found(kind: str, name: str, parent: str) -> ArmError:
    """Refuse a child whose parent is missing."""
    message = (
        f"Failed to perform 'write' on resource(s) of type '{kind}', because the parent resource '{parent}' of "
        f"'{name}' could not be found."
    )
    return ArmError(404, "ParentResourceNotFound", message)


def resource_elsewhere(name: str, actual: str, group: str, wanted: str) -> ArmError:
    """Refuse to create a resource again in another region."""
    message = (
        f"The resource '{name}' already exists in location '{actual}' in resource group '{group}'. A resource with "
        f"the same name cannot be created in location '{wanted}'. Please select a new resource name."
    )
    return ArmError(409, "InvalidResourceLocation", message)


def location_required() -> ArmError:
    """Refuse a resource that names no region."""
    return ArmError(400, "LocationRequired", "The location property is required for this definition.")


def location_not_available(code: str, location: str, kind: str, regions: Iterable[str]) -> ArmError:
    """Refuse a region that is not offered; *code* tells groups from resources."""
    message = (
        f"The provided location '{location}' is not available for resource type '{kind}'. List of available regions "
        f"for the resource type is '{','.join(regions)}'."
    )
    return ArmError(400, code, message)


def invalid_namespace(namespace: str) -> ArmError:
    """Say that no provider has this namespace."""
    return ArmError(404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid.")


def invalid_type(kind: str, namespace: str, version: str) -> ArmError:
    """Say that a provider has no such type."""
    message = (
        f"The resource type '{kind}' could not be found in the namespace '{namespace}' for api version '{version}'."
    )
    return ArmError(404, "InvalidResourceType", message)


def not_registered(namespace: str) -> ArmError:
    """Refuse to use a provider that the subscription is not registered for.

    The namespace is the last quoted word of the message, where the SDKs look for it.
    """
    message = (
        f"The subscription is not registered to use namespace '{namespace}'. See https://aka.ms/rps-not-found for "
        "how to register subscriptions."
    )
    detail = {"code": "MissingSubscriptionRegistration", "target": namespace, "message": message}
    return ArmError(409, "MissingSubscriptionRegistration", message, details=(detail,))


def still_in_use(namespace: str) -> ArmError:
    """Refuse to unregister a provider whose resources exist."""
    message = (
        f"Cannot unregister the resource provider namespace '{namespace}' because resources of it exist in the "
        "subscription. Please delete them first."
    )
    return ArmError(409, "CannotUnregisterResourceProvider", message)


def busy(name: str) -> ArmError:
    """Refuse to change a resource that is being changed."""
    message = f"Another operation is in progress on the resource '{name}'. Please try again later."
    return ArmError(409, "AnotherOperationInProgress", message)


def busy_for_now(resource_id: str) -> ArmError:
    """Refuse as Microsoft.Network does, in words that tell a client to try again."""
    message = (
        f"Cannot proceed with operation because resource {resource_id} used by it is being changed by another "
        "operation. Retry the operation later."
    )
    return ArmError(429, "RetryableErrorDueToAnotherOperation", message, headers={"Retry-After": str(SOON_S)})


def throttled(verb: str, subscription: str, object_id: str, wait_s: int) -> ArmError:
    """Refuse what exceeds a limit on requests (source: "Throttling Resource Manager requests")."""
    message = (
        f"Number of '{verb}' requests for subscription '{subscription}' actor '{object_id}' exceeded. Please try "
        f"again after '{wait_s}' seconds after additional tokens are available."
    )
    return ArmError(429, "SubscriptionRequestsThrottled", message, headers={"Retry-After": str(wait_s)})


def provider_throttled(namespace: str, wait_s: int) -> ArmError:
    """Refuse what exceeds a limit of one provider."""
    message = f"The request is being throttled as the limit of '{namespace}' has been reached. Please try again later."
    return ArmError(429, "TooManyRequests", message, headers={"Retry-After": str(wait_s)})


def region_down(region: str) -> ArmError:
    """Say that a region cannot serve the request now.

    Assumption: a region whose control plane is down answers 503 ServiceUnavailable with Retry-After.
    """
    message = f"The service is temporarily unavailable in location '{region}'. Please try again later."
    return ArmError(503, "ServiceUnavailable", message, headers={"Retry-After": "30"})


def scope_locked(scope: str, verb: str, locked: Iterable[str]) -> ArmError:
    """Refuse what a management lock forbids (source: "Lock resources to prevent unexpected changes")."""
    message = (
        f"The scope '{scope}' cannot perform {verb} operation because following scope(s) are locked: "
        f"'{','.join(locked)}'. Please remove the lock and try again."
    )
    return ArmError(409, "ScopeLocked", message)


def denied_by_policy(name: str, policy: str, assignment: str) -> ArmError:
    """Refuse what a policy of the organisation forbids (source: "Resolve errors for request disallowed by policy")."""
    message = f"Resource '{name}' was disallowed by policy. Policy identifiers: '{policy}'."
    info = {"policyAssignmentId": assignment, "policyAssignmentName": policy, "policyDefinitionEffect": "Deny"}
    more = {"target": name, "additionalInfo": [{"type": "PolicyViolation", "info": info}]}
    return ArmError(403, "RequestDisallowedByPolicy", message, more=more)


def sku_not_available(resource_id: str, region: str, subscription: str) -> ArmError:
    """Refuse a size that a region has run out of (source: "Resolve errors for SKU not available")."""
    message = (
        f"The requested size for resource '{resource_id}' is currently not available in location '{region}' zones '' "
        f"for subscription '{subscription}'. Please try another size or deploy to a different location or zones. See "
        "https://aka.ms/azureskunotavailable for details."
    )
    return ArmError(409, "SkuNotAvailable", message)


def retired(kind: str) -> ArmError:
    """Refuse to make something of a type that Azure no longer offers.

    Assumption: a type that has been retired refuses new resources with 409 ResourceTypeRetired and keeps the old ones.
    """
    message = f"The resource type '{kind}' has been retired; new resources of this type can no longer be created."
    return ArmError(409, "ResourceTypeRetired", message)


def deletion_blocked(group: str, left: Iterable[str]) -> tuple[str, str]:
    """Return the code and the message of a group's deletion that could not delete everything in it."""
    message = (
        f"Deletion of resource group '{group}' failed as resources with identifiers '{','.join(left)}' could not be "
        "deleted. The provisioning state of the resource group will be rolled back."
    )
    return "ResourceGroupDeletionBlocked", message


def cores_exceeded(model: str, region: str, limit: int, used: int, extra: int) -> ArmError:
    """Refuse machines beyond the regional quota of cores (source: "Resolve errors for resource quotas")."""
    message = (
        "Operation could not be completed as it results in exceeding approved Total Regional Cores quota. Additional "
        f"details - Deployment Model: {model}, Location: {region}, Current Limit: {limit}, Current Usage: {used}, "
        f"Additional Required: {extra}, (Minimum) New Limit Required: {used + extra}."
    )
    return ArmError(409, "OperationNotAllowed", message)


def services_exceeded(limit: int) -> ArmError:
    """Refuse a cloud service beyond the subscription's quota (source: "Azure subscription limits")."""
    message = f"The subscription policy limit for resource type 'hosted services count' was exceeded. Limit: {limit}."
    return ArmError(409, "ResourceQuotaExceeded", message)


def too_many_resources(kind: str, most: int) -> ArmError:
    """Refuse one resource too many of a type in a group (source: "Resolve errors for resource quotas")."""
    message = (
        f"Creating the resource of type '{kind}' would exceed the quota of '{most}' resources of type '{kind}' per "
        f"resource group. The current resource count is '{most}', please delete some resources of this type before "
        "creating a new one."
    )
    return ArmError(409, "ResourceQuotaExceeded", message)


def too_many_groups(group: str, most: int) -> ArmError:
    """Refuse one resource group too many in a subscription."""
    message = (
        f"Creating the resource group '{group}' would exceed the quota of '{most}'. The current resource group count "
        f"is '{most}', please delete some resource groups before creating a new one."
    )
    return ArmError(409, "ResourceGroupQuotaExceeded", message)


def precondition_failed(name: str, etag: str) -> ArmError:
    """Refuse a change made against an older version of a resource.

    Assumption: a stale If-Match is answered 412 PreconditionFailed in the common error body.
    """
    message = f"The condition 'If-Match: {etag}' is not met by the present version of '{name}'."
    return ArmError(412, "PreconditionFailed", message)


def operation_not_found(operation: str) -> ArmError:
    """Say that no operation has this id."""
    return ArmError(404, "OperationNotFound", f"The operation '{operation}' could not be found.")
