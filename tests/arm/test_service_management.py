"""The older service management: XML, certificates, and the same cloud behind it."""

from __future__ import annotations

from base64 import b64encode

import pytest
from parts import CERTIFICATE, Driver, error, fields, subscription, texts, xml

from cmgsim.arm.clouds import RegionState
from cmgsim.arm.config import ArmConfig, SubscriptionState
from cmgsim.arm.messages import Request, Response
from cmgsim.units import SECOND

HOSTED = "/services/hostedservices"
STORAGE = "/services/storageservices"
SLOT = f"{HOSTED}/contoso/deploymentslots/production"


def encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


def configuration(count: int) -> str:
    role = f'<Role name="Web"><Instances count="{count}"/></Role>'
    return encoded(f'<ServiceConfiguration xmlns="urn:x">{role}</ServiceConfiguration>')


def hosted(name: str = "contoso", location: str = "East US") -> str:
    return fields("CreateHostedService", ServiceName=name, Label=encoded(name), Location=location)


def deployment(count: int = 1, **more: str) -> str:
    written = {"Name": "d1", "PackageUrl": "https://x/y.cspkg", "Label": encoded("d"), "StartDeployment": "true"}
    return fields("CreateDeployment", **(written | {"Configuration": configuration(count)} | more))


def scaled(count: int) -> str:
    return fields("ChangeConfiguration", Configuration=configuration(count))


def follow(driver: Driver, begun: Response) -> str:
    """Ask about an operation until it has ended; return its status."""
    assert begun.status == 202, begun.body
    number = begun.header("x-ms-request-id")
    for _ in range(1_000):
        status = texts(driver.asm("GET", f"/operations/{number}"), "Status")[0]
        if status != "InProgress":
            return status
        driver.wait(5)
    raise AssertionError(f"{number} never ended")


def code(answer: Response) -> tuple[int, str]:
    assert texts(answer, "Message")[0]
    return answer.status, texts(answer, "Code")[0]


def with_service(config: ArmConfig | None = None) -> Driver:
    driver = Driver(config)
    assert driver.asm("POST", HOSTED, hosted()).status == 201
    return driver


def deployed(count: int = 2) -> Driver:
    driver = with_service()
    assert follow(driver, driver.asm("POST", SLOT, deployment(count))) == "Succeeded"
    return driver


@pytest.mark.seed("S-20")
@pytest.mark.parametrize("certificate", [None, "", "CD" * 20])
def test_nothing_is_said_without_a_registered_certificate(certificate: str | None) -> None:
    driver = Driver()
    assert code(driver.asm("GET", HOSTED, certificate=certificate)) == (403, "ForbiddenError")
    assert driver.asm("GET", HOSTED, certificate=CERTIFICATE.lower()).status == 200


def test_a_version_must_be_named() -> None:
    driver = Driver()
    answer = driver.arm.handle(Request("GET", f"/{driver.id}{HOSTED}", peer_certificate=CERTIFICATE), 0)
    assert code(answer) == (400, "MissingOrIncorrectVersionHeader")


def test_a_hosted_service_is_there_at_once() -> None:
    driver = with_service()
    shown = driver.asm("GET", f"{HOSTED}/CONTOSO")
    assert texts(shown, "ServiceName") == ["contoso"]
    assert texts(shown, "Location") == ["East US"]
    assert texts(shown, "Status") == ["Created"]
    assert shown.header("Content-Type") == "application/xml; charset=utf-8"
    assert len(shown.header("x-ms-request-id")) == 32
    assert texts(driver.asm("GET", HOSTED), "ServiceName") == ["contoso"]
    assert "East US" in texts(driver.asm("GET", "/locations"), "Name")
    assert driver.asm("DELETE", f"{HOSTED}/contoso").status == 200
    assert code(driver.asm("GET", f"{HOSTED}/contoso")) == (404, "ResourceNotFound")


def test_both_doors_show_one_cloud() -> None:
    driver = deployed(3)
    path = "/resourceGroups/contoso/providers/Microsoft.ClassicCompute/domainNames/contoso"
    assert driver.get(path).json()["properties"]["hostName"] == "contoso.cloudapp.net"
    roles = driver.get(f"{path}/slots/production/roles").json()["value"]
    assert [role["properties"]["instanceCount"] for role in roles] == [3]
    used = driver.get("/providers/Microsoft.Compute/locations/eastus/usages").json()["value"][0]["currentValue"]
    assert used == 6
    other = driver.group("other")
    taken = driver.put(f"{other}/providers/Microsoft.ClassicCompute/domainNames/contoso", {"location": "eastus"})
    assert error(taken) == (409, "ConflictError")
    driver.poll(driver.put(f"{path}/slots/production/roles/Web", {"properties": {"instanceCount": 1}}))
    assert texts(driver.asm("GET", SLOT), "InstanceName") == ["Web_IN_0"]


