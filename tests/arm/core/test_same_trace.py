"""The same script, the same bytes: in every process, whatever its hash seed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
from hashlib import sha256
from cmgsim.arm.config import ArmConfig, Subscription
from cmgsim.arm.faults import Fault, Match, Point
from cmgsim.arm.service import ArmService
from cmgsim.arm.transport import ScriptClock, client_options, inline_polling
from azure.core.exceptions import HttpResponseError
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.resource.deployments import DeploymentsMgmtClient
from azure.mgmt.resource.resources import ResourceManagementClient

subscription = Subscription(registered=("Microsoft.Storage", "Microsoft.Compute", "Microsoft.Network"))
faults = (
    Fault("flaky", Point.SERVER_ERROR, probability_ppm=200_000, parameters={"retry_after_s": 3}),
    Fault("stuck", Point.OPERATION_STUCK, Match(provider="Microsoft.Network"), probability_ppm=500_000),
    Fault("portal", Point.PORTAL_CHANGE, Match(resource=f"/subscriptions/{subscription.id}/resourceGroups/two"), 10**7),
)
service, clock = ArmService(ArmConfig(subscriptions=(subscription,), faults=faults), seed=3), ScriptClock()
options = client_options(service, clock, "owner") | {"subscription_id": subscription.id}
groups = ResourceManagementClient(**options).resource_groups
east = {"location": "eastus"}
for name in ("one", "two", "three"):
    groups.create_or_update(name, east)
resources = [
    {"type": kind, "name": name, "apiVersion": "2021-04-01", **east}
    for kind, name in (("Microsoft.Storage/storageAccounts", "contoso"), ("Microsoft.Network/virtualNetworks", "net"))
]
body = {"properties": {"mode": "Complete", "template": {"resources": resources}}}
deployments = DeploymentsMgmtClient(**options).deployments
sets = ComputeManagementClient(**options).virtual_machine_scale_sets
for act in (
    lambda: deployments.begin_create_or_update("one", "main", body, polling=inline_polling()).result(),
    lambda: sets.begin_create_or_update(
        "three", "vms", east | {"sku": {"name": "Standard_A2_v2", "capacity": 3}}, polling=inline_polling()
    ).result(),
    lambda: groups.begin_delete("one", polling=inline_polling()).result(),
):
    try:
        act()
    except HttpResponseError as problem:
        print(problem.error.code)
happened = service.step(clock.now_us)
print(len(happened), clock.now_us, sha256(repr(happened).encode()).hexdigest())
"""


def test_a_script_with_faults_leaves_the_same_trace_in_every_process() -> None:
    def printed(seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-W", "error", "-c", SCRIPT]
        root = Path(__file__).parents[3]
        result = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=True)
        return result.stdout

    first = printed("1")
    assert int(first.split()[-3]) > 30, first
    assert printed("2") == first
