"""Lifecycles as tables, limits on requests, locks, roles, and the types of network, compute and key vault."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parts import NAMESPACES, Driver, error, subscription

from cmgsim.arm.config import ArmConfig, Grant, Principal, Role, Tenant, ThrottleMode
from cmgsim.arm.lifecycle import LIFECYCLES, LONGEST_OPERATION_US, TABLES, Lifecycle, Row, path, state_at
from cmgsim.arm.messages import Response
from cmgsim.units import DAY, HOUR, SECOND

EAST = {"location": "eastus"}
NETWORK = "/resourceGroups/rg/providers/Microsoft.Network"
SCALE_SETS = "/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets"
VAULTS = "/resourceGroups/rg/providers/Microsoft.KeyVault/vaults"
LOCKS = "/providers/Microsoft.Authorization/locks"
SEEDS = st.integers(0, 2**64 - 1)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_is_known_and_ends(table: Lifecycle) -> None:
    assert LIFECYCLES[table.name] is table
    assert table.ends()
    assert all(not table.choices(end) for end in table.ends())


@given(table=st.sampled_from(TABLES), seed=SEEDS, who=st.text(max_size=9), ordinal=st.integers(0, 99))
def test_every_path_stays_within_its_table(table: Lifecycle, seed: int, who: str, ordinal: int) -> None:
    steps = path(table, seed, who, ordinal, 1_000)
    state, moment_us = table.start, 1_000
    for due_us, following in steps:
        rows = [row for row in table.choices(state) if row.next == following]
        assert any(row.low_us <= due_us - moment_us <= row.high_us for row in rows)
        state, moment_us = following, due_us
        assert state_at(table.start, steps, due_us) == following
    assert state in table.ends()
    assert moment_us - 1_000 <= LONGEST_OPERATION_US
    assert state_at(table.start, steps, 999) == table.start
    assert path(table, seed, who, ordinal, 1_000) == steps


@pytest.mark.parametrize(
    "rows",
    [
        (Row("a", 0, 1, "b"), Row("b", 0, 1, "a")),
        (Row("a", 0, 1, "a"),),
        (Row("a", 0, 1, "b"), Row("x", 0, 1, "y")),
        (Row("a", 2, 1, "b"),),
        (Row("a", -1, 1, "b"),),
        (Row("a", 0, 1, "b", 0),),
    ],
)
def test_impossible_tables_are_refused(rows: tuple[Row, ...]) -> None:
    with pytest.raises(ValueError, match="lifecycle mine: "):
        Lifecycle("mine", "a", rows)


def test_weights_are_shares() -> None:
    table = Lifecycle("mine", "a", (Row("a", 0, 0, "b", 3), Row("a", 0, 0, "c", 1)))
    ends = [path(table, 1, str(number), 0, 0)[-1][1] for number in range(2_000)]
    assert 0.71 < ends.count("b") / len(ends) < 0.79


def test_a_configured_table_replaces_the_common_one() -> None:
    row = Row("Creating", HOUR // 4, HOUR // 4, "Failed")
    table = Lifecycle("storageAccounts.create", "Creating", (row,), "Unlucky", "No luck today.")
    driver = Driver(ArmConfig(subscriptions=(subscription(),), lifecycles=(table,)))
    account = f"{driver.group()}/providers/Microsoft.Storage/storageAccounts/contoso"
    assert error(driver.poll(driver.put(account, EAST))) == (409, "Unlucky")
    assert driver.now_us >= HOUR // 4
    assert driver.get(account).json()["properties"]["provisioningState"] == "Failed"


def throttled(mode: ThrottleMode) -> Driver:
    return Driver(ArmConfig(subscriptions=(subscription(),), throttle=mode))


def until_refused(driver: Driver, method: str, most: int) -> tuple[int, Response]:
    """Ask at one moment until a request is refused; return how many were not."""
    path = "/resourceGroups/none"
    for count in range(most):
        answer = driver.ask(method, path, EAST if method == "PUT" else None)
        if answer.status == 429:
            return count, answer
    raise AssertionError(f"{most} requests were let through")


def test_the_bucket_holds_and_refills() -> None:
    driver = throttled(ThrottleMode.BUCKET_2024)
    assert driver.get("").header("x-ms-ratelimit-remaining-subscription-reads") == "249"
    count, refused = until_refused(driver, "GET", 300)
    assert (count, error(refused)) == (249, (429, "SubscriptionRequestsThrottled"))
    assert refused.header("Retry-After") == "1"
    assert until_refused(driver, "PUT", 300)[0] == 200, "writes have a bucket of their own"
    driver.wait(2)
    assert until_refused(driver, "GET", 300)[0] == 50
    assert until_refused(driver, "PUT", 300)[0] == 20


def test_the_hour_begins_with_its_first_request() -> None:
    driver = throttled(ThrottleMode.HOURLY_2019)
    driver.wait(100)
    count, refused = until_refused(driver, "PUT", 1_300)
    assert (count, refused.header("Retry-After")) == (1_200, "3600")
    assert driver.get("").header("x-ms-ratelimit-remaining-subscription-reads") == "11999"
    driver.wait(3_599)
    assert driver.put("/resourceGroups/rg", EAST).header("Retry-After") == "1"
    driver.wait(1)
    assert driver.put("/resourceGroups/rg", EAST).status == 201


def test_without_limits_there_are_none() -> None:
    driver = throttled(ThrottleMode.OFF)
    answers = [driver.get("") for _ in range(400)]
    assert {answer.status for answer in answers} == {200}
    assert not any("ratelimit" in name for name in answers[0].headers)


def test_providers_have_limits_of_their_own() -> None:
    driver = throttled(ThrottleMode.OFF)
    url = "/providers/Microsoft.Storage/storageAccounts"
    assert {driver.get(url).status for _ in range(101)} == {200}
    driver = throttled(ThrottleMode.HOURLY_2019)
    assert {driver.get(url).status for _ in range(100)} == {200}
    refused = driver.get(url)
    assert error(refused) == (429, "TooManyRequests")
    assert refused.header("Retry-After") == "300"
    driver.wait(300)
    assert driver.get(url).status == 200


def test_a_lock_against_deletion_holds_above_and_below() -> None:
    driver = Driver()
    group = driver.group()
    account = f"{group}/providers/Microsoft.Storage/storageAccounts/contoso"
    driver.poll(driver.put(account, EAST))
    lock = {"properties": {"level": "CanNotDelete"}}
    assert driver.put(f"{account}{LOCKS}/keep", lock).status == 201
    assert driver.put(f"{account}{LOCKS}/keep", lock).status == 200
    assert error(driver.delete(account)) == (409, "ScopeLocked")
    assert error(driver.delete(group)) == (409, "ScopeLocked"), "what is below is locked"
    assert driver.put(account, EAST).status == 200
    assert [found["name"] for found in driver.get(f"{group}{LOCKS}").json()["value"]] == ["keep"]
    assert driver.get(f"{group}{LOCKS}?$filter=atScope()").json()["value"] == []
    assert driver.delete(f"{account}{LOCKS}/keep").status == 200
    assert driver.delete(f"{account}{LOCKS}/keep").status == 204
    assert driver.delete(account).status == 200


def test_a_read_only_lock_forbids_every_change() -> None:
    driver = Driver()
    group = driver.group()
    vault = f"{group}/providers/Microsoft.KeyVault/vaults/contoso"
    driver.put(vault, EAST)
    assert error(driver.put(f"{group}{LOCKS}/all", {"properties": {"level": "Some"}})) == (400, "InvalidLockLevel")
    driver.put(f"{LOCKS}/all", {"properties": {"level": "ReadOnly"}})
    for method, where in (("PUT", vault), ("PATCH", group), ("DELETE", vault), ("PUT", "/resourceGroups/new")):
        assert error(driver.ask(method, where, EAST)) == (409, "ScopeLocked")
    assert driver.get(vault).status == 200
    assert error(driver.get(f"{group}{LOCKS}/all")) == (404, "LockNotFound")
    assert driver.delete(f"{LOCKS}/all").status == 200
    assert driver.ask("PATCH", group, {}).status == 200


def test_roles_allow_what_they_say_where_they_say_it() -> None:
    names = ("owner", "helper", "watcher", "local", "nobody")
    root = subscription().id
    grants = (
        Grant("owner"),
        Grant("helper", Role.CONTRIBUTOR),
        Grant("watcher", Role.READER),
        Grant("local", Role.OWNER, f"/subscriptions/{root}/resourceGroups/rg"),
    )
    tenant = Tenant(principals=tuple(Principal(name) for name in names))
    driver = Driver(ArmConfig(tenants=(tenant,), subscriptions=(subscription(grants=grants),)))
    driver.group()
    vault, lock = f"{VAULTS}/contoso", {"properties": {"level": "CanNotDelete"}}
    forbidden = (403, "AuthorizationFailed")
    assert error(driver.put(vault, EAST, who="watcher")) == forbidden
    assert driver.get("/resourceGroups/rg", who="watcher").status == 200
    assert driver.put(vault, EAST, who="helper").status == 200
    assert error(driver.put(f"{vault}{LOCKS}/l", lock, who="helper")) == forbidden
    assert driver.put(f"{vault}{LOCKS}/l", lock, who="local").status == 201
    assert error(driver.put("/resourceGroups/other", EAST, who="local")) == forbidden
    refused = driver.get("/resourceGroups/rg", who="nobody")
    assert error(refused) == forbidden
    assert "Microsoft.Resources/subscriptions/resourceGroups/read" in refused.json()["error"]["message"]


@pytest.mark.parametrize("kind", ["publicIPAddresses", "virtualNetworks", "networkSecurityGroups", "loadBalancers"])
def test_network_resources_come_and_go(kind: str) -> None:
    driver = Driver()
    driver.group()
    where = f"{NETWORK}/{kind}/x"
    begun = driver.put(where, EAST)
    assert (begun.status, begun.json()["properties"]["provisioningState"]) == (201, "Updating")
    assert begun.header("Azure-AsyncOperation")
    refused = driver.put(where, EAST)
    assert error(refused) == (429, "RetryableErrorDueToAnotherOperation")
    assert refused.header("Retry-After") == "10"
    assert driver.poll(begun).json()["status"] == "Succeeded"
    old = driver.get(where).json()["etag"]
    driver.poll(driver.put(where, EAST, headers={"If-Match": old}))
    assert error(driver.put(where, EAST, headers={"If-Match": old})) == (412, "PreconditionFailed")
    assert error(driver.put(where, EAST, headers={"If-None-Match": "*"})) == (412, "PreconditionFailed")
    gone = driver.delete(where)
    assert gone.status == 202
    driver.poll(gone)
    assert driver.get(where).status == 404


def test_a_label_of_an_address_is_one_of_a_kind_in_its_region() -> None:
    driver = Driver()
    driver.group()
    labelled = EAST | {"properties": {"dnsSettings": {"domainNameLabel": "contoso"}}}
    driver.poll(driver.put(f"{NETWORK}/publicIPAddresses/a", labelled))
    shown = driver.get(f"{NETWORK}/publicIPAddresses/a").json()["properties"]
    assert shown["dnsSettings"]["fqdn"] == "contoso.eastus.cloudapp.azure.com"
    assert shown["ipAddress"].startswith("198.1")
    assert error(driver.put(f"{NETWORK}/publicIPAddresses/b", labelled)) == (409, "DnsRecordInUse")
    assert driver.put(f"{NETWORK}/publicIPAddresses/b", labelled | {"location": "westus"}).status == 201
    bad = EAST | {"properties": {"dnsSettings": {"domainNameLabel": "1x"}}}
    assert error(driver.put(f"{NETWORK}/publicIPAddresses/c", bad)) == (400, "InvalidDomainNameLabel")
    question = "/providers/Microsoft.Network/locations/eastus/CheckDnsNameAvailability?domainNameLabel="
    assert driver.get(f"{question}contoso").json() == {"available": False}
    assert driver.get(f"{question}fabrikam").json() == {"available": True}


def scale_set(count: int, size: str = "Standard_B2s") -> dict[str, object]:
    return EAST | {"sku": {"name": size, "capacity": count}}


def test_scale_sets_use_cores_until_they_are_gone() -> None:
    driver = Driver()
    driver.group()
    usage = "/providers/Microsoft.Compute/locations/eastus/usages"
    begun = driver.put(f"{SCALE_SETS}/a", scale_set(9))
    assert driver.get(usage).json()["value"][0]["currentValue"] == 18
    driver.poll(begun)
    assert error(driver.put(f"{SCALE_SETS}/b", scale_set(2))) == (409, "OperationNotAllowed")
    assert error(driver.put(f"{SCALE_SETS}/a", scale_set(11))) == (409, "OperationNotAllowed")
    driver.poll(driver.put(f"{SCALE_SETS}/a", scale_set(4)))
    assert len(driver.get(f"{SCALE_SETS}/a/virtualMachines").json()["value"]) == 4
    assert driver.get(usage).json()["value"][0]["currentValue"] == 8
    assert driver.poll(driver.post(f"{SCALE_SETS}/a/restart")).json()["status"] == "Succeeded"
    driver.poll(driver.delete(f"{SCALE_SETS}/a"))
    assert driver.get(usage).json()["value"][0]["currentValue"] == 0
    assert error(driver.put(f"{SCALE_SETS}/c", scale_set(1, "Huge"))) == (400, "InvalidParameter")
    assert error(driver.put(f"{SCALE_SETS}/c", EAST)) == (400, "InvalidParameter")


def test_a_vault_is_polled_by_its_body() -> None:
    driver = Driver()
    driver.group()
    begun = driver.put(f"{VAULTS}/contoso", EAST)
    assert begun.status == 200
    assert begun.json()["properties"]["provisioningState"] == "RegisteringDns"
    assert begun.json()["properties"]["vaultUri"] == "https://contoso.vault.azure.net/"
    assert not begun.header("Location")
    driver.wait(40)
    assert driver.get(f"{VAULTS}/contoso").json()["properties"]["provisioningState"] == "Succeeded"
    assert error(driver.put(f"{VAULTS}/con--toso", EAST)) == (400, "VaultNameNotValid")


def test_a_softly_deleted_vault_keeps_its_name_until_purged_or_forgotten() -> None:
    driver = Driver(ArmConfig(subscriptions=(subscription(registered=NAMESPACES),), vault_soft_delete_days=7))
    driver.group()
    for _ in range(2):
        assert driver.put(f"{VAULTS}/contoso", EAST).status == 200
        driver.wait(60)
        assert driver.delete(f"{VAULTS}/contoso").status == 200
        assert error(driver.put(f"{VAULTS}/contoso", EAST)) == (409, "ConflictError")
        purged = driver.post("/providers/Microsoft.KeyVault/locations/eastus/deletedVaults/contoso/purge")
        assert purged.status == 200
    driver.put(f"{VAULTS}/contoso", EAST)
    driver.wait(60)
    driver.delete(f"{VAULTS}/contoso")
    driver.wait(7 * DAY / SECOND - 1)
    assert error(driver.put(f"{VAULTS}/contoso", EAST)) == (409, "ConflictError")
    driver.wait(1)
    assert driver.put(f"{VAULTS}/contoso", EAST).status == 200
