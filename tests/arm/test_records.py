"""What is written beside resources: roles given at run time, the activity log, tags."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from parts import Driver, error, subscription

from cmgsim.arm.config import ArmConfig, Grant, Principal, Tenant

EAST = {"location": "eastus"}
ACCOUNT = "/providers/Microsoft.Storage/storageAccounts/contoso"
ROLES = "/providers/Microsoft.Authorization/roleDefinitions"
GIVEN = "/providers/Microsoft.Authorization/roleAssignments"
TAGS = "/providers/Microsoft.Resources/tags/default"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
NAME = "00000000-0000-4000-8000-00000000000{}"
HELPER = Principal("helper")


def company() -> Driver:
    tenant = Tenant(principals=(Principal("owner"), HELPER))
    return Driver(ArmConfig(tenants=(tenant,), subscriptions=(subscription(grants=(Grant("owner"),)),)))


def give(driver: Driver, scope: str, role: str, number: int = 1, principal: str = HELPER.object_id) -> Any:
    definition = f"{driver.root}{ROLES}/{role}"
    body = {"properties": {"roleDefinitionId": definition, "principalId": principal}}
    return driver.put(f"{scope}{GIVEN}/{NAME.format(number)}", body)


@pytest.mark.parametrize("scope", ["", "/resourceGroups/rg", f"/resourceGroups/rg{ACCOUNT}"])
def test_a_role_given_holds_at_its_scope_until_it_is_taken(scope: str) -> None:
    driver = company()
    account = f"{driver.group()}{ACCOUNT}"
    driver.poll(driver.put(account, EAST))
    other = driver.group("other")
    assert driver.get(account, who="helper").status == 403
    given = give(driver, scope, CONTRIBUTOR)
    assert given.status == 201
    assert given.json()["properties"]["scope"] == f"{driver.root}{scope}"
    assert driver.put(account, EAST, who="helper").status == 200
    assert driver.get(other, who="helper").status == (200 if not scope else 403)
    assert len(driver.get("/subscriptions", who="helper").json()["value"]) == 1
    assert give(driver, scope, CONTRIBUTOR).status == 200, "given again, it is as it was"
    path = f"{scope}{GIVEN}/{NAME.format(1)}"
    assert driver.get(path).json() == given.json()
    assert driver.delete(path).json() == given.json()
    assert driver.delete(path).status == 204
    assert driver.get(account, who="helper").status == 403


def test_who_may_write_may_not_give_roles() -> None:
    driver = company()
    give(driver, "", CONTRIBUTOR)
    driver.who = "helper"
    assert error(give(driver, "", READER, 2)) == (403, "AuthorizationFailed")


def test_assignments_are_listed_with_those_of_the_start() -> None:
    driver = company()
    driver.group()
    give(driver, "/resourceGroups/rg", READER)

    def roles(path: str, text: str = "") -> list[str]:
        found = driver.get(f"{path}{GIVEN}?$filter={quote(text)}").json()["value"]
        return [known["properties"]["roleDefinitionId"].rpartition("/")[2][:4] for known in found]

    assert roles("") == ["8e3a", "acdd"]
    assert roles("", "atScope()") == ["8e3a"]
    assert roles("/resourceGroups/rg", "atScope()") == ["8e3a", "acdd"], "what is above holds here too"
    assert roles("", f"principalId eq '{HELPER.object_id}'") == ["acdd"]
    assert roles("", f"assignedTo('{HELPER.object_id}')") == ["acdd"]


@pytest.mark.parametrize(
    ("scope", "changes", "expected"),
    [
        ("/resourceGroups/rg", {"role": "0"}, (404, "RoleDefinitionDoesNotExist")),
        ("/resourceGroups/rg", {"principal": "nobody"}, (400, "PrincipalNotFound")),
        ("/resourceGroups/rg", {"number": 2}, (409, "RoleAssignmentExists")),
        ("/resourceGroups/rg", {"number": 1, "role": CONTRIBUTOR}, (400, "RoleAssignmentUpdateNotPermitted")),
        ("/resourceGroups/rg", {"number": "x"}, (400, "InvalidRoleAssignmentId")),
        ("/resourceGroups/none", {}, (404, "ResourceGroupNotFound")),
        (f"/resourceGroups/rg{ACCOUNT}", {}, (404, "ResourceNotFound")),
    ],
)
def test_not_every_role_can_be_given(scope: str, changes: dict[str, Any], expected: tuple[int, str]) -> None:
    driver = company()
    driver.group()
    assert give(driver, "/resourceGroups/rg", READER).status == 201
    assert error(give(driver, scope, **({"role": READER} | changes))) == expected


def test_roles_end_with_what_they_are_for() -> None:
    driver = company()
    account = f"{driver.group()}{ACCOUNT}"
    driver.poll(driver.put(account, EAST))
    give(driver, account, CONTRIBUTOR)
    driver.delete(account)
    driver.poll(driver.put(account, EAST))
    assert driver.get(account, who="helper").status == 403
    assert error(driver.get(f"{account}{GIVEN}/{NAME.format(1)}")) == (404, "RoleAssignmentNotFound")


def test_built_in_roles_are_shown() -> None:
    driver = company()
    shown = [role["properties"]["roleName"] for role in driver.get(ROLES).json()["value"]]
    assert shown[:3] == ["Owner", "Contributor", "Reader"]
    assert "Storage Blob Data Reader" in shown
    found = driver.get(f"{ROLES}?$filter=roleName eq 'reader'").json()["value"]
    assert [role["name"] for role in found] == [READER]
    assert driver.get(f"{ROLES}/{READER}").json() == found[0]
    assert error(driver.get(f"{ROLES}/{NAME.format(1)}")) == (404, "RoleDefinitionDoesNotExist")


def log(driver: Driver, text: str = "eventTimestamp ge '2019-07-29'") -> list[tuple[str, str]]:
    path = f"/providers/Microsoft.Insights/eventtypes/management/values?$filter={quote(text)}"
    found = driver.get(path).json()["value"]
    return [(event["operationName"]["value"].partition("/")[2], event["status"]["value"]) for event in found]


def test_every_change_is_in_the_activity_log() -> None:
    driver = Driver()
    account = f"{driver.group()}{ACCOUNT}"
    begun = driver.put(account, EAST)
    group = ("subscriptions/resourceGroups/write", "Succeeded"), ("subscriptions/resourceGroups/write", "Started")
    write = "storageAccounts/write"
    assert log(driver) == [(write, "Accepted"), (write, "Started"), *group]
    driver.poll(begun)
    assert log(driver)[0] == (write, "Succeeded")
    driver.get(account)
    driver.put(f"{account}X", EAST)
    assert log(driver)[0] == (write, "Failed")
    assert len(log(driver)) == 7, "questions are not noted"


def test_the_activity_log_tells_one_request_from_another() -> None:
    driver = Driver()
    account = f"{driver.group()}{ACCOUNT}"
    driver.poll(driver.put(account, EAST, headers={"x-ms-correlation-request-id": "mine"}))
    driver.wait(86_400)
    driver.group("other")
    since = "eventTimestamp ge '2019-07-29T00:00:00Z'"
    assert [status for _, status in log(driver, f"{since} and correlationId eq 'mine'")] == [
        "Succeeded",
        "Accepted",
        "Started",
    ]
    assert len(log(driver, "eventTimestamp ge '2019-07-30T00:00:00Z'")) == 2
    assert len(log(driver, f"{since} and eventTimestamp le '2019-07-29T23:59:59Z'")) == 5
    assert len(log(driver, f"{since} and resourceGroupName eq 'OTHER'")) == 2
    assert len(log(driver, f"{since} and resourceUri eq '{driver.root}{account}'")) == 3
    assert len(log(driver, f"{since} and resourceProvider eq 'Microsoft.Storage'")) == 3


@pytest.mark.parametrize(
    "text", ["", "status eq 'Failed'", "eventTimestamp", "eventTimestamp ge '2019' and colour eq 'x'"]
)
def test_the_activity_log_must_be_asked_well(text: str) -> None:
    driver = Driver()
    driver.group()
    path = f"/providers/Microsoft.Insights/eventtypes/management/values?$filter={quote(text)}"
    assert error(driver.get(path)) == (400, "BadRequest")


def test_the_activity_log_forgets_the_oldest() -> None:
    driver = Driver(ArmConfig(subscriptions=(subscription(),), activity_size=4))
    for number in range(3):
        driver.group(f"rg{number}")
    assert len(log(driver)) == 4


def test_tags_can_be_changed_by_themselves() -> None:
    driver = Driver()
    account = f"{driver.group()}{ACCOUNT}"
    driver.poll(driver.put(account, EAST | {"tags": {"a": "1", "b": "2"}}))

    def change(operation: str, **tags: str) -> dict[str, str]:
        body = {"operation": operation, "properties": {"tags": tags}}
        changed: dict[str, str] = driver.ask("PATCH", f"{account}{TAGS}", body).json()["properties"]["tags"]
        assert driver.get(account).json()["tags"] == changed
        return changed

    assert driver.get(f"{account}{TAGS}").json()["properties"]["tags"] == {"a": "1", "b": "2"}
    assert change("Merge", b="3", c="4") == {"a": "1", "b": "3", "c": "4"}
    assert change("Delete", a="1", b="other") == {"b": "3", "c": "4"}
    assert change("Replace", d="5") == {"d": "5"}
    assert driver.put("/resourceGroups/rg" + TAGS, {"properties": {"tags": {"d": "6"}}}).status == 200
    names = {tag["tagName"]: tag["count"]["value"] for tag in driver.get("/tagNames").json()["value"]}
    assert names == {"d": 2}
    assert driver.delete(f"{account}{TAGS}").status == 200
    assert driver.get(f"{account}{TAGS}").json()["properties"]["tags"] == {}


def test_tags_need_something_to_be_tags_of() -> None:
    driver = Driver()
    driver.group()
    body = {"operation": "Shuffle", "properties": {"tags": {}}}
    assert error(driver.ask("PATCH", f"/resourceGroups/rg{TAGS}", body)) == (400, "InvalidTagsOperation")
    assert error(driver.get(f"/resourceGroups/none{TAGS}")) == (404, "ResourceGroupNotFound")
    assert error(driver.get(f"/resourceGroups/rg{ACCOUNT}{TAGS}")) == (404, "ResourceNotFound")
    assert error(driver.get(TAGS)) == (501, "NotModelled")
