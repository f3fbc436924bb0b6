"""Two hundred malformed requests: each is answered in the form of Azure Resource Manager, and leaves nothing behind."""

from __future__ import annotations

import base64
import gc
import json
import time
import tracemalloc
from collections.abc import Iterator

import pytest
from both_doors import certificates
from entrances import cloud
from parts import API
from wire import Heard, Wire, heard, request, say

from cmgsim.arm.doors.entrance import Entrance
from cmgsim.arm.doors.hosting import Hosted
from cmgsim.arm.doors.limits import Limits
from cmgsim.arm.doors.pace import Pace
from cmgsim.arm.doors.passes import Passes
from cmgsim.arm.doors.wall import Wall
from cmgsim.arm.tokens import Claims, issue

KIB = 1024
SMALL = Limits(
    body_bytes=64 * KIB,
    in_flight_bytes=96 * KIB,
    line_bytes=4 * KIB,
    headers=50,
    connections=20,
    head_s=0.6,
    body_s=0.6,
    idle_s=1.2,
    linger_s=0.2,
)
SUBSCRIPTION = cloud()[1].subscriptions[0].id
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
WRITE = f"{GROUP}?api-version={API}"
HOST = "Host: 127.0.0.1\r\n"

BODIES = [
    b"{", b"[", b"]", b"}", b"{]", b"[}", b'"', b"'", b"nul", b"tru", b"-", b"+1", b".5", b"0x10", b"{1:2}", b"{,}",
    b'{"a"}', b'{"a":}', b'{"a":1,}', b'{"a":1 "b":2}', b"[1,]", b"[1", b'{"a":"\n"}', b'"text"', b"1", b"true", b"[]",
    b'[{"location":"eastus"}]', b"\xff\xfe", b"\x00", b"\xef\xbb\xbf{", b"NaN", b"<xml/>", b"a=b&c=d", b"{" * 5000,
    b"[" * 50_000, b'{"location":', b'{"location": 5}', b'{"location": null}', b'{"location": ["eastus"]}',
    b'{"location": "nowhere"}', b'{"tags": {"a": "b"}}', b'{"location": ""}', b'{"location":"eastus","tags":5}',
    b"9" * 5000, b'{"location": "\\ud800"}', b'{"location": 1e999}', b"//comment",
]  # fmt: skip
TOKENS = [
    "Bearer", "Bearer ", "Bearer x", "Bearer .", "Bearer ..", "Bearer a.b.c", "Bearer " + "a" * 3000,
    "Basic YWRtaW46YWRtaW4=",
    "bearer bearer", "Negotiate x", "Bearer \u00e4\u00f6", "Bearer null", "Bearer undefined", "Bearer e30.e30.",
    "Bearer e30.e30.e30",
    "Bearer %20", "Bearer a b c", "SharedKey x:y", "Bearer eyJhbGciOiJub25lIn0.eyJvaWQiOiJ4In0.", "Bearer '",
    "Bearer ;", "=", "Bearer =",
]  # fmt: skip
PATHS = [
    "/../../../etc/passwd", "/..", "/.", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc%2fpasswd",
    "/subscriptions/../../x",
    "/subscriptions/%00", f"{GROUP}/../../x", f"{GROUP}%00", "/\\..\\..\\windows", "/%5c..%5c", "/" + "a/" * 500,
    "/" + "x" * 3000,
    "//////", "/%", "/%zz", "/%ff%fe", "/subscriptions//resourceGroups", "/subscriptions/' or 1=1 --".replace(" ",
    "%20"),
    "/{}", "/<script>", "/%0d%0aSet-Cookie:x", "/?api-version", "/*", "*", "/~root", "/.git/config", "/_simx",
    "/_sim", "/_sim/now",
    "/_sim/../_sim/now", "/subscriptions/x/providers", f"/subscriptions/{SUBSCRIPTION}/providers/",
    "/providers/Microsoft.X/y",
    f"{GROUP}/providers/Microsoft.Storage/storageAccounts/../x", f"{GROUP}/providers/Microsoft.Nothing/things/x",
    "/favicon.ico",
]  # fmt: skip
VERSIONS = [
    "",
    "x",
    "2021",
    "2021-4-1",
    "9999",
    "2021-04-01-",
    "latest",
    "%00",
    "-1",
    "2021-04-01%20",
    "٢٠٢١-٠٤-٠١",
]
METHODS = ["TRACE", "CONNECT", "OPTIONS", "FOO", "get", "PROPFIND", "MKCOL", "SEARCH", "PURGE", "LINK"]
#: What is no HTTP at all.
NOISE = [
    b"\r\n\r\n\r\n\r\n\x00\r\n\r\n", b"hello\r\n\r\n", b"GET\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1 x\r\n\r\n", b"GET / FTP/1.1\r\n\r\n", b" GET / HTTP/1.1\r\n\r\n", b"G\x00T / HTTP/1.1\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"SSH-2.0-OpenSSH_9.0\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost 127.0.0.1\r\n\r\n", b"GET / HTTP/1.1\r\n: x\r\n\r\n", b"GET / HTTP/1.1\r\nA B: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nA\x00: x\r\n\r\n", b"GET / HTTP/1.1\r\nA: x\x00y\r\n\r\n", b"GET / HTTP/1.1\r\nA : x\r\n\r\n",
    b"GET / HTTP/1.1\r\n folded: x\r\n\r\n", b"{}\r\n\r\n", b"\x80\x81\x82\x83\r\n\r\n", b"<html>\r\n\r\n",
    b"PUT / HTTP/1.1\r\n" + HOST.encode() + b"Content-Length: -1\r\n\r\n",
    b"PUT / HTTP/1.1\r\n" + HOST.encode() + b"Content-Length: x\r\n\r\n",
    b"PUT / HTTP/1.1\r\n" + HOST.encode() + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"PUT / HTTP/1.1\r\n" + HOST.encode() + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"PUT / HTTP/1.1\r\n" + HOST.encode() + b"Transfer-Encoding: x\r\n\r\n0\r\n\r\n",
    b"PUT / HTTP/1.1\r\n" + HOST.encode() + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n",
    b"PUT / HTTP/1.1\r\n" + HOST.encode() + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n\r\n",
    b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nA: " + b"a" * 5000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"a" * 5000 + b": x\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"".join(b"A%d: x\r\n" % number for number in range(60)) + b"\r\n",
    b"GET / HTTP/1.1\r\n" + b"A: x\r\n" * 5000 + b"\r\n",
]  # fmt: skip
#: The first of a request's bytes, after which nothing comes.
SLOW = [
    b"G", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n", b"GET / HTTP/1.1\r\nA: " + b"a" * 100, b"PUT",
    request("PUT", WRITE, b"{}")[:-1], request("PUT", WRITE, b"{" * 1000)[:-500],
    request("PUT", WRITE, b"5\r\nhel", headers=(("Transfer-Encoding", "chunked"),)),
]  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Hosted]:
    service, config = cloud()
    wall = Wall()
    entrance = Entrance(service, Pace(wall, 60), Passes(1, int(config.start.timestamp()), wall), complain=complain)
    with Hosted(entrance, certificates(), limits=SMALL) as hosted:
        yield hosted


