"""What an administrator finds in which log."""

import pytest
from worlds import design_of

from cmgsim.design.plan import Step
from cmgsim.observe.cmtrace import Kind, read_log, server_line
from cmgsim.observe.log_catalogue import COMPONENTS, records
from cmgsim.units import hours
from cmgsim.world.build import build
from cmgsim.world.logs import server_lines


def logs_of(world):
    run = world.finish()
    return records(server_lines(run), run.design.start)


@pytest.mark.seed("S-57")
def test_trouble_with_a_deployment_is_in_the_cloud_managers_log():
    world = build(design_of({"azure.taken_names": {"cloud_services": ["newcmg"]}}))
    world.do(Step(create_gateway="new"))
    world.run(hours(1))
    errors = [record.message for record in logs_of(world)["CloudMgr.log"] if record.kind is Kind.ERROR]
    assert len(errors) == 1
    assert "Task [CreateDeployment for service new] has failed. Exception SERVICE_NAME_TAKEN" in errors[0]


@pytest.mark.seed("S-57")
def test_the_second_phase_of_a_deployment_is_in_the_setup_log():
    world = build(design_of())
    world.do(Step(create_gateway="new"))
    world.run(hours(1))
    assert "new" in logs_of(world)["CMGSetup.log"][0].message


@pytest.mark.seed("S-68")
def test_a_lost_connection_is_in_the_connectors_and_the_services_log():
    world = build(design_of())
    world.run(hours(1))
    world.do(Step(stop_gateway="old"))
    world.run(hours(1))
    logs = logs_of(world)
    assert any(
        "ERROR: No connection with old VM 1" in record.message for record in logs["SMS_Cloud_ProxyConnector.log"]
    )
    assert any("cp1 is disconnected" in record.message for record in logs["CMGService.log"])


@pytest.mark.conflict("X-10")
@pytest.mark.seed("S-95")
@pytest.mark.parametrize(("version", "log"), [(1802, "CMGHttpHandler.log"), (1906, "CMGService.log")])
def test_refused_client_traffic_is_in_the_services_and_the_connectors_log(version, log):
    changes = {"hierarchy.version": version, "hierarchy.sites.PS1.use_pki_client_certificate": True}
    world = build(design_of(changes | {"gateways.old.trusted_authorities": []}))
    world.run(hours(3))
    logs = logs_of(world)
    for name in (log, "SMS_Cloud_ProxyConnector.log"):
        assert any("FailedRequests" in record.message for record in logs[name]), name


def test_every_log_can_be_written_and_read_again():
    world = build(design_of())
    world.do(Step(create_gateway="new"))
    world.run(hours(1))
    for name, written in logs_of(world).items():
        read = read_log("\n".join(map(server_line, written)))
        assert [record.message for record in read] == [record.message for record in written]
        assert {record.component for record in read} == {COMPONENTS[name]}


def test_an_expired_certificate_is_in_the_cloud_managers_log():
    world = build(design_of({"certificates.servers.old.expires": "2019-07-29", "clients.road.count": 1}))
    world.run(hours(30))
    [error] = [record.message for record in logs_of(world)["CloudMgr.log"] if record.kind is Kind.ERROR]
    assert error == "ERROR: The server certificate old is in expired state. Status message 9425."


@pytest.mark.parametrize(("version", "there"), [(1806, True), (1802, False)])
def test_content_has_a_log_of_its_own_since_it_is_served(version, there):
    world = build(design_of({"hierarchy.version": version, "gateways.new.vms": 2}))
    world.do(Step(create_gateway="new"))
    world.run(hours(1))
    logs = logs_of(world)
    assert ("CMGContentService.log" in logs) is there
    assert len(logs.get("CMGContentService.log", ())) == (2 if there else 0)


def test_what_was_done_past_the_console_is_in_the_cloud_managers_log():
    world = build(design_of({"gateways.old.vms": 2}))
    world.do(Step.model_validate({"portal_change": {"gateway": "old", "vms": 4}}))
    world.run(hours(1))
    world.do(Step.model_validate({"modify_gateway": {"gateway": "old", "verify_client_revocation": False}}))
    world.run(hours(1))
    world.do(Step.model_validate({"azure_delete": {"gateway": "old"}}))
    world.run(hours(1))
    texts = [record.message for record in logs_of(world)["CloudMgr.log"]]
    assert "WARNING: Service old: vms is 4 in Azure, not 2: unsupported." in texts
    assert "Service old: vms is as configured again." in texts
    assert "ERROR: Service old and Azure do not match: the service was deleted in Azure." in texts
