"""Signing in: the token endpoint of the directory, and the documents that lead clients to it.

Errors of the directory are OAuth bodies, not ARM ones (source: "Azure AD authentication and authorization error
codes"): ``{"error": "invalid_client", "error_description": "AADSTS7000215: ..."}``.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from cmgsim.arm.clouds import ENVIRONMENTS
from cmgsim.arm.config import Principal, Tenant
from cmgsim.arm.errors import ArmError
from cmgsim.arm.messages import Answer, Json, Request
from cmgsim.arm.state import Cloud
from cmgsim.arm.tokens import LIFETIME_US, Claims, issue
from cmgsim.units import SECOND

_OPENID = "/.well-known/openid-configuration"


def answers(request: Request) -> bool:
    """Say whether a request is one for the directory or for the metadata of the cloud."""
    path = request.path.lower()
    is_token = path.endswith(("/oauth2/token", "/oauth2/v2.0/token"))
    return is_token or path.endswith(_OPENID) or path in ("/common/discovery/instance", "/metadata/endpoints")


def issues(request: Request) -> bool:
    """Say whether a request for the directory is one for a token."""
    return request.path.lower().endswith("token")


def refusal(cloud: Cloud, problem: ArmError) -> Answer:
    """Refuse a sign-in for a reason whose words begin with its number: ``AADSTS90033: ...``."""
    number = int(problem.message.partition(":")[0].removeprefix("AADSTS"))
    answer = _refusal(cloud, problem.status, problem.code, number, problem.message)
    return Answer(answer.status, answer.document, problem.headers)


def answer(cloud: Cloud, request: Request) -> Answer:
    """Answer such a request."""
    path = request.path.lower()
    if issues(request):
        return _token(cloud, request)
    if path == "/metadata/endpoints":
        return Answer(200, _metadata(cloud, request))
    if path == "/common/discovery/instance":
        return Answer(200, _discovery(cloud, request))
    return Answer(200, _openid(request))


def token_for(cloud: Cloud, tenant: Tenant, principal: Principal, audience: str) -> str:
    """Issue a token for a principal, good for an hour from now."""
    whole_us = cloud.now_us - cloud.now_us % SECOND
    claims = Claims(tenant.id, principal.app_id, principal.object_id, audience, whole_us + LIFETIME_US)
    return issue(cloud.seed, claims, int(cloud.config.start.timestamp()))


def _token(cloud: Cloud, request: Request) -> Answer:
    form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
    if request.method != "POST" or form.get("grant_type") != "client_credentials":
        message = "AADSTS70003: The app requested an unsupported grant type; use 'client_credentials'."
        return _refusal(cloud, 400, "unsupported_grant_type", 70003, message)
    tenant = _tenant(cloud, request.path.split("/")[1])
    if tenant is None:
        message = f"AADSTS90002: Tenant '{request.path.split('/')[1]}' not found."
        return _refusal(cloud, 400, "invalid_request", 90002, message)
    app_id = form.get("client_id", "")
    principal = next((known for known in tenant.principals if known.app_id == app_id), None)
    if principal is None:
        message = f"AADSTS700016: Application with identifier '{app_id}' was not found in the directory."
        return _refusal(cloud, 400, "unauthorized_client", 700016, message)
    return _signed_in(cloud, tenant, principal, form)


def _signed_in(cloud: Cloud, tenant: Tenant, principal: Principal, form: dict[str, str]) -> Answer:
    if form.get("client_secret") != principal.secret:
        message = f"AADSTS7000215: Invalid client secret provided for app '{principal.app_id}'."
        return _refusal(cloud, 401, "invalid_client", 7000215, message)
    if principal.secret_expires_us is not None and principal.secret_expires_us <= cloud.now_us:
        message = f"AADSTS7000222: The provided client secret keys for app '{principal.app_id}' are expired."
        return _refusal(cloud, 401, "invalid_client", 7000222, message)
    audience = (form.get("scope") or form.get("resource") or "").removesuffix("/.default")
    text = token_for(cloud, tenant, principal, audience)
    lifetime_s = LIFETIME_US // SECOND
    document = {"token_type": "Bearer", "expires_in": lifetime_s, "ext_expires_in": lifetime_s, "access_token": text}
    return Answer(200, document)


def _tenant(cloud: Cloud, name: str) -> Tenant | None:
    return next((tenant for tenant in cloud.config.tenants if name.lower() in (tenant.id, tenant.name.lower())), None)


def _refusal(cloud: Cloud, status: int, error: str, number: int, message: str) -> Answer:
    trace = cloud.guid("directory", error)
    document = {
        "error": error,
        "error_description": f"{message} Trace ID: {trace} Timestamp: {cloud.iso(cloud.now_us)}",
        "error_codes": [number],
        "timestamp": cloud.iso(cloud.now_us),
        "trace_id": trace,
        "correlation_id": trace,
    }
    return Answer(status, document)


def _openid(request: Request) -> Json:
    authority = f"{request.base}/{request.path.split('/')[1]}"
    return {
        "issuer": f"{authority}/v2.0",
        "authorization_endpoint": f"{authority}/oauth2/v2.0/authorize",
        "token_endpoint": f"{authority}/oauth2/v2.0/token",
        "jwks_uri": f"{authority}/discovery/v2.0/keys",
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "response_types_supported": ["code", "id_token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "tenant_region_scope": "NA",
    }


def _discovery(cloud: Cloud, request: Request) -> Json:
    host = urlsplit(request.base).netloc
    tenant = cloud.config.tenants[0].id
    return {
        "tenant_discovery_endpoint": f"{request.base}/{tenant}/v2.0{_OPENID}",
        "api-version": "1.1",
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
    }


def _metadata(cloud: Cloud, request: Request) -> object:
    """Describe the cloud as a client of any environment needs it; a list until api-version 2020."""
    names = dict.fromkeys(subscription.environment for subscription in cloud.config.subscriptions)
    documents = [_environment(name, request) for name in names or ["public"]]
    version = request.query.get("api-version", "")
    return documents if version < "2021" else documents[0]


def _environment(name: str, request: Request) -> Json:
    environment = ENVIRONMENTS[name]
    base = request.base or environment.resource_manager
    return {
        "name": environment.title,
        "resourceManager": f"{base}/",
        "authentication": {
            "loginEndpoint": f"{base}/",
            "audiences": [f"{environment.audience}/", f"{base}/"],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "suffixes": {
            "storage": environment.storage_suffix,
            "keyVaultDns": environment.vault_suffix,
        },
    }
