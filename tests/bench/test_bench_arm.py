"""How fast the fake Azure answers: alone, through a real SDK client, beside moto, and however much it holds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial
from typing import Any

import pytest
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from measured import Figures, least, side_by_side

from cmgsim.arm.changes import destroy
from cmgsim.arm.clouds import ENVIRONMENTS
from cmgsim.arm.config import ArmConfig, Subscription, ThrottleMode
from cmgsim.arm.groups import MOST_GROUPS
from cmgsim.arm.messages import Request
from cmgsim.arm.planning import Deployment
from cmgsim.arm.service import ArmService
from cmgsim.arm.store import Resource
from cmgsim.arm.transport import ScriptClock, client_options, inline_polling
from cmgsim.units import HOUR, MILLISECOND

pytestmark = pytest.mark.bench
AREA = "The fake Azure"
PER_GROUP = 125
API = "2021-04-01"
BASE = ENVIRONMENTS["public"].resource_manager
EAST: dict[str, Any] = {"location": "eastus"}
SUBSCRIPTION = Subscription(registered=("Microsoft.Storage", "Microsoft.Compute", "Microsoft.Network"))


class Bench:
    """A cloud without limits on requests, and somebody with a token."""

    def __init__(self) -> None:
        config = ArmConfig(subscriptions=(SUBSCRIPTION,), throttle=ThrottleMode.OFF)
        self.service, self.clock = ArmService(config, seed=1), ScriptClock()
        self.options = client_options(self.service, self.clock, "owner", latency_us=MILLISECOND)
        self.options |= {"subscription_id": SUBSCRIPTION.id}
        self.held, self.renew_us = "", 0

    def ask(self, method: str, path: str, document: object = None) -> None:
        """Ask as a client does: a new request, a millisecond after the last, with a token renewed each half hour."""
        self.clock.wait(MILLISECOND)
        if self.clock.now_us >= self.renew_us:
            self.held = self.service.token("owner", self.clock.now_us)
            self.renew_us = self.clock.now_us + HOUR // 2
        url = f"{BASE}/subscriptions/{SUBSCRIPTION.id}{path}?api-version={API}"
        answer = self.service.handle(Request.of(method, url, document, token=self.held), self.clock.now_us)
        assert answer.status < 400, answer.body

    def fill(self, count: int) -> None:
        """Put so many storage accounts into groups, without asking anybody."""
        cloud = self.service.cloud
        for number in range(count):
            group = f"/subscriptions/{SUBSCRIPTION.id}/resourceGroups/rg{number // PER_GROUP:04}"
            if group not in cloud.store:
                cloud.create(Resource(group, "Microsoft.Resources/resourceGroups", "eastus"))
            account = f"{group}/providers/Microsoft.Storage/storageAccounts/account{number:06}"
            cloud.create(Resource(account, "Microsoft.Storage/storageAccounts", "eastus"))
        cloud.events.clear()


ACCOUNTS = "/providers/Microsoft.Storage/storageAccounts"


def test_reads_through_the_service_alone(figures: Figures) -> None:
    bench, count = Bench(), 1_000
    bench.fill(100)
    bench.ask("GET", "/resourceGroups/rg0000")
    urls = [f"/resourceGroups/rg0000{ACCOUNTS}/account{number:06}" for number in range(100)]
    root, more = f"{BASE}/subscriptions/{SUBSCRIPTION.id}", f"?api-version={API}"
    requests = [Request.of("GET", f"{root}{url}{more}", token=bench.held) for url in urls]

    def read() -> None:
        for number in range(count):
            bench.clock.wait(MILLISECOND)
            answer = bench.service.handle(requests[number % 100], bench.clock.now_us)
            assert answer.status == 200

    rate = count / least(read, best_of=15)
    figures.add(AREA, "GET of a resource, `ArmService.handle` alone", rate, "requests/CPU s", at_least=20_000)


def test_reads_through_a_real_client(figures: Figures) -> None:
    bench, count = Bench(), 200
    client = ResourceManagementClient(**bench.options)
    client.resource_groups.create_or_update("rg", EAST)

    def read() -> None:
        for _ in range(count):
            client.resource_groups.get("rg")

    rate = count / least(read, best_of=25)
    figures.add(AREA, "GET of a group through azure-mgmt-resource in process", rate, "requests/CPU s", at_least=4_000)


@pytest.mark.parametrize("what", ["GET", "PUT and DELETE", "list"])
def test_the_cost_of_a_request_does_not_grow_with_what_is_stored(figures: Figures, what: str) -> None:
    few, many = Bench(), Bench()
    few.fill(100)
    many.fill(100_000)

    def asked(bench: Bench, held: int) -> Any:
        def act() -> None:
            for number in range(200):
                account = number * 199 % held
                place = f"/resourceGroups/rg{account // PER_GROUP:04}{ACCOUNTS}"
                if what == "GET":
                    bench.ask("GET", f"{place}/account{account:06}")
                elif what == "list":
                    bench.ask("GET", place) if number % 10 == 0 else None
                else:
                    bench.ask("PUT", "/resourceGroups/extra", EAST)
                    bench.ask("DELETE", f"/resourceGroups/rg{account // PER_GROUP:04}{ACCOUNTS}/nothing")

        return act

    seconds = side_by_side({"few": asked(few, 100), "many": asked(many, 100_000)}, best_of=11)
    ratio = seconds["many"] / seconds["few"]
    figures.add(
        AREA, f"cost of a {what} with 100,000 resources, as a multiple of that with 100", ratio, "times", at_most=1.5
    )


def test_the_cost_of_a_deletion_does_not_grow_with_the_deployments(figures: Figures) -> None:
    def deleting(deployments: int) -> Any:
        bench = Bench()
        bench.fill(deployments)
        cloud = bench.service.cloud
        for number in range(deployments):
            group = f"/subscriptions/{SUBSCRIPTION.id}/resourceGroups/rg{number // PER_GROUP:04}"
            known = f"{group}/providers/Microsoft.Resources/deployments/d{number}"
            cloud.deployments.add(Deployment(known, "", "", API, BASE, {}, {}, (), "", 0, ""))

        def act() -> None:
            for number in range(200):
                account = f"/subscriptions/{SUBSCRIPTION.id}/resourceGroups/rg0000{ACCOUNTS}/gone{number}"
                destroy(cloud, cloud.create(Resource(account, "Microsoft.Storage/storageAccounts", "eastus")))
            cloud.events.clear()

        return act

    seconds = side_by_side({"few": deleting(10), "many": deleting(20_000)}, best_of=11)
    ratio = seconds["many"] / seconds["few"]
    what = "cost of a deletion with 20,000 deployments, as a multiple of that with 10"
    figures.add(AREA, what, ratio, "times", at_most=1.5)


@pytest.mark.filterwarnings("ignore")
def test_creates_beside_moto(figures: Figures, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside one cheap and one dear create of moto."""
    boto3, moto = pytest.importorskip("boto3"), pytest.importorskip("moto")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    count, rounds, bench = 80, 12, Bench()
    assert count * rounds <= MOST_GROUPS
    client = ResourceManagementClient(**bench.options)
    numbers: Iterator[int] = iter(range(sys.maxsize))

    with moto.mock_aws():
        ec2, s3 = boto3.client("ec2", "us-east-1"), boto3.client("s3", "us-east-1")
        acts: dict[str, Callable[[], Any]] = {
            "ours": lambda: client.resource_groups.create_or_update(f"rg{next(numbers)}", EAST),
            "create_vpc": lambda: ec2.create_vpc(CidrBlock="10.0.0.0/16"),
            "create_bucket": lambda: s3.create_bucket(Bucket=f"bucket-{next(numbers)}"),
        }
        seconds = side_by_side({name: partial(often, act, count) for name, act in acts.items()}, best_of=rounds)
    ours = seconds.pop("ours")
    figures.add(AREA, "create of a group through azure-mgmt-resource in process", count / ours, "creates/CPU s")
    for name, theirs in seconds.items():
        figures.add("moto", f"{name} through boto3 and moto {moto.__version__}", count / theirs, "creates/CPU s")
        figures.add(
            AREA, f"creates of a group for one {name} of moto in the same CPU time", theirs / ours, "times", at_least=6
        )


