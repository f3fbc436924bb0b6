"""Cloud services (extended support), for which the newer SDKs have no client."""

from __future__ import annotations

from parts import Driver, error

SERVICE = "/resourceGroups/rg/providers/Microsoft.Compute/cloudServices/web"


def body(count: int, size: str = "Standard_A2_v2") -> dict[str, object]:
    role = {"name": "Web", "sku": {"name": size, "capacity": count}}
    return {"location": "eastus", "properties": {"roleProfile": {"roles": [role]}}}


def test_a_service_takes_cores_and_gives_them_back() -> None:
    driver = Driver()
    driver.group()
    assert error(driver.put(SERVICE, body(11))) == (409, "OperationNotAllowed")
    driver.poll(driver.put(SERVICE, body(10)))
    assert driver.get(SERVICE).json()["properties"]["provisioningState"] == "Succeeded"
    usages = driver.get("/providers/Microsoft.Compute/locations/eastus/usages").json()["value"]
    assert usages[0]["currentValue"] == 20
    driver.poll(driver.delete(SERVICE))
    usages = driver.get("/providers/Microsoft.Compute/locations/eastus/usages").json()["value"]
    assert usages[0]["currentValue"] == 0


def test_the_instances_of_a_service_are_shown_stopped_and_started() -> None:
    driver = Driver()
    driver.group()
    driver.poll(driver.put(SERVICE, body(2)))
    assert [role["name"] for role in driver.get(f"{SERVICE}/roles").json()["value"]] == ["Web"]
    found = driver.get(f"{SERVICE}/roleInstances").json()["value"]
    assert [instance["name"] for instance in found] == ["Web_IN_0", "Web_IN_1"]
    assert driver.get(f"{SERVICE}/roleInstances/web_in_1").json() == found[1]
    for verb, power in (("poweroff", "stopped"), ("restart", "stopped"), ("start", "running")):
        begun = driver.post(f"{SERVICE}/{verb}")
        assert error(driver.post(f"{SERVICE}/{verb}")) == (409, "AnotherOperationInProgress")
        driver.poll(begun)
        view = driver.get(f"{SERVICE}/roleInstances/Web_IN_0/instanceView").json()
        assert view["statuses"][1]["code"] == f"PowerState/{power}"
    assert error(driver.get(f"{SERVICE}/roleInstances/Web_IN_2")) == (404, "ResourceNotFound")
    assert error(driver.get(f"{SERVICE}x/roles")) == (404, "ResourceNotFound")
    assert error(driver.put(SERVICE, {"location": "eastus", "properties": {"roleProfile": {"roles": [{}]}}}))[0] == 400