def complain(line: str) -> None:
    raise AssertionError(line)


@pytest.fixture(scope="module")
def token(server: Hosted) -> str:
    """Sign in as the owner."""
    config = server.entrance.service.cloud.config
    owner = config.tenants[0].principals[0]
    secret = f"client_id={owner.app_id}&client_secret={owner.secret}"
    form = f"grant_type=client_credentials&{secret}&scope=https://127.0.0.1/.default"
    answer = say(server.url, request("POST", f"/{config.tenants[0].id}/oauth2/v2.0/token", form.encode()))
    return str(json.loads(answer.body)["access_token"])


def corpus(token: str) -> Iterator[tuple[bytes, set[int]]]:
    """Yield every malformed request with the statuses that would do."""
    for body in BODIES:
        yield request("PUT", WRITE, body, token), {400}
    for bad in TOKENS:
        yield request("GET", WRITE, b"", bad if " " in bad else f"{bad} "), {401}
    for bad in forged(token):
        yield request("GET", WRITE, b"", bad), {401}
    for path in PATHS:
        yield request("GET", path, b"", token), {400, 401, 404, 405, 501}
        yield request("DELETE", path), {400, 401, 404, 405, 501}
    for version in VERSIONS:
        yield request("GET", f"{GROUP}?api-version={version}", b"", token), {400}
    for method in METHODS:
        yield request(method, WRITE, b"", token), {400, 404, 405, 501}
    for noise in NOISE:
        yield noise, {400}
    yield request("PUT", WRITE, b"x" * (65 * KIB), token), {413}
    yield request("PUT", WRITE, b"", token, (("Content-Length", str(1 << 40)),)), {413}
    yield request("PUT", WRITE, chunks(65), token, (("Transfer-Encoding", "chunked"),)), {413}
    yield request("PUT", WRITE, b"\x1f\x8b", token, (("Content-Encoding", "gzip"),)), {415}
    yield request("PUT", WRITE, b"{}", token, (("Expect", "100-continue"),))[:-2], {408}


def forged(token: str) -> Iterator[str]:
    """Yield tokens that look right."""
    head, payload, signature = token.split(".")
    yield f"{head}.{payload}.{signature[:-2]}"
    yield f"{head}.{payload}."
    yield f"{head}.{payload}"
    yield f"{head}.{payload[:-4]}.{signature}"
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["exp"] += 1_000_000
    longer = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    yield f"{head}.{longer}.{signature}"
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    yield f"{unsigned}.{longer}."
    for seed in (1, 2, 3):
        yield issue(seed, Claims(claims["tid"], claims["appid"], claims["oid"], claims["aud"], 0), 0)


