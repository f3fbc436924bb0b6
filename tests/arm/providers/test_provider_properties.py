"""What holds for any sequence: machines and their cores, leases, exports, copies of the cloud."""

from __future__ import annotations

from copy import deepcopy
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st
from parts import Driver

from cmgsim.arm.dataplane import leases
from cmgsim.arm.dataplane.leases import FREE, Lease
from cmgsim.arm.errors import ArmError
from cmgsim.arm.messages import Request, Response
from cmgsim.arm.providers.machines import machines_of
from cmgsim.units import SECOND

SET = "/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets/web"
USAGES = "/providers/Microsoft.Compute/locations/eastus/usages"
NUMBERS = st.lists(st.integers(0, 9), max_size=3)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("scale"), st.integers(0, 12)),
        st.tuples(st.sampled_from(["delete", "restart", "deallocate", "poweroff", "start", "manualupgrade"]), NUMBERS),
        st.tuples(st.just("wait"), st.integers(1, 500)),
    ),
    max_size=12,
)


def scale_set(count: int) -> dict[str, Any]:
    return {"location": "eastus", "sku": {"name": "Standard_A2_v2", "capacity": count}}


@settings(max_examples=25)
@given(STEPS)
def test_machines_cores_and_capacity_always_agree(steps: list[tuple[str, Any]]) -> None:
    driver = Driver()
    driver.group()
    driver.poll(driver.put(SET, scale_set(2)))
    known = {0, 1}
    for word, what in steps:
        if word == "wait":
            driver.wait(what)
        elif word == "scale":
            assert driver.put(SET, scale_set(what)).status in (200, 409)
        else:
            answer = driver.post(f"{SET}/{word}", {"instanceIds": [str(number) for number in what]})
            assert answer.status in (202, 400, 409), answer.body
        used = driver.get(USAGES).json()["value"][0]["currentValue"]
        resource = driver.arm.cloud.store.get(driver.root + SET)
        assert resource is not None
        numbers = [machine.number for machine in machines_of(resource)]
        assert numbers == sorted(set(numbers)), "no number is given twice"
        assert all(number in known or number > max(known) for number in numbers), "no number is given again"
        known |= set(numbers)
        assert used == resource.cores
        if not resource.operation:
            assert resource.body["sku"]["capacity"] == len(numbers)
            assert resource.cores == 2 * len(numbers)
            listed = driver.get(f"{SET}/virtualMachines").json()["value"]
            assert [machine["instanceId"] for machine in listed] == [str(number) for number in numbers]


WHO = st.sampled_from(["a", "b"])
LEASE_STEPS = st.lists(
    st.tuples(st.sampled_from(["acquire", "renew", "release", "break", "wait"]), WHO, st.integers(15, 60)), max_size=20
)


@given(LEASE_STEPS)
def test_two_never_hold_one_lease(steps: list[tuple[str, str, int]]) -> None:
    lease, now_us, held_until_us = FREE, 0, {"a": 0, "b": 0}
    for word, who, seconds in steps:
        other = "b" if who == "a" else "a"
        refused = 0
        try:
            lease = lease_after(lease, word, who, seconds, now_us)
        except ArmError as problem:
            refused = problem.status
        if refused:
            assert refused == 409
            free = held_until_us[other] <= now_us and lease.state(now_us) != "breaking"
            assert word != "acquire" or not free
            continue
        if word == "wait":
            now_us += seconds * SECOND
        elif word in ("acquire", "renew"):
            assert held_until_us[other] <= now_us or word == "renew"
            held_until_us[who] = lease.ends_us or 0
        else:
            held_until_us[who] = held_until_us[other] = 0 if word == "release" else now_us
        holders = [name for name, until_us in held_until_us.items() if until_us > now_us]
        assert len(holders) <= 1


def lease_after(lease: Lease, word: str, who: str, seconds: int, now_us: int) -> Lease:
    if word == "acquire":
        return leases.acquire(lease, who, seconds, now_us)
    if word == "renew":
        return leases.renew(lease, who, now_us)
    if word == "release":
        return leases.release(lease, who)
    return leases.broken(lease, 0, now_us) if word == "break" else lease


