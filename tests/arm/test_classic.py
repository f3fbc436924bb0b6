"""Cloud services (classic) through both of their doors, which share names, quotas and the store."""

from __future__ import annotations

from base64 import b64encode

import pytest
from parts import Driver, error, fields, subscription, texts, xml

from cmgsim.arm.clouds import RegionState
from cmgsim.arm.config import ArmConfig
from cmgsim.arm.messages import Request, Response

EAST = {"location": "eastus"}
SERVICES = "/providers/Microsoft.ClassicCompute/domainNames"
HOSTED = "/services/hostedservices"


def cscfg(count: object = 2, role: str = "Proxy") -> str:
    schema = "http://schemas.microsoft.com/ServiceHosting/2008/10/ServiceConfiguration"
    inner = f'<Role name="{role}"><Instances count="{count}"/></Role>'
    return f'<?xml version="1.0"?><ServiceConfiguration serviceName="s" xmlns="{schema}">{inner}</ServiceConfiguration>'


def in_base64(text: str) -> str:
    return b64encode(text.encode()).decode()


def service(driver: Driver, name: str = "contoso") -> str:
    path = f"{driver.group()}{SERVICES}/{name}"
    assert driver.poll(driver.put(path, EAST)).json()["status"] == "Succeeded"
    return path


def deploy(driver: Driver, path: str, text: str) -> Response:
    return driver.put(f"{path}/slots/production", {"properties": {"configuration": text, "deploymentName": "d"}})


def statuses(driver: Driver, slot: str, role: str = "Proxy") -> list[str]:
    shown = driver.get(f"{slot}/roles/{role}").json()["properties"]["roleInstances"]
    return [instance["instanceStatus"] for instance in shown]


def test_a_deployment_grows_until_its_instances_are_ready() -> None:
    driver = Driver()
    path = service(driver)
    assert driver.get(path).json()["properties"]["hostName"] == "contoso.cloudapp.net"
    slot = f"{path}/slots/production"
    begun_us = driver.now_us
    begun = deploy(driver, path, cscfg(2))
    assert begun.status == 201
    assert driver.get(slot).json()["properties"]["status"] == "Deploying"
    assert statuses(driver, slot) == ["CreatingVM"] * 2
    assert driver.poll(begun).json()["status"] == "Succeeded"
    assert 60_000_000 <= driver.now_us - begun_us <= 190_000_000
    assert driver.get(slot).json()["properties"]["status"] == "Running"
    assert statuses(driver, slot) == ["ReadyRole"] * 2


def test_scaling_writes_the_configuration_anew() -> None:
    driver = Driver()
    path = service(driver)
    slot = f"{path}/slots/production"
    driver.poll(deploy(driver, path, cscfg(1)))
    begun = deploy(driver, path, cscfg(3))
    assert begun.status == 200
    assert error(deploy(driver, path, cscfg(2)))[0] == 409, "a deployment does one thing at a time"
    assert statuses(driver, slot)[0] == "ReadyRole", "the instance that was there goes on"
    driver.poll(begun)
    assert statuses(driver, slot) == ["ReadyRole"] * 3
    assert 'count="3"' in driver.get(slot).json()["properties"]["configuration"]
    driver.poll(driver.put(f"{slot}/roles/proxy", {"properties": {"instanceCount": 1}}))
    assert statuses(driver, slot) == ["ReadyRole"]


def test_scaling_without_room_leaves_everything_as_it_was() -> None:
    driver = Driver()
    path = service(driver)
    slot = f"{path}/slots/production"
    driver.poll(deploy(driver, path, cscfg(1)))
    driver.arm.set_region("eastus", RegionState.CAPACITY_OUT, driver.now_us)
    ended = driver.poll(deploy(driver, path, cscfg(4))).json()
    assert (ended["status"], ended["error"]["code"]) == ("Failed", "AllocationFailed")
    assert statuses(driver, slot) == ["ReadyRole"]
    assert 'count="1"' in driver.get(slot).json()["properties"]["configuration"]
    driver.arm.set_region("eastus", RegionState.UP, driver.now_us)
    assert driver.poll(deploy(driver, path, cscfg(10))).json()["status"] == "Succeeded", "the cores are free again"


def test_stop_and_start() -> None:
    driver = Driver()
    path = service(driver)
    slot = f"{path}/slots/production"
    driver.poll(deploy(driver, path, cscfg(2)))
    driver.poll(driver.post(f"{slot}/stop"))
    assert driver.get(slot).json()["properties"]["status"] == "Suspended"
    assert statuses(driver, slot) == ["StoppedVM"] * 2
    driver.poll(driver.post(f"{slot}/start"))
    assert driver.get(slot).json()["properties"]["status"] == "Running"
    assert statuses(driver, slot) == ["ReadyRole"] * 2