def chunks(count: int) -> bytes:
    return b"".join(b"400\r\n" + b"x" * KIB + b"\r\n" for _ in range(count)) + b"0\r\n\r\n"


def check(answer: Heard, statuses: set[int], sent: bytes) -> None:
    assert answer.status in statuses, (answer.status, answer.body[:300], sent[:200])
    assert answer.code, sent[:200]
    assert answer.headers["content-type"].startswith("application/json"), sent[:200]


def is_idle(server: Hosted) -> bool:
    """Say whether nothing of any request is left, waiting a little for connections to end."""
    serving = server.serving
    for _ in range(100):
        if not serving.listener.open and not serving.reception.in_flight:
            return True
        time.sleep(0.02)
    return False


def test_two_hundred_malformed_requests_are_answered_and_leave_nothing(server, token):
    sent = list(corpus(token))
    assert len(sent) >= 200
    used = []
    tracemalloc.start()
    try:
        for _ in range(2):
            for data, statuses in sent:
                check(heard_of(server, data), statuses, data)
            gc.collect()
            used.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert used[1] - used[0] < 1024 * KIB, "a second round may fill logs of bounded length, no more"
    assert is_idle(server)


def heard_of(server: Hosted, data: bytes) -> Heard:
    raw = Wire(server.url).send(data).hear()
    if raw.startswith(b"HTTP/1.1 100"):
        raw = raw.partition(b"\r\n\r\n")[2]
    return heard(raw)


@pytest.mark.parametrize("start", SLOW)
def test_slow_clients_are_told_and_let_go(server, start):
    answer = say(server.url, start)
    assert (answer.status, answer.code) == (408, "RequestTimeout")
    assert is_idle(server)


def test_who_says_nothing_is_let_go(server):
    assert Wire(server.url).hear() == b""
    assert is_idle(server)


def test_who_is_idle_between_requests_is_let_go(server, token):
    once = request("GET", WRITE, b"", token).replace(b"Connection: close\r\n", b"")
    answer = say(server.url, once)
    assert answer.status == 404
    assert is_idle(server)


def test_pipelined_requests_are_answered_in_order(server, token):
    once = request("GET", WRITE, b"", token).replace(b"Connection: close\r\n", b"")
    raw = Wire(server.url).send(once * 40).hear()
    assert raw.count(b"HTTP/1.1 404 ") == 40


def test_too_many_connections_are_refused(server):
    wires = [Wire(server.url).send(b"GET ") for _ in range(SMALL.connections)]
    answer = heard(Wire(server.url).hear())
    assert (answer.status, answer.code) == (503, "ServerBusy")
    for wire in wires:
        wire.socket.close()
    assert is_idle(server)


def test_bodies_of_all_together_are_bounded(server, token):
    begun = [Wire(server.url).send(request("PUT", WRITE, b"x" * (60 * KIB), token)[:-1]) for _ in range(2)]
    statuses = sorted(heard(wire.hear()).status for wire in begun)
    assert statuses == [408, 503]
    assert is_idle(server)


def test_the_server_still_works(server, token):
    answer = say(server.url, request("PUT", WRITE, b'{"location": "eastus"}', token))
    assert answer.status in (200, 201)
    assert answer.headers["server"] == "cmgsim"


def test_nothing_breaks_out_of_a_header(server, token):
    headers = (("x-ms-correlation-request-id", "a\tb"), ("x-ms-return-client-request-id", "true"))
    path = f"/subscriptions/{SUBSCRIPTION}/operationresults/%0d%0aSet-Cookie:%20x?api-version={API}"
    answer = say(server.url, request("GET", path, b"", token, headers))
    assert "set-cookie" not in answer.headers
    assert answer.headers["x-ms-correlation-request-id"] == "a\tb"


def test_a_client_that_names_no_host_is_answered(server, token):
    asked = request("PUT", WRITE, b'{"location": "eastus"}', token).replace(b"Host: 127.0.0.1\r\n", b"")
    assert say(server.url, asked.replace(b"HTTP/1.1", b"HTTP/1.0")).status in (200, 201)


@pytest.mark.parametrize("protocol", ["websocket", "h2c", "nonsense"])
def test_nobody_talks_another_protocol(server, token, protocol):
    asked = request("GET", WRITE, b"", token, (("Upgrade", protocol),))
    asked = asked.replace(b"Connection: close", b"Connection: Upgrade") + b"\x81\x05hello" * 50
    raw = Wire(server.url).send(asked).hear()
    assert raw.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 404 ", b"HTTP/1.1 400 ")), raw[:200]
    assert is_idle(server)
