"""Every way in which a request fails has its row in the catalogue, and its lines in the client's log."""

from __future__ import annotations

import pytest

from cmgsim.site.authentication import Reason
from cmgsim.site.error_catalogue import CATALOGUE, client_lines

URL = "https://granitefalls.contoso.com/CCM_Proxy_MutualAuth/1"


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.AUTHENTICATED])
def test_every_reason_stands_in_one_row_with_its_status_and_text(reason):
    (row,) = [error for error in CATALOGUE if reason in error.reasons]
    assert (row.status, row.text) == (reason.status, reason.text)
    assert row.cause


def test_the_rows_are_those_of_the_documents():
    assert {(row.status, row.text) for row in CATALOGUE} >= {
        (403, "CMGConnector_Clientcertificaterequired"),
        (403, "CMGConnector_Forbidden"),
        (401, "CMGService_Invalid_Token"),
        (401, "CMGConnector_Unauthorized"),
        (500, "CMGConnector_InternalServerError"),
        (12_175, "ERROR_WINHTTP_SECURE_FAILURE"),
    }


@pytest.mark.parametrize(
    ("reason", "flag"),
    [
        (Reason.CERT_REV_FAILED, "CERT_REV_FAILED"),
        (Reason.INVALID_CA, "INVALID_CA"),
        (Reason.CERT_CN_INVALID, "CERT_CN_INVALID"),
        (Reason.CERT_DATE_INVALID, "CERT_DATE_INVALID"),
        (Reason.CERT_REVOKED, "CERT_REVOKED"),
        (Reason.CERT_WRONG_USAGE, "CERT_WRONG_USAGE"),
        (Reason.INVALID_CERT, "INVALID_CERT"),
        (Reason.TLS_1_2_REQUIRED, "SECURITY_CHANNEL_ERROR"),
    ],
)
def test_a_failed_tls_connection_is_logged_with_its_flag(reason, flag):
    lines = client_lines(reason, URL)
    assert f"WINHTTP_CALLBACK_STATUS_FLAG_{flag} is set" in lines[1]
    assert lines[2].endswith("Code=12175, Text=ERROR_WINHTTP_SECURE_FAILURE")
    assert URL in lines[2]


def test_a_refusal_is_logged_with_its_status():
    assert client_lines(Reason.CONNECTION_POINT_CERTIFICATE, URL) == (
        "[CCMHTTP] ERROR INFO: StatusCode=403 StatusText=CMGConnector_Clientcertificaterequired",
    )
    assert client_lines(Reason.AUTHENTICATED, URL) == ()