@pytest.mark.seed("S-118")
def test_names_are_shared_with_all_the_world() -> None:
    driver = with_service(ArmConfig(subscriptions=(subscription(),), taken_names=("fabrikam.cloudapp.net",)))
    asked = f"{HOSTED}/operations/isavailable"
    assert texts(driver.asm("GET", f"{asked}/free"), "Result") == ["true"]
    for name in ("contoso", "fabrikam", "no_good"):
        answer = driver.asm("GET", f"{asked}/{name}")
        assert texts(answer, "Result") == ["false"]
        assert texts(answer, "Reason")[0]
    assert code(driver.asm("POST", HOSTED, hosted())) == (409, "ConflictError")
    assert code(driver.asm("POST", HOSTED, hosted("fabrikam"))) == (409, "ConflictError")
    assert driver.get("/resourceGroups/fabrikam").status == 404, "what is refused leaves nothing behind"


def test_a_deployment_is_made_shown_and_deleted() -> None:
    driver = with_service()
    begun = driver.asm("POST", SLOT, deployment(2))
    started_us = driver.now_us
    shown = driver.asm("GET", SLOT)
    assert texts(shown, "Status") == ["Deploying"]
    assert texts(shown, "InstanceStatus") == ["CreatingVM", "CreatingVM"]
    assert texts(shown, "Locked") == ["true"]
    assert follow(driver, begun) == "Succeeded"
    assert 60 * SECOND <= driver.now_us - started_us <= 185 * SECOND
    shown = driver.asm("GET", f"{HOSTED}/contoso/deployments/D1")
    assert texts(shown, "Status") == ["Running"]
    assert texts(shown, "InstanceStatus") == ["ReadyRole", "ReadyRole"]
    assert texts(shown, "InstanceUpgradeDomain") == ["0", "1"]
    assert texts(shown, "InstanceSize") == ["Standard_A2_v2"] * 2
    assert (texts(shown, "Url"), texts(shown, "Name")) == (["http://contoso.cloudapp.net/"], ["d1"])
    detail = driver.asm("GET", f"{HOSTED}/contoso?embed-detail=true")
    assert texts(detail, "DeploymentSlot") == ["Production"]
    assert code(driver.asm("POST", SLOT, deployment())) == (409, "ConflictError")
    assert code(driver.asm("DELETE", f"{HOSTED}/contoso")) == (409, "ConflictError")
    assert follow(driver, driver.asm("DELETE", SLOT)) == "Succeeded"
    assert code(driver.asm("GET", SLOT)) == (404, "ResourceNotFound")
    assert driver.asm("DELETE", f"{HOSTED}/contoso").status == 200


def test_a_service_can_be_deleted_with_all_it_holds() -> None:
    driver = deployed()
    assert follow(driver, driver.asm("DELETE", f"{HOSTED}/contoso?comp=media")) == "Succeeded"
    assert texts(driver.asm("GET", HOSTED), "ServiceName") == []
    assert driver.asm("POST", HOSTED, hosted()).status == 201


@pytest.mark.seed("S-99")
def test_scaling_by_configuration() -> None:
    driver = deployed(1)
    assert follow(driver, driver.asm("POST", f"{SLOT}?comp=config", scaled(3))) == "Succeeded"
    assert texts(driver.asm("GET", SLOT), "InstanceStatus") == ["ReadyRole"] * 3
    assert code(driver.asm("POST", f"{SLOT}?comp=config", scaled(11))) == (409, "ConflictError")
    foreign = encoded('<a><Role name="Other"><Instances count="1"/></Role></a>')
    answer = driver.asm("POST", f"{SLOT}?comp=config", fields("ChangeConfiguration", Configuration=foreign))
    assert code(answer) == (400, "BadRequest")


def test_stopping_and_starting() -> None:
    driver = deployed()

    def turned(status: str) -> Response:
        return driver.asm("POST", f"{SLOT}/?comp=status", fields("UpdateDeploymentStatus", Status=status))

    begun = turned("Suspended")
    assert code(turned("Running")) == (409, "ConflictError")
    assert follow(driver, begun) == "Succeeded"
    assert texts(driver.asm("GET", SLOT), "Status") == ["Suspended"]
    assert follow(driver, turned("Running")) == "Succeeded"
    assert texts(driver.asm("GET", SLOT), "InstanceStatus") == ["ReadyRole"] * 2
    assert code(turned("Sleeping")) == (400, "BadRequest")


@pytest.mark.parametrize("comp", ["reboot", "reimage", "rebuild"])
def test_one_instance_is_renewed(comp: str) -> None:
    driver = deployed()
    begun = driver.asm("POST", f"{SLOT}/roleinstances/Web_IN_1?comp={comp}")
    assert texts(driver.asm("GET", SLOT), "InstanceStatus") == ["ReadyRole", "RoleStateUnknown"]
    assert follow(driver, begun) == "Succeeded"
    for missing in ("Web_IN_9", "Other_IN_0", "Web_IN_x"):
        answer = driver.asm("POST", f"{SLOT}/roleinstances/{missing}?comp={comp}")
        assert code(answer) == (404, "ResourceNotFound")