RESOURCES = {
    "Microsoft.Network/publicIPAddresses/a": {"location": "eastus"},
    "Microsoft.Network/virtualNetworks/b": {
        "location": "eastus",
        "properties": {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [{"name": "one", "properties": {"addressPrefix": "10.0.0.0/24"}}],
        },
    },
    "Microsoft.Network/networkSecurityGroups/c": {
        "location": "westus",
        "properties": {
            "securityRules": [
                {"name": "in", "properties": {"priority": 100, "direction": "Inbound", "access": "Allow"}}
            ]
        },
    },
    "Microsoft.Storage/storageAccounts/ddd": {
        "location": "eastus",
        "sku": {"name": "Standard_LRS"},
        "tags": {"x": "y"},
    },
    "Microsoft.Compute/virtualMachineScaleSets/e": scale_set(2),
}


@settings(max_examples=10)
@given(st.lists(st.sampled_from(sorted(RESOURCES)), min_size=1, unique=True))
def test_what_is_exported_can_be_made_again(kinds: list[str]) -> None:
    driver = Driver()
    group = driver.group()
    for kind in kinds:
        driver.poll(driver.put(f"{group}/providers/{kind}", RESOURCES[kind]))
    first = export(driver, group)
    driver.poll(driver.delete(group))
    driver.group()
    body = {"properties": {"mode": "Incremental", "template": first}}
    done = driver.poll(driver.put(f"{group}/providers/Microsoft.Resources/deployments/again", body))
    assert done.json()["status"] == "Succeeded", done.body
    again = export(driver, group)
    assert sorted(map(repr, again["resources"])) == sorted(map(repr, first["resources"]))


def export(driver: Driver, group: str) -> dict[str, Any]:
    answer = driver.poll(driver.post(f"{group}/exportTemplate", {"resources": ["*"]}))
    template: dict[str, Any] = answer.json()["template"]
    return template


def blob(driver: Driver, method: str, path: str, body: bytes = b"") -> Response:
    token = driver.arm.token("owner", driver.now_us)
    headers = {"authorization": f"Bearer {token}", "x-ms-version": "2020-12-06"}
    url = f"https://contoso.blob.core.windows.net/{path}"
    return driver.arm.handle(Request(method, url, headers, body), driver.now_us)


def storing() -> Driver:
    """Return a cloud with a blob in a container, and somebody who may write more."""
    driver = Driver()
    account = {"location": "eastus", "sku": {"name": "Standard_LRS"}}
    driver.poll(driver.put(f"{driver.group()}/providers/Microsoft.Storage/storageAccounts/contoso", account))
    role = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
    properties = {
        "roleDefinitionId": f"{driver.root}/providers/Microsoft.Authorization/roleDefinitions/{role}",
        "principalId": driver.config.find_principal("owner")[1].object_id,
    }
    name = "11111111-2222-4333-8444-000000000001"
    driver.put(f"/providers/Microsoft.Authorization/roleAssignments/{name}", {"properties": properties})
    assert blob(driver, "PUT", "logs?restype=container").status == 201
    assert blob(driver, "PUT", "logs/a", b"one").status == 201
    return driver


def test_a_copy_of_the_cloud_has_blobs_of_its_own_and_goes_on_alike() -> None:
    stored = storing()
    other = deepcopy(stored)
    assert blob(stored, "PUT", "logs/b", b"two") == blob(other, "PUT", "logs/b", b"two")
    assert blob(other, "DELETE", "logs/a").status == 202
    assert blob(stored, "GET", "logs/a").body == b"one"
    assert blob(other, "GET", "logs/a").status == 404


STORED = storing()


@settings(max_examples=60)
@given(st.text("abc/ ?%#&+é<>", min_size=1, max_size=12).filter(lambda name: name.strip()), st.binary(max_size=64))
def test_any_name_of_a_blob_is_kept_as_it_is(name: str, data: bytes) -> None:
    path = f"logs/{quote(name)}"
    assert blob(STORED, "PUT", path, data).status == 201
    assert blob(STORED, "GET", path).body == data
    listed = ElementTree.fromstring(blob(STORED, "GET", "logs?restype=container&comp=list").body)
    assert name in [found.text for found in listed.iter("Name")]
    assert blob(STORED, "DELETE", path).status == 202
    assert blob(STORED, "HEAD", path).status == 404
