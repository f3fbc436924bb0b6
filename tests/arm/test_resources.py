"""Resource groups, storage accounts, providers and the errors that any request can meet."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable

import pytest
from parts import API, Driver, error, subscription

from cmgsim.arm.clouds import RegionState
from cmgsim.arm.config import ArmConfig, Principal, Subscription, SubscriptionState, Tenant
from cmgsim.arm.events import OperationFinished, RequestRefused, ResourceCreated, ResourceDeleted
from cmgsim.arm.messages import Request
from cmgsim.units import HOUR, SECOND

EAST = {"location": "eastus"}
ACCOUNT = "/providers/Microsoft.Storage/storageAccounts"


def test_a_group_is_made_shown_listed_and_tagged() -> None:
    driver = Driver()
    made = driver.put("/resourceGroups/Rg", {"location": "East US", "tags": {"a": "b"}})
    assert made.status == 201
    document = made.json()
    assert document["id"] == f"{driver.root}/resourceGroups/Rg"
    assert (document["location"], document["tags"]) == ("eastus", {"a": "b"})
    assert document["properties"] == {"provisioningState": "Succeeded"}
    assert driver.put("/resourceGroups/rg", EAST).status == 200
    assert driver.get("/RESOURCEGROUPS//RG/").json()["name"] == "Rg", "case never matters, casing is kept"
    assert driver.ask("PATCH", "/resourceGroups/rg", {"tags": {"c": "d"}}).json()["tags"] == {"c": "d"}
    assert [group["name"] for group in driver.get("/resourceGroups").json()["value"]] == ["Rg"]
    assert driver.ask("HEAD", "/resourceGroups/rg").status == 204
    assert driver.ask("HEAD", "/resourceGroups/other").status == 404


def test_a_group_stays_in_its_region_and_needs_one() -> None:
    driver = Driver()
    driver.group()
    assert error(driver.put("/resourceGroups/rg", {"location": "westus"})) == (409, "InvalidResourceGroupLocation")
    assert driver.get("/resourceGroups/rg").json()["location"] == "eastus"
    assert error(driver.put("/resourceGroups/new", {})) == (400, "LocationRequired")
    unknown = driver.put("/resourceGroups/new", {"location": "mars"})
    assert error(unknown) == (400, "LocationNotAvailableForResourceGroup")
    foreign = driver.put("/resourceGroups/new", {"location": "usgovvirginia"})
    assert error(foreign) == (400, "LocationNotAvailableForResourceGroup")


@pytest.mark.parametrize("name", ["ends.", "a" * 91, "with space", "per%25cent", "star*"])
def test_group_names_follow_rules(name: str) -> None:
    driver = Driver()
    refused = driver.put(f"/resourceGroups/{name}", EAST)
    assert error(refused) == (400, "InvalidResourceGroup")
    assert driver.put(f"/resourceGroups/{'a' * 90}", EAST).status == 201


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ({f"t{number}": "" for number in range(51)}, "TooManyTags"),
        ({"a": 1}, "InvalidTagValue"),
        ({"a": "x" * 257}, "InvalidTagValue"),
        ({"a<b": ""}, "InvalidTagNameCharacters"),
        ({"x" * 513: ""}, "InvalidTagNameCharacters"),
        (["a"], "InvalidRequestContent"),
    ],
)
def test_tags_have_limits(tags: object, code: str) -> None:
    assert error(Driver().put("/resourceGroups/rg", EAST | {"tags": tags})) == (400, code)


def test_deleting_a_group_takes_all_in_it_and_frees_names() -> None:
    driver = Driver()
    group = driver.group()
    driver.poll(driver.put(f"{group}{ACCOUNT}/one", EAST))
    driver.poll(driver.put(f"{group}{ACCOUNT}/two", EAST))
    driver.arm.step(driver.now_us)
    begun_us = driver.now_us
    begun = driver.delete(group)
    assert begun.status == 202
    assert not begun.body
    assert driver.get(group).json()["properties"]["provisioningState"] == "Deleting"
    assert error(driver.put(group, EAST)) == (409, "ResourceGroupBeingDeleted")
    assert error(driver.put(f"{group}{ACCOUNT}/three", EAST)) == (409, "ResourceGroupBeingDeleted")
    again = driver.delete(group)
    assert again.header("Location") == begun.header("Location"), "a second request follows the first"
    assert driver.poll(begun).status == 200
    events = driver.arm.step(driver.now_us)
    gone = [event.resource.rpartition("/")[2] for event in events if isinstance(event, ResourceDeleted)]
    assert gone == ["two", "one", "rg"]
    ended = [event for event in events if isinstance(event, OperationFinished)]
    assert [event.lifecycle for event in ended][-1] == "resourceGroups.delete"
    assert 40 * SECOND <= driver.now_us - begun_us <= 70 * SECOND + 15 * SECOND
    assert error(driver.get(group)) == (404, "ResourceGroupNotFound")
    other = driver.group("other", "westus")
    assert driver.put(f"{other}{ACCOUNT}/one", {"location": "westus"}).status == 202


def test_a_group_is_deleted_while_something_in_it_is_still_growing() -> None:
    driver = Driver()
    group = driver.group()
    growing = driver.put(f"{group}{ACCOUNT}/one", EAST)
    driver.poll(driver.delete(group))
    assert error(driver.get(growing.header("Location"))) == (409, "Canceled")
    assert driver.get("/resources").json()["value"] == []
    assert driver.arm.due() is not None, "events wait to be taken"
    driver.arm.step(driver.now_us)
    assert driver.arm.due() is None


def test_a_storage_account_takes_its_time() -> None:
    driver = Driver()
    path = f"{driver.group()}{ACCOUNT}/contoso"
    begun = driver.put(path, EAST | {"sku": {"name": "Standard_LRS"}, "kind": "StorageV2"})
    assert begun.status == 202
    assert not begun.body
    assert begun.header("Azure-AsyncOperation") == ""
    assert begun.header("Retry-After") == "17"
    assert "/asyncoperations/" in begun.header("Location")
    assert driver.get(path).json()["properties"]["provisioningState"] == "Creating"
    driver.wait(14.9)
    assert driver.get(begun.header("Location")).status == 202
    assert driver.arm.due() is not None
    driver.wait(10.1)
    ready = driver.get(begun.header("Location"))
    assert ready.status == 200
    assert ready.json() == driver.get(path).json()
    shown = ready.json()
    assert shown["properties"]["provisioningState"] == "Succeeded"
    assert shown["properties"]["primaryEndpoints"]["blob"] == "https://contoso.blob.core.windows.net/"
    assert (shown["sku"], shown["kind"]) == ({"name": "Standard_LRS"}, "StorageV2")
    assert driver.put(path, EAST).status == 200, "an account that is there is updated at once"
    assert driver.delete(path).status == 200
    assert driver.delete(path).status == 204
    assert error(driver.get(path)) == (404, "ResourceNotFound")


def test_events_tell_what_happened() -> None:
    driver = Driver()
    path = f"{driver.group()}{ACCOUNT}/contoso"
    driver.poll(driver.put(path, EAST))
    driver.put(f"{path}X", EAST)
    events = driver.arm.step(driver.now_us)
    kinds = [event.kind for event in events if isinstance(event, ResourceCreated)]
    assert kinds == ["Microsoft.Resources/resourceGroups", "Microsoft.Storage/storageAccounts"]
    assert [event.status for event in events if isinstance(event, OperationFinished)] == ["Succeeded"]
    assert [event.code for event in events if isinstance(event, RequestRefused)] == ["AccountNameInvalid"]
    assert driver.arm.step(driver.now_us) == []


def test_an_account_name_is_one_of_a_kind_in_the_world() -> None:
    config = ArmConfig(subscriptions=(subscription(),), taken_names=("fabrikam.blob.core.windows.net",))
    driver = Driver(config)
    group, other = driver.group(), driver.group("other")
    assert error(driver.put(f"{group}{ACCOUNT}/fabrikam", EAST)) == (409, "StorageAccountAlreadyTaken")
    driver.poll(driver.put(f"{group}{ACCOUNT}/contoso", EAST))
    assert error(driver.put(f"{other}{ACCOUNT}/contoso", EAST)) == (409, "StorageAccountInAnotherResourceGroup")
    west = driver.put(f"{group}{ACCOUNT}/contoso", {"location": "westus"})
    assert error(west) == (409, "InvalidResourceLocation")


@pytest.mark.parametrize("name", ["ab", "a" * 25, "Contoso", "con-toso", "c.d.e"])
def test_account_names_follow_rules(name: str) -> None:
    driver = Driver()
    assert error(driver.put(f"{driver.group()}{ACCOUNT}/{name}", EAST)) == (400, "AccountNameInvalid")
    check = driver.post("/providers/Microsoft.Storage/checkNameAvailability", {"name": name}).json()
    assert (check["nameAvailable"], check["reason"]) == (False, "AccountNameInvalid")


def test_names_can_be_asked_about_before() -> None:
    driver = Driver()
    question = "/providers/Microsoft.Storage/checkNameAvailability"
    path = f"{driver.group()}{ACCOUNT}/contoso"
    assert driver.post(question, {"name": "contoso"}).json() == {"nameAvailable": True}
    driver.put(path, EAST)
    assert driver.post(question, {"name": "contoso"}).json()["reason"] == "AlreadyExists"
    driver.wait(60)
    driver.delete(path)
    assert driver.post(question, {"name": "contoso"}).json() == {"nameAvailable": True}


def test_an_account_has_two_keys_that_can_be_renewed() -> None:
    driver = Driver()
    path = f"{driver.group()}{ACCOUNT}/contoso"
    driver.poll(driver.put(path, EAST))
    keys = driver.post(f"{path}/listKeys").json()["keys"]
    assert [key["keyName"] for key in keys] == ["key1", "key2"]
    assert len({key["value"] for key in keys}) == 2
    assert all(len(b64decode(key["value"])) == 64 for key in keys)
    renewed = driver.post(f"{path}/regenerateKey", {"keyName": "key2"}).json()["keys"]
    assert renewed[0] == keys[0]
    assert renewed[1] != keys[1]
    assert driver.post(f"{path}/listKeys").json()["keys"] == renewed
    assert error(driver.post(f"{path}/regenerateKey", {"keyName": "key3"})) == (400, "InvalidParameter")
    assert error(driver.post(f"{path}x/listKeys")) == (404, "ResourceNotFound")


def test_a_provider_must_be_registered_and_that_takes_time() -> None:
    driver = Driver(ArmConfig(subscriptions=(subscription(registered=()),)))
    path = f"{driver.group()}{ACCOUNT}/contoso"
    refused = driver.put(path, EAST)
    assert error(refused) == (409, "MissingSubscriptionRegistration")
    assert refused.json()["error"]["details"][0]["target"] == "Microsoft.Storage"
    begun = driver.post("/providers/Microsoft.Storage/register")
    assert (begun.status, begun.json()["registrationState"]) == (200, "Registering")
    driver.wait(19)
    assert error(driver.put(path, EAST)) == (409, "MissingSubscriptionRegistration")
    driver.wait(71)
    assert driver.get("/providers/microsoft.storage").json()["registrationState"] == "Registered"
    assert driver.put(path, EAST).status == 202
    in_use = driver.post("/providers/Microsoft.Storage/unregister")
    assert error(in_use) == (409, "CannotUnregisterResourceProvider")
    driver.wait(60)
    driver.delete(path)
    assert driver.post("/providers/Microsoft.Storage/unregister").json()["registrationState"] == "Unregistering"
    driver.wait(90)
    assert driver.get("/providers/Microsoft.Storage").json()["registrationState"] == "NotRegistered"
    names = [provider["namespace"] for provider in driver.get("/providers").json()["value"]]
    assert {"Microsoft.Storage", "Microsoft.ClassicCompute", "Microsoft.Network"} <= set(names)


def test_registering_again_on_the_way_out_wins() -> None:
    driver = Driver()
    driver.post("/providers/Microsoft.KeyVault/unregister")
    driver.wait(1)
    driver.post("/providers/Microsoft.KeyVault/register")
    driver.wait(200)
    assert driver.get("/providers/Microsoft.KeyVault").json()["registrationState"] == "Registered"


NOWHERE = "/subscriptions/00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("method", "path", "document", "expected"),
    [
        ("GET", "/subscriptions/nonsense/resourceGroups", None, (400, "InvalidSubscriptionId")),
        ("GET", f"{NOWHERE}/resourceGroups", None, (404, "SubscriptionNotFound")),
        ("GET", "/resourceGroups/none", None, (404, "ResourceGroupNotFound")),
        ("DELETE", "/resourceGroups/none", None, (404, "ResourceGroupNotFound")),
        ("GET", f"/resourceGroups/none{ACCOUNT}/x", None, (404, "ResourceGroupNotFound")),
        ("PUT", f"/resourceGroups/none{ACCOUNT}/xyz", EAST, (404, "ResourceGroupNotFound")),
        ("DELETE", f"/resourceGroups/none{ACCOUNT}/xyz", None, (404, "ResourceGroupNotFound")),
        ("GET", f"/resourceGroups/rg{ACCOUNT}/xyz", None, (404, "ResourceNotFound")),
        ("PATCH", f"/resourceGroups/rg{ACCOUNT}/xyz", {}, (404, "ResourceNotFound")),
        ("PUT", f"/resourceGroups/rg{ACCOUNT}/xyz", {}, (400, "LocationRequired")),
        ("PUT", f"/resourceGroups/rg{ACCOUNT}/xyz", {"location": "x"}, (400, "LocationNotAvailableForResourceType")),
        ("PUT", f"/resourceGroups/rg{ACCOUNT}/xyz", {"location": 7}, (400, "InvalidRequestContent")),
        ("PUT", f"/resourceGroups/rg{ACCOUNT}/xyz", EAST | {"sku": 1}, (400, "InvalidRequestContent")),
        ("POST", "/resourceGroups/rg", None, (405, "UnsupportedHttpVerb")),
        ("POST", f"/resourceGroups/rg{ACCOUNT}/xyz", None, (405, "UnsupportedHttpVerb")),
        ("PUT", f"/resourceGroups/rg{ACCOUNT}", EAST, (405, "UnsupportedHttpVerb")),
        ("GET", "/resourceGroups/rg/providers/Microsoft.None/things/x", None, (404, "InvalidResourceNamespace")),
        ("GET", "/resourceGroups/rg/providers/Microsoft.Storage/things/x", None, (404, "InvalidResourceType")),
        ("GET", "/providers/Microsoft.None", None, (404, "InvalidResourceNamespace")),
        ("GET", "/somethingElse", None, (501, "NotModelled")),
        ("GET", "/resources?$filter=colour eq 'red'", None, (400, "InvalidFilterInQueryString")),
        ("GET", "/resources?$top=x", None, (400, "InvalidParameter")),
        ("GET", f"{ACCOUNT}?api-version=2014-01-01", None, (400, "NoRegisteredProviderFound")),
        ("GET", "/resourceGroups?api-version=", None, (400, "MissingApiVersionParameter")),
        ("GET", "/resourceGroups?api-version=latest", None, (400, "InvalidApiVersionParameter")),
        ("GET", "/operationresults/none", None, (404, "OperationNotFound")),
    ],
)
def test_refusals(method: str, path: str, document: object, expected: tuple[int, str]) -> None:
    driver = Driver()
    driver.group()
    assert error(driver.ask(method, path, document)) == expected


def test_the_api_version_is_asked_for_before_anything_else() -> None:
    driver = Driver()
    answer = driver.arm.handle(Request("GET", f"{driver.root}/resourceGroups"), 0)
    assert error(answer) == (400, "MissingApiVersionParameter")


@pytest.mark.parametrize("body", [b"{", b"[]", b"7", b"\xff", b"[" * 100_000])
def test_a_body_must_be_an_object(body: bytes) -> None:
    driver = Driver()
    token = {"Authorization": f"Bearer {driver.arm.token('owner', 0)}"}
    request = Request("PUT", f"{driver.root}/resourceGroups/rg?api-version={API}", token, body)
    assert error(driver.arm.handle(request, 0)) == (400, "InvalidRequestContent")


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda token: "", "AuthenticationFailed"),
        (lambda token: "Basic abc", "AuthenticationFailed"),
        (lambda token: "Bearer abc", "InvalidAuthenticationToken"),
        (lambda token: f"Bearer {token[:-4]}AAAA", "InvalidAuthenticationToken"),
        (lambda token: f"Bearer {Driver(seed=2).arm.token('owner', 0)}", "InvalidAuthenticationToken"),
    ],
)
def test_a_bad_token_is_challenged(spoil: Callable[[str], str], code: str) -> None:
    driver = Driver()
    written = spoil(driver.arm.token("owner", 0))
    request = Request("GET", f"{driver.root}?api-version={API}", {"authorization": written} if written else {})
    answer = driver.arm.handle(request, 0)
    assert error(answer) == (401, code)
    assert answer.header("WWW-Authenticate").startswith('Bearer authorization_uri="https://login.microsoftonline.com/')


def test_a_token_is_good_for_an_hour() -> None:
    driver = Driver()
    token = driver.arm.token("owner", 0)
    request = Request.of("GET", f"{driver.root}?api-version={API}", token=token)
    assert driver.arm.handle(request, HOUR - 1).status == 200
    late = driver.arm.handle(request, HOUR + SECOND)
    assert error(late) == (401, "ExpiredAuthenticationToken")
    assert "WWW-Authenticate" in late.headers


def test_a_token_of_another_directory_is_foreign() -> None:
    tenants = (Tenant(), Tenant("fabrikam", (Principal("stranger"),)))
    driver = Driver(ArmConfig(tenants=tenants, subscriptions=(subscription(),)))
    answer = driver.get("", who="stranger")
    assert error(answer) == (401, "InvalidAuthenticationTokenTenant")
    assert "WWW-Authenticate" in answer.headers


def test_a_disabled_subscription_is_read_only() -> None:
    driver = Driver(ArmConfig(subscriptions=(subscription(state=SubscriptionState.DISABLED),)))
    assert error(driver.put("/resourceGroups/rg", EAST)) == (409, "ReadOnlyDisabledSubscription")
    assert driver.get("/resourceGroups").status == 200
    assert driver.get("").json()["state"] == "Disabled"


def test_regions_fail_in_part_or_altogether() -> None:
    driver = Driver()
    group = driver.group()
    driver.poll(driver.put(f"{group}{ACCOUNT}/contoso", EAST))
    driver.arm.set_region("eastus", RegionState.CONTROLPLANE_DOWN, driver.now_us)
    refused = driver.put(f"{group}{ACCOUNT}/fabrikam", EAST)
    assert error(refused) == (503, "ServiceUnavailable")
    assert refused.header("Retry-After") == "30"
    assert error(driver.delete(f"{group}{ACCOUNT}/contoso")) == (503, "ServiceUnavailable")
    assert driver.get(f"{group}{ACCOUNT}/contoso").status == 200
    driver.arm.set_region("eastus", RegionState.DOWN, driver.now_us)
    assert error(driver.get(f"{group}{ACCOUNT}/contoso")) == (503, "ServiceUnavailable")
    driver.arm.set_region("eastus", RegionState.UP, driver.now_us)
    assert driver.put(f"{group}{ACCOUNT}/fabrikam", EAST).status == 202


def test_lists_come_in_pages_and_filters_narrow_them() -> None:
    driver = Driver(ArmConfig(subscriptions=(subscription(),), page_size=2))
    for number in range(5):
        driver.put(f"/resourceGroups/rg{number}", EAST | {"tags": {"odd": str(number % 2)}})
    names, link = [], "/resourceGroups"
    while link:
        page = driver.get(link).json()
        assert len(page["value"]) <= 2
        names += [group["name"] for group in page["value"]]
        link = page.get("nextLink", "")
    assert names == [f"rg{number}" for number in range(5)]
    odd = driver.get("/resourceGroups?$filter=tagName eq 'odd' and tagValue eq '1'").json()["value"]
    assert [group["name"] for group in odd] == ["rg1", "rg3"]
    driver.put(f"/resourceGroups/rg0{ACCOUNT}/contoso", EAST)
    kind = "resourceType eq 'Microsoft.Storage/storageAccounts'"
    assert [found["name"] for found in driver.get(f"/resources?$filter={kind}").json()["value"]] == ["contoso"]
    assert driver.get("/resources?$filter=name ne 'contoso'").json()["value"] == []


def test_every_answer_says_which_request_it_is_for() -> None:
    driver = Driver()
    headers = {"x-ms-client-request-id": "mine", "X-MS-Return-Client-Request-Id": "true"}
    first, second = driver.get("", headers=headers), driver.get("", headers=headers)
    assert first.header("x-ms-request-id") != second.header("x-ms-request-id")
    assert first.header("x-ms-client-request-id") == "mine"
    assert first.header("Date") == "Mon, 29 Jul 2019 00:00:00 GMT"
    assert driver.get("").header("x-ms-client-request-id") == ""


def test_links_lead_back_to_the_host_that_was_asked() -> None:
    driver = Driver()
    group = driver.group()
    begun = driver.put(f"http://127.0.0.1:1{driver.root}{group}{ACCOUNT}/contoso", EAST)
    assert begun.header("Location").startswith(f"http://127.0.0.1:1{driver.root}/providers/Microsoft.Storage/")
    gov = Driver(ArmConfig(subscriptions=(subscription(environment="usgov"),)))
    gov.group("rg", "usgovvirginia")
    link = gov.delete("/resourceGroups/rg").header("Location")
    assert link.startswith("https://management.usgovcloudapi.net/")


def test_one_subscription_does_not_see_anothers_operations() -> None:
    both = (subscription(), Subscription("second"))
    driver = Driver(ArmConfig(subscriptions=both))
    begun = driver.delete(driver.group())
    foreign = begun.header("Location").replace(driver.id, both[1].id)
    assert error(driver.get(foreign)) == (404, "OperationNotFound")
    assert (
        len(
            driver.arm.handle(
                Request.of("GET", f"/subscriptions?api-version={API}", token=driver.arm.token("owner", 0)), 0
            ).json()["value"]
        )
        == 2
    )
