"""What an administrator finds in which log."""

import pytest
from worlds import design_of

from cmgsim.design.plan import Step
from cmgsim.observe.cmtrace import Kind, read_log, server_line
from cmgsim.observe.log_catalogue import COMPONENTS, lines_of_fact, lines_of_traffic, records
from cmgsim.units import hours
from cmgsim.world.build import build


def logs_of(world):
    run = world.finish()
    lines = [line for entry in run.trace for line in lines_of_fact(entry.at_us, entry.fact)]
    lines += lines_of_traffic(run.series, run.landscape, run.design.site_version())
    return records(lines, run.design.start)


@pytest.mark.seed("S-57")
def test_trouble_with_a_deployment_is_in_the_cloud_managers_log():
    world = build(design_of({"azure.taken_names": {"cloud_services": ["newcmg"]}}))
    world.do(Step(create_gateway="new"))
    world.run(hours(1))
    errors = [record.message for record in logs_of(world)["CloudMgr.log"] if record.kind is Kind.ERROR]
    assert len(errors) == 1
    assert "Task [CreateDeployment for service new] has failed. SERVICE_NAME_TAKEN" in errors[0]


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