def test_instances_take_two_cores_each_of_a_quota_of_twenty() -> None:
    driver = Driver()
    path = service(driver)
    refused = deploy(driver, path, cscfg(11))
    assert error(refused) == (409, "OperationNotAllowed")
    assert "Current Limit: 20, Current Usage: 0, Additional Required: 22" in refused.json()["error"]["message"]
    assert driver.get(f"{path}/slots/production").status == 404
    driver.poll(deploy(driver, path, cscfg(10)))
    other = f"/resourceGroups/rg{SERVICES}/fabrikam"
    driver.poll(driver.put(other, EAST))
    assert error(deploy(driver, other, cscfg(1))) == (409, "OperationNotAllowed")
    driver.poll(driver.post(f"{path}/slots/production/stop"))
    assert error(deploy(driver, other, cscfg(1))) == (409, "OperationNotAllowed"), "a stopped one keeps its cores"
    assert driver.poll(driver.delete(f"{path}/slots/production")).json()["status"] == "Succeeded"
    assert deploy(driver, other, cscfg(10)).status == 201


def test_deleting_a_service_takes_its_deployment_and_frees_its_name() -> None:
    driver = Driver()
    path = service(driver)
    check = "/providers/Microsoft.ClassicCompute/checkDomainNameAvailability"
    driver.poll(deploy(driver, path, cscfg(2)))
    assert driver.post(check, {"name": "CONTOSO"}).json()["nameAvailable"] is False
    begun_us = driver.now_us
    driver.poll(driver.delete(path))
    assert 120_000_000 <= driver.now_us - begun_us <= 310_000_000
    assert driver.post(check, {"name": "contoso"}).json() == {"nameAvailable": True}
    assert driver.get(f"{path}/slots/production").status == 404


@pytest.mark.parametrize(
    "text", [cscfg(0), cscfg("x"), cscfg(1001), cscfg(role="no/t"), "<a/>", "<", "!", "<!DOCTYPE x><a/>", ""]
)
def test_a_bad_configuration_is_refused(text: str) -> None:
    driver = Driver()
    assert error(deploy(driver, service(driver), text)) == (400, "BadRequest")


def test_names_and_numbers_of_services_are_limited() -> None:
    config = ArmConfig(subscriptions=(subscription(cloud_service_quota=1),), taken_names=("fabrikam.cloudapp.net",))
    driver = Driver(config)
    group = driver.group()
    assert error(driver.put(f"{group}{SERVICES}/fabrikam", EAST)) == (409, "ConflictError")
    assert error(driver.put(f"{group}{SERVICES}/-x", EAST)) == (400, "BadRequest")
    assert driver.put(f"{group}{SERVICES}/one", EAST).status == 201
    assert error(driver.put(f"{group}{SERVICES}/two", EAST)) == (409, "ResourceQuotaExceeded")


def create_hosted(driver: Driver, name: str = "contoso") -> Response:
    text = fields("CreateHostedService", ServiceName=name, Label=in_base64("label"), Location="East US")
    return driver.asm("POST", HOSTED, text)


def create_deployment(driver: Driver, count: int = 2, name: str = "contoso") -> Response:
    text = fields(
        "CreateDeployment",
        Name="first",
        PackageUrl="https://x/p.cspkg",
        Label=in_base64("l"),
        Configuration=in_base64(cscfg(count)),
        StartDeployment="true",
    )
    return driver.asm("POST", f"{HOSTED}/{name}/deploymentslots/production", text)


def finish(driver: Driver, begun: Response) -> str:
    """Ask after an operation of the service management until it has ended; return its status."""
    assert begun.status == 202, begun.body
    number = begun.header("x-ms-request-id")
    for _ in range(100):
        answer = driver.asm("GET", f"/operations/{number}")
        [status] = texts(answer, "Status")
        if status != "InProgress":
            return status
        driver.wait(10)
    raise AssertionError(f"{number} never ended")