def test_a_deployment_is_not_started_unless_asked() -> None:
    driver = with_service()
    assert follow(driver, driver.asm("POST", SLOT, deployment(StartDeployment=""))) == "Succeeded"
    assert texts(driver.asm("GET", SLOT), "Status") == ["Suspended"]


def test_a_failed_operation_says_why() -> None:
    driver = with_service()
    driver.arm.set_region("eastus", RegionState.CAPACITY_OUT, 0)
    begun = driver.asm("POST", SLOT, deployment())
    assert follow(driver, begun) == "Failed"
    answer = driver.asm("GET", f"/operations/{begun.header('x-ms-request-id')}")
    assert (texts(answer, "Code"), texts(answer, "HttpStatusCode")) == (["AllocationFailed"], ["409"])
    assert follow(driver, driver.asm("DELETE", SLOT)) == "Succeeded"


def test_service_certificates_are_taken_as_they_are() -> None:
    driver = with_service()
    path = f"{HOSTED}/contoso/certificates"
    assert follow(driver, driver.asm("POST", path, fields("CertificateFile", Data="AAAA"))) == "Succeeded"
    assert code(driver.asm("POST", path, fields("CertificateFile"))) == (400, "BadRequest")


def test_storage_accounts_of_the_older_kind() -> None:
    driver = Driver()
    made = fields("CreateStorageServiceInput", ServiceName="contoso", Label=encoded("x"), Location="eastus")
    begun = driver.asm("POST", STORAGE, made)
    assert texts(driver.asm("GET", f"{STORAGE}/contoso"), "Status") == ["Creating"]
    assert follow(driver, begun) == "Succeeded"
    shown = driver.asm("GET", f"{STORAGE}/contoso")
    assert (texts(shown, "Status"), texts(shown, "AccountType")) == (["Created"], ["Standard_GRS"])
    assert texts(driver.asm("GET", STORAGE), "ServiceName") == ["contoso"]
    keys = driver.asm("GET", f"{STORAGE}/contoso/keys")
    assert texts(keys, "Primary") != texts(keys, "Secondary")
    assert code(driver.asm("POST", STORAGE, made)) == (409, "ConflictError")
    assert texts(driver.asm("GET", f"{STORAGE}/operations/isavailable/contoso"), "Result") == ["false"]
    assert texts(driver.asm("GET", f"{STORAGE}/operations/isavailable/NO"), "Result") == ["false"]
    account = "/providers/Microsoft.Storage/storageAccounts/contoso"
    assert error(driver.put(f"{driver.group('other')}{account}", {"location": "eastus"}))[0] == 409
    assert driver.asm("DELETE", f"{STORAGE}/contoso").status == 200
    assert texts(driver.asm("GET", f"{STORAGE}/operations/isavailable/contoso"), "Result") == ["true"]
    assert code(driver.asm("GET", f"{STORAGE}/contoso")) == (404, "ResourceNotFound")


@pytest.mark.parametrize(
    ("method", "path", "text", "expected"),
    [
        ("GET", "/services/nothing", "", (404, "ResourceNotFound")),
        ("PUT", HOSTED, "", (404, "ResourceNotFound")),
        ("GET", "/operations/00ff", "", (404, "ResourceNotFound")),
        ("POST", HOSTED, "", (400, "BadRequest")),
        ("POST", HOSTED, "<a>", (400, "BadRequest")),
        ("POST", HOSTED, "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", (400, "BadRequest")),
        ("POST", HOSTED, fields("CreateHostedService", Location="East US"), (400, "BadRequest")),
        ("POST", HOSTED, hosted(location="Atlantis"), (400, "BadRequest")),
        ("POST", HOSTED, hosted("no_good"), (400, "BadRequest")),
        ("POST", HOSTED, hosted().replace("<Label>", "<Label>!"), (400, "BadRequest")),
        ("POST", f"{HOSTED}/contoso/deploymentslots/third", deployment(), (400, "BadRequest")),
        ("POST", SLOT, deployment(PackageUrl=""), (400, "BadRequest")),
        ("POST", SLOT, deployment(Configuration="x"), (400, "BadRequest")),
        ("POST", SLOT, deployment(11), (409, "ConflictError")),
    ],
)
def test_refusals(method: str, path: str, text: str, expected: tuple[int, str]) -> None:
    driver = with_service()
    assert code(driver.asm(method, path, text)) == expected


def test_a_region_or_a_subscription_that_is_closed_is_closed_here_too() -> None:
    driver = with_service()
    driver.arm.set_region("eastus", RegionState.CONTROLPLANE_DOWN, 0)
    assert code(driver.asm("POST", SLOT, deployment())) == (503, "InternalError")
    closed = Driver(ArmConfig(subscriptions=(subscription(state=SubscriptionState.DISABLED),)))
    assert code(closed.asm("POST", HOSTED, hosted())) == (409, "ConflictError")
    assert xml(closed.asm("GET", HOSTED)).tag.endswith("HostedServices")