def often(act: Callable[[], Any], count: int) -> None:
    """Do something so many times."""
    for _ in range(count):
        act()


def test_a_scale_set_with_its_polls(figures: Figures) -> None:
    bench = Bench()
    ResourceManagementClient(**bench.options).resource_groups.create_or_update("rg", EAST)
    sets = ComputeManagementClient(**bench.options).virtual_machine_scale_sets
    names: Iterator[int] = iter(range(sys.maxsize))
    document = EAST | {"sku": {"name": "Standard_A2_v2", "capacity": 1}}

    def make() -> None:
        name = f"vms{next(names)}"
        sets.begin_create_or_update("rg", name, document, polling=inline_polling()).result()
        bench.service.cloud.store.remove(
            f"/subscriptions/{SUBSCRIPTION.id}/resourceGroups/rg/providers/{sets_type}/{name}"
        )

    sets_type = "Microsoft.Compute/virtualMachineScaleSets"
    make()
    seconds = least(make, best_of=60, clock=time.perf_counter)
    figures.add(AREA, "create of a scale set with all its polls", seconds * 1_000, "ms on the wall", at_most=15)


def test_a_copy_of_a_cloud(figures: Figures) -> None:
    bench = Bench()
    bench.fill(10_000)
    seconds = least(lambda: deepcopy(bench.service), best_of=3)
    figures.add(AREA, "copy of a cloud with 10,000 resources", seconds * 1_000, "ms of CPU")
