"""Who may do what: signing in, roles, locks; and what the directory says of itself."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from parts import API, Driver, error, subscription

from cmgsim.arm.config import ArmConfig, Grant, Principal, Role, Tenant
from cmgsim.arm.messages import Request, Response
from cmgsim.errors import UnknownName
from cmgsim.units import HOUR, SECOND

EAST = {"location": "eastus"}
ACCOUNT = "/providers/Microsoft.Storage/storageAccounts/contoso"
LOCKS = "/providers/Microsoft.Authorization/locks"
PEOPLE = tuple(Principal(name) for name in ("owner", "contributor", "reader", "nobody", "keeper"))
GRANTS = (
    Grant("owner"),
    Grant("contributor", Role.CONTRIBUTOR),
    Grant("reader", Role.READER),
)


def company() -> Driver:
    """Make a subscription where everybody has the role of his name; keeper owns one group only."""
    known = subscription()
    keeper = Grant("keeper", Role.OWNER, f"/subscriptions/{known.id}/resourceGroups/rg")
    both = subscription(grants=(*GRANTS, keeper))
    return Driver(ArmConfig(tenants=(Tenant(principals=PEOPLE),), subscriptions=(both,)))


@pytest.mark.parametrize(
    ("who", "reads", "writes", "locks"),
    [
        ("owner", 200, 201, 201),
        ("contributor", 200, 201, 403),
        ("reader", 200, 403, 403),
        ("nobody", 403, 403, 403),
        ("keeper", 403, 403, 201),
    ],
)
def test_a_role_allows_what_it_allows(who: str, reads: int, writes: int, locks: int) -> None:
    driver = company()
    driver.group()
    assert driver.get("/resourceGroups", who=who).status == reads
    assert driver.put("/resourceGroups/new", EAST, who=who).status == writes
    body = {"properties": {"level": "CanNotDelete"}}
    assert driver.put(f"/resourceGroups/rg{LOCKS}/mine", body, who=who).status == locks


def test_a_refusal_names_who_what_and_where() -> None:
    driver = company()
    answer = driver.put(f"/resourceGroups/rg{ACCOUNT}", EAST, who="reader")
    assert error(answer) == (403, "AuthorizationFailed")
    message = answer.json()["error"]["message"]
    reader = PEOPLE[2]
    assert f"The client '{reader.app_id}' with object id '{reader.object_id}'" in message
    assert "perform action 'Microsoft.Storage/storageAccounts/write'" in message
    assert f"over scope '{driver.root}/resourceGroups/rg{ACCOUNT}'" in message


def test_keys_are_shown_to_those_only_who_may_act() -> None:
    driver = company()
    driver.poll(driver.put(f"{driver.group()}{ACCOUNT}", EAST))
    path = f"/resourceGroups/rg{ACCOUNT}/listKeys"
    assert driver.post(path, who="reader").status == 403
    assert driver.post(path, who="contributor").status == 200
    assert driver.post(path, who="keeper").status == 200
    assert driver.post("/providers/Microsoft.Storage/register", who="contributor").status == 200


def test_only_what_one_has_a_role_in_is_listed() -> None:
    driver = company()
    seen = {who: len(driver.get("/subscriptions", who=who).json()["value"]) for who in ("reader", "keeper", "nobody")}
    assert seen == {"reader": 1, "keeper": 1, "nobody": 0}


def locked(driver: Driver, scope: str, level: str, name: str = "l") -> Response:
    return driver.put(f"{scope}{LOCKS}/{name}", {"properties": {"level": level, "notes": "why"}})


@pytest.mark.parametrize("scope", ["", "/resourceGroups/rg", f"/resourceGroups/rg{ACCOUNT}"])
def test_a_lock_holds_for_its_scope_and_what_is_below(scope: str) -> None:
    driver = Driver()
    account = f"{driver.group()}{ACCOUNT}"
    driver.poll(driver.put(account, EAST))
    assert locked(driver, scope, "CanNotDelete").status == 201
    refused = driver.delete(account)
    assert error(refused) == (409, "ScopeLocked")
    assert f"following scope(s) are locked: '{driver.root}{scope}'" in refused.json()["error"]["message"]
    assert error(driver.delete("/resourceGroups/rg")) == (409, "ScopeLocked")
    assert driver.put(account, EAST).status == 200, "only deletion is forbidden"
    assert locked(driver, scope, "ReadOnly").status == 200
    assert error(driver.put(account, EAST)) == (409, "ScopeLocked")
    assert error(driver.post(f"{account}/listKeys")) == (409, "ScopeLocked")
    assert driver.get(account).status == 200
    assert driver.delete(f"{scope}{LOCKS}/L").status == 200
    assert driver.delete(f"{scope}{LOCKS}/l").status == 204
    assert driver.delete(account).status == 200


def test_a_lock_does_not_hold_for_its_neighbours() -> None:
    driver = Driver()
    driver.group()
    locked(driver, driver.group("rg2"), "ReadOnly")
    assert driver.put("/resourceGroups/rg", EAST).status == 200
    assert driver.delete("/resourceGroups/rg").status == 202


def test_locks_are_shown_listed_and_gone_with_their_resource() -> None:
    driver = Driver()
    account = f"{driver.group()}{ACCOUNT}"
    driver.poll(driver.put(account, EAST))
    locked(driver, account, "CanNotDelete", "low")
    locked(driver, "/resourceGroups/RG", "ReadOnly", "high")
    shown = driver.get(f"{account}{LOCKS}/low").json()
    assert shown["id"] == f"{driver.root}{account}{LOCKS}/low"
    assert shown["properties"] == {"level": "CanNotDelete", "notes": "why"}

    def names(path: str) -> list[str]:
        return [lock["name"] for lock in driver.get(path).json()["value"]]

    assert names(LOCKS) == names(f"/resourceGroups/rg{LOCKS}") == ["low", "high"]
    assert names(f"/resourceGroups/rg{LOCKS}?$filter=atScope()") == ["high"]
    assert names(f"{account}{LOCKS}") == ["low"]
    for name, path in (("high", "/resourceGroups/rg"), ("low", account)):
        driver.delete(f"{path}{LOCKS}/{name}")
    locked(driver, account, "CanNotDelete", "late")
    assert error(driver.delete(account)) == (409, "ScopeLocked")
    assert error(driver.get(f"{account}{LOCKS}/none")) == (404, "LockNotFound")


@pytest.mark.parametrize(
    ("scope", "level", "expected"),
    [
        ("/resourceGroups/rg", "Forever", (400, "InvalidLockLevel")),
        ("/resourceGroups/none", "ReadOnly", (404, "ResourceGroupNotFound")),
        (f"/resourceGroups/rg{ACCOUNT}", "ReadOnly", (404, "ResourceNotFound")),
    ],
)
def test_a_lock_needs_a_level_and_something_to_hold(scope: str, level: str, expected: tuple[int, str]) -> None:
    driver = Driver()
    driver.group()
    assert error(locked(driver, scope, level)) == expected


def sign_in(driver: Driver, tenant: str = "contoso", version: str = "v2.0/", **form: str) -> Response:
    written = {"grant_type": "client_credentials", "scope": "https://management.azure.com/.default"} | form
    url = f"https://login.microsoftonline.com/{tenant}/oauth2/{version}token"
    return driver.arm.handle(Request("POST", url, {}, urlencode(written).encode()), driver.now_us)


@pytest.mark.parametrize("version", ["", "v2.0/"])
def test_an_application_signs_in_with_its_secret(version: str) -> None:
    driver = Driver()
    owner = driver.config.tenants[0].principals[0]
    answer = sign_in(driver, version=version, client_id=owner.app_id, client_secret=owner.secret)
    assert (answer.status, answer.json()["expires_in"]) == (200, 3600)
    request = Request.of("GET", f"{driver.root}?api-version={API}", token=answer.json()["access_token"])
    assert driver.arm.handle(request, driver.now_us).status == 200


@pytest.mark.parametrize(
    ("tenant", "form", "status", "number"),
    [
        ("contoso", {"grant_type": "password"}, 400, 70003),
        ("nowhere", {}, 400, 90002),
        ("contoso", {"client_id": "unknown"}, 400, 700016),
        ("contoso", {"client_secret": "wrong"}, 401, 7000215),
    ],
)
def test_the_directory_refuses_in_its_own_words(tenant: str, form: dict[str, str], status: int, number: int) -> None:
    driver = Driver()
    owner = driver.config.tenants[0].principals[0]
    answer = sign_in(driver, tenant, **({"client_id": owner.app_id, "client_secret": owner.secret} | form))
    assert (answer.status, answer.json()["error_codes"]) == (status, [number])
    assert f"AADSTS{number}" in answer.json()["error_description"]


def test_a_secret_expires() -> None:
    person = Principal("owner", secret="s", secret_expires_us=HOUR)
    driver = Driver(ArmConfig(tenants=(Tenant(principals=(person,)),), subscriptions=(subscription(),)))
    form = {"client_id": person.app_id, "client_secret": "s"}
    driver.wait(3_599)
    assert sign_in(driver, **form).status == 200
    driver.wait(1)
    assert sign_in(driver, **form).json()["error_codes"] == [7000222]


def document(driver: Driver, path: str) -> Any:
    return driver.arm.handle(Request("GET", f"https://127.0.0.1:8{path}"), driver.now_us).json()


def test_the_cloud_describes_itself() -> None:
    driver = Driver()
    metadata = document(driver, "/metadata/endpoints?api-version=2022-09-01")
    assert metadata["resourceManager"] == "https://127.0.0.1:8/"
    assert metadata["suffixes"] == {"storage": "core.windows.net", "keyVaultDns": "vault.azure.net"}
    assert document(driver, "/metadata/endpoints?api-version=2019-05-01") == [metadata]
    openid = document(driver, "/contoso/v2.0/.well-known/openid-configuration")
    assert openid["token_endpoint"] == "https://127.0.0.1:8/contoso/oauth2/v2.0/token"
    assert document(driver, "/common/discovery/instance")["metadata"][0]["aliases"] == ["127.0.0.1:8"]


def test_tenants_subscriptions_and_places() -> None:
    driver = Driver()
    tenants = driver.ask("GET", f"https://management.azure.com/tenants?api-version={API}").json()["value"]
    assert [tenant["tenantId"] for tenant in tenants] == [driver.config.tenants[0].id]
    places = driver.get("/locations").json()["value"]
    names = [place["name"] for place in places]
    assert "eastus" in names
    assert "usgovvirginia" not in names
    assert driver.get("").json()["tenantId"] == driver.config.tenants[0].id


def test_a_configuration_names_only_whom_it_knows() -> None:
    with pytest.raises(UnknownName, match="no tenant is named 'other'"):
        ArmConfig(subscriptions=(subscription(tenant="other"),))
    with pytest.raises(UnknownName, match="no principal is named 'ownr'; did you mean 'owner'"):
        ArmConfig(subscriptions=(subscription(grants=(Grant("ownr"),)),))
    with pytest.raises(UnknownName, match="no principal is named 'x'"):
        Driver().arm.token("x", 0)
    with pytest.raises(UnknownName, match="no subscription is named 'x'"):
        ArmConfig().find_subscription("x")
    config = ArmConfig()
    assert config.find_subscription("Contoso") is config.find_subscription(config.subscriptions[0].id.upper())


def test_a_token_says_whole_seconds() -> None:
    driver = Driver()
    early, late = driver.arm.token("owner", 0), driver.arm.token("owner", SECOND - 1)
    assert early == late != driver.arm.token("owner", SECOND)


#: As Microsoft's page "Azure built-in roles" states them.
BUILT_IN_ROLES = {
    "Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "User Access Administrator": "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    "Network Contributor": "4d97b98b-1d4f-4787-a291-c67834d212e7",
    "Storage Account Contributor": "17d1049b-9a84-46fb-8f53-869881c3d3ab",
    "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "Key Vault Secrets Officer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
}


def test_built_in_roles_have_the_names_and_ids_that_microsoft_states() -> None:
    shown = Driver().get("/providers/Microsoft.Authorization/roleDefinitions").json()["value"]
    assert {role["properties"]["roleName"]: role["name"] for role in shown} == BUILT_IN_ROLES


def test_whoever_may_change_networks_may_deploy_them_and_nothing_else() -> None:
    people = Tenant(principals=(Principal("owner"), Principal("networker")))
    driver = Driver(ArmConfig(tenants=(people,), subscriptions=(subscription(grants=(Grant("owner"),)),)))
    group, network = driver.group(), BUILT_IN_ROLES["Network Contributor"]
    role = f"{driver.root}/providers/Microsoft.Authorization/roleDefinitions/{network}"
    assignment = {"properties": {"roleDefinitionId": role, "principalId": people.principals[1].object_id}}
    name = "/providers/Microsoft.Authorization/roleAssignments/00000000-0000-0000-0000-000000000001"
    assert driver.put(f"{group}{name}", assignment).status == 201

    def deploy(kind: str) -> Response:
        resource = {"type": kind, "name": "contoso", "apiVersion": API, "location": "eastus"}
        template = {"properties": {"mode": "Incremental", "template": {"resources": [resource]}}}
        return driver.put(f"{group}/providers/Microsoft.Resources/deployments/main", template, who="networker")

    assert deploy("Microsoft.Network/virtualNetworks").status == 201
    driver.wait(60)
    assert error(deploy("Microsoft.Storage/storageAccounts")) == (400, "InvalidTemplateDeployment")
