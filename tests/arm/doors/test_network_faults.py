"""Faults of the network as clients of the server meet them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import requests
from azure.core.exceptions import ServiceRequestError, ServiceResponseError
from azure.core.pipeline.policies import RetryPolicy
from azure.mgmt.resource.resources import ResourceManagementClient
from both_doors import LOOPBACK, Loopback, certificates, open_door

from cmgsim.arm.doors.hosting import Hosted
from cmgsim.arm.faults import Fault, Match, Point
from cmgsim.units import SECOND

EAST: dict[str, Any] = {"location": "eastus"}


@pytest.fixture
def https() -> Iterator[Loopback]:
    door = open_door(LOOPBACK)
    assert isinstance(door, Loopback)
    with closing(door):
        yield door


def test_a_lost_answer_breaks_the_connection_and_the_request_was_carried_out(https):
    groups = https.client(ResourceManagementClient).resource_groups
    groups.create_or_update("rg", EAST)
    lost = Fault("lost", Point.ANSWER_LOST, Match(operation="PUT"), from_us=https.now_us, until_us=https.now_us + 1)
    https.service.add_fault(lost, https.now_us)
    stock = https.options()["policies"]
    once = https.client(
        ResourceManagementClient, policies=[policy for policy in stock if not isinstance(policy, RetryPolicy)]
    )
    with pytest.raises((ServiceResponseError, ServiceRequestError)):
        once.resource_groups.create_or_update("rg2", EAST)
    https.wait(1)
    assert groups.get("rg2").name == "rg2"


@pytest.mark.parametrize("failure", ["dns", "tls", "connect"])
def test_a_request_that_never_arrives(https, failure):
    fault = Fault("no way", Point.CONNECT, parameters={"failure": failure})
    https.service.add_fault(fault, https.now_us)
    with pytest.raises(requests.ConnectionError):
        https.ask("GET", "/metadata/endpoints?api-version=2022-09-01")
    https.service.remove_fault("no way", https.now_us)
    assert https.ask("GET", "/metadata/endpoints?api-version=2022-09-01").status == 200


def test_an_answer_that_comes_later(https):
    https.service.add_fault(Fault("slow", Point.SLOW_ANSWER, parameters={"delay_us": 40 * SECOND}), https.now_us)
    before_us = https.now_us
    assert https.ask("GET", "/metadata/endpoints?api-version=2022-09-01").status == 200
    assert https.now_us == before_us + 40 * SECOND


def test_a_port_that_is_taken_is_said_to_whoever_hosts(https):
    port = int(https.base.rpartition(":")[2])
    with pytest.raises(OSError, match="address already in use"):
        Hosted(https.entrance, certificates(), port)