def test_the_older_door_deploys_scales_stops_and_deletes() -> None:
    driver = Driver()
    production = f"{HOSTED}/contoso/deploymentslots/production"
    assert create_hosted(driver).status == 201
    begun = create_deployment(driver)
    assert texts(driver.asm("GET", production), "Status") == ["Deploying"]
    assert finish(driver, begun) == "Succeeded"
    shown = driver.asm("GET", production)
    assert texts(shown, "Status") == ["Running"]
    assert texts(shown, "InstanceStatus") == ["ReadyRole"] * 2
    assert texts(shown, "Name") == ["first"]
    change = fields("ChangeConfiguration", Configuration=in_base64(cscfg(3)))
    assert finish(driver, driver.asm("POST", f"{production}?comp=config", change)) == "Succeeded"
    shown = driver.asm("GET", f"{HOSTED}/contoso/deployments/first")
    assert texts(shown, "InstanceName") == ["Proxy_IN_0", "Proxy_IN_1", "Proxy_IN_2"]
    assert texts(shown, "Configuration") == [in_base64(cscfg(3))]
    halt = fields("UpdateDeploymentStatus", Status="Suspended")
    assert finish(driver, driver.asm("POST", f"{production}?comp=status", halt)) == "Succeeded"
    assert texts(driver.asm("GET", production), "Status") == ["Suspended"]
    assert driver.asm("DELETE", f"{HOSTED}/contoso").status == 409
    assert finish(driver, driver.asm("DELETE", production)) == "Succeeded"
    assert driver.asm("GET", production).status == 404
    assert driver.asm("DELETE", f"{HOSTED}/contoso").status == 200
    assert driver.asm("GET", f"{HOSTED}/contoso").status == 404


@pytest.mark.parametrize("certificate", [None, "CD" * 20])
def test_the_older_door_is_shut_without_a_registered_certificate(certificate: str | None) -> None:
    driver = Driver()
    answer = driver.asm("GET", HOSTED, certificate=certificate)
    assert (answer.status, texts(answer, "Code")) == (403, ["ForbiddenError"])
    assert driver.asm("GET", HOSTED, certificate="ab" * 20).status == 200, "case does not matter"


def test_the_older_door_wants_its_version_and_good_xml() -> None:
    driver = Driver()
    bare = driver.arm.handle(Request("GET", f"/{driver.id}{HOSTED}", peer_certificate="AB" * 20), 0)
    assert (bare.status, texts(bare, "Code")) == (400, ["MissingOrIncorrectVersionHeader"])
    for text in ("", "<", fields("CreateHostedService", ServiceName="x"), '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'):
        assert driver.asm("POST", HOSTED, text).status == 400
    assert driver.asm("GET", f"{HOSTED}/none").status == 404
    assert driver.asm("PATCH", HOSTED).status == 404


def test_both_doors_share_names_groups_and_quota() -> None:
    driver = Driver()
    create_hosted(driver)
    path = f"/resourceGroups/contoso{SERVICES}/contoso"
    assert driver.get(path).json()["location"] == "eastus"
    assert error(driver.put(f"{driver.group()}{SERVICES}/contoso", EAST)) == (409, "ConflictError")
    available = f"{HOSTED}/operations/isavailable"
    assert texts(driver.asm("GET", f"{available}/contoso"), "Result") == ["false"]
    assert texts(driver.asm("GET", f"{available}/other"), "Result") == ["true"]
    assert finish(driver, create_deployment(driver, 10)) == "Succeeded"
    other = f"/resourceGroups/rg{SERVICES}/other"
    driver.poll(driver.put(other, EAST))
    assert error(deploy(driver, other, cscfg(1))) == (409, "OperationNotAllowed")
    assert create_hosted(driver, "other").status == 409
    assert texts(driver.asm("GET", HOSTED), "ServiceName") == ["contoso", "other"]
    driver.poll(driver.delete(path))
    assert driver.asm("GET", f"{HOSTED}/contoso").status == 404
    assert create_hosted(driver).status == 201


def test_storage_accounts_of_the_older_door_share_names_too() -> None:
    driver = Driver()
    storage = "/services/storageservices"
    text = fields("CreateStorageServiceInput", ServiceName="contoso", Location="East US")
    assert finish(driver, driver.asm("POST", storage, text)) == "Succeeded"
    question = "/providers/Microsoft.Storage/checkNameAvailability"
    assert driver.post(question, {"name": "contoso"}).json()["reason"] == "AlreadyExists"
    keys = driver.asm("GET", f"{storage}/contoso/keys")
    assert len({*texts(keys, "Primary"), *texts(keys, "Secondary")}) == 2
    assert xml(keys).tag.endswith("StorageService")
    assert driver.asm("DELETE", f"{storage}/contoso").status == 200
    assert driver.post(question, {"name": "contoso"}).json() == {"nameAvailable": True}
