"""No test of the fake Azure reaches, or looks up, another machine."""

from __future__ import annotations

import socket
import urllib.request

import pytest
from azure.core.exceptions import AzureError
from azure.identity import ClientSecretCredential

OUTSIDE = "192.0.2.1"  # of a network that is for documents only


@pytest.mark.parametrize(
    "reach",
    [
        lambda: socket.create_connection((OUTSIDE, 443), timeout=1),
        lambda: socket.getaddrinfo("management.azure.com", 443),
        lambda: socket.gethostbyname("login.microsoftonline.com"),
        lambda: urllib.request.urlopen("https://management.azure.com/"),
    ],
)
def test_ways_out_are_closed(reach):
    with pytest.raises(AssertionError, match=r"tests talk to 127\.0\.0\.1 only"):
        reach()


def test_so_are_those_that_ask_no_permission():
    with socket.socket() as stream, pytest.raises(AssertionError, match="tests talk to"):
        stream.connect_ex((OUTSIDE, 443))
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
        pytest.raises(AssertionError, match="tests talk"),
    ):
        datagrams.sendto(b"x", (OUTSIDE, 53))


def test_a_client_that_was_given_no_door_finds_none():
    credential = ClientSecretCredential("11111111-1111-1111-1111-111111111111", "x", "y")
    with credential, pytest.raises((AssertionError, AzureError)):
        credential.get_token("https://management.azure.com/.default")


def test_this_machine_is_open(door):
    assert door.ask("GET", "/metadata/endpoints?api-version=2022-09-01").status == 200
