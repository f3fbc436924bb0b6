"""What an answer of Azure means, and where to ask again."""

import json

import pytest

from cmgsim.arm.messages import Request, Response
from cmgsim.site.polling import Failure, Manner, Poll, asked, begun, failure
from cmgsim.units import SECOND

PUT = Request("PUT", "https://management.azure.com/subscriptions/x/y?api-version=2018-05-01")
POST = Request(
    "POST", "https://management.core.windows.net/sub/services/hostedservices", {"x-ms-version": "2014-10-01"}
)
XML = "<Operation xmlns='http://schemas.microsoft.com/windowsazure'><Status>{}</Status>{}</Operation>"
ERROR = "<Error><Code>ConflictError</Code><Message>It is taken.</Message></Error>"


def answer(status, document=None, **headers):
    body = b"" if document is None else json.dumps(document).encode()
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def properties(state):
    return {"properties": {"provisioningState": state}}


@pytest.mark.parametrize(
    ("response", "manner"),
    [
        (answer(201, properties("Creating"), Azure_AsyncOperation="u", Location="v"), Manner.STATUS),
        (answer(202, Location="v"), Manner.LOCATION),
        (answer(200, properties("RegisteringDns")), Manner.BODY),
    ],
)
def test_the_three_ways_of_resource_manager_are_told_apart(response, manner):
    found = begun(PUT, response)
    assert isinstance(found, Poll)
    assert found.manner is manner


@pytest.mark.parametrize(
    "response", [answer(200, properties("Succeeded")), answer(200, {"value": []}), answer(200, [1]), answer(204)]
)
def test_what_is_done_at_once_needs_no_poll(response):
    assert begun(PUT, response) is None


def test_the_service_management_is_asked_by_the_id_of_the_request():
    found = begun(POST, answer(202, x_ms_request_id="abc"))
    assert found == Poll(Manner.SERVICE_MANAGEMENT, "https://management.core.windows.net/sub/operations/abc")
    assert begun(POST, answer(201)) is None


def test_a_body_that_ends_in_failure_is_a_failure():
    assert isinstance(begun(PUT, answer(200, properties("Failed"))), Failure)


STATUS, LOCATION = Poll(Manner.STATUS, "u"), Poll(Manner.LOCATION, "u")
ASM = Poll(Manner.SERVICE_MANAGEMENT, "u")


@pytest.mark.parametrize(
    ("poll", "response", "found"),
    [
        (STATUS, answer(200, {"status": "InProgress"}), STATUS),
        (STATUS, answer(200, {"status": "succeeded"}), None),
        (STATUS, answer(200, {"status": "Failed", "error": {"code": "C", "message": "m"}}), Failure("C", "m")),
        (STATUS, answer(200, {"status": "Canceled"}), Failure("Canceled", "The operation canceled.")),
        (LOCATION, answer(202), LOCATION),
        (LOCATION, answer(202, Location="next"), Poll(Manner.LOCATION, "next")),
        (LOCATION, answer(200), None),
        (LOCATION, answer(204), None),
        (Poll(Manner.BODY, "u"), answer(200, properties("Creating")), Poll(Manner.BODY, "u")),
        (ASM, Response(200, {}, XML.format("InProgress", "").encode()), ASM),
        (ASM, Response(200, {}, XML.format("Succeeded", "").encode()), None),
        (ASM, Response(200, {}, XML.format("Failed", ERROR).encode()), Failure("ConflictError", "It is taken.")),
    ],
)
def test_the_answer_to_a_poll_goes_on_ends_or_fails(poll, response, found):
    assert asked(poll, response) == found


@pytest.mark.parametrize(
    ("status", "headers", "retry_us"),
    [(409, {}, None), (403, {}, None), (429, {"Retry_After": "17"}, 17 * SECOND), (503, {}, 0)],
)
def test_only_what_can_pass_by_itself_is_tried_again(status, headers, retry_us):
    found = failure(answer(status, {"error": {"code": "C", "message": "m"}}, **headers))
    assert found == Failure("C", "m", retry_us)


def test_an_error_without_a_body_is_known_by_its_status():
    assert failure(answer(500)) == Failure("500", "", 0)


def test_an_error_in_xml_is_read_too():
    assert failure(Response(403, {}, ERROR.encode())) == Failure("ConflictError", "It is taken.")
