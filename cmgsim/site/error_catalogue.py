"""What a request that fails looks like to the client that sent it, and in its logs.

Source: Microsoft's "Understand CMG communication errors"; "Log files". The flags of a failed TLS connection are those
of WinHTTP (source: "WINHTTP_STATUS_CALLBACK callback function").
"""

from __future__ import annotations

from dataclasses import dataclass

from cmgsim.site.authentication import SECURE_FAILURE, Reason


@dataclass(frozen=True)
class Error:
    """One row of the catalogue: status and text, what causes them, and the reasons by which it comes about here."""

    status: int
    text: str
    cause: str
    reasons: tuple[Reason, ...]


CATALOGUE: tuple[Error, ...] = (
    Error(
        SECURE_FAILURE,
        "ERROR_WINHTTP_SECURE_FAILURE",
        "the client does not take the gateway's certificate, cannot check its revocation, or lacks TLS 1.2",
        tuple(reason for reason in Reason if reason.status == SECURE_FAILURE),
    ),
    Error(
        401,
        "CMGService_Invalid_Token",
        "the gateway refuses the client's certificate or token",
        tuple(reason for reason in Reason if reason.text == "CMGService_Invalid_Token"),
    ),
    Error(401, "CMGConnector_Unauthorized", "the management point refuses a token; no design brings this about", ()),
    Error(
        403,
        "CMGConnector_Clientcertificaterequired",
        "the connection point has no valid client authentication certificate, and the management point uses HTTPS",
        (Reason.CONNECTION_POINT_CERTIFICATE,),
    ),
    Error(
        403, "CMGConnector_Forbidden", "the management point has a wrong client connection", (Reason.MP_MODE_INVALID,)
    ),
    Error(
        403,
        "Forbidden: client certificate required",
        "a client without a certificate asks a management point with HTTPS directly",
        (Reason.CLIENT_CERTIFICATE_REQUIRED,),
    ),
    Error(
        403,
        "Forbidden: client certificate revoked",
        "IIS finds the client's certificate on a revocation list, or cannot fetch the list",
        (Reason.CLIENT_CERTIFICATE_REVOKED,),
    ),
    Error(
        403,
        "Forbidden: client certificate untrusted",
        "the client's certificate leads to no root that the site trusts",
        (Reason.CLIENT_CERTIFICATE_UNTRUSTED,),
    ),
    Error(
        403,
        "Forbidden: client certificate expired or not yet valid",
        "IIS finds a certificate of the client's chain out of date",
        (Reason.CLIENT_CERTIFICATE_OUT_OF_DATE,),
    ),
    Error(404, "Not Found", "no address was published for that management point", (Reason.NO_MAPPING,)),
    Error(
        500,
        "CMGConnector_InternalServerError",
        "no connection point has a link to the gateway, or it does not reach or trust the management point",
        (Reason.NO_CONNECTION_POINT, Reason.MANAGEMENT_POINT_CERTIFICATE),
    ),
)
"""Every error of a request, in the order of its way."""

#: The flags that WinHTTP names a failed TLS connection's causes by.
_FLAGS = {reason: reason.word for reason in Reason if reason.status == SECURE_FAILURE}
_FLAGS[Reason.TLS_1_2_REQUIRED] = "SECURITY_CHANNEL_ERROR"


def client_lines(reason: Reason, url: str) -> tuple[str, ...]:
    """Return the lines that a client writes into its log when a request for *url* ends so; none if it was served.

    Assumption: a client logs the flags of a failed TLS connection one below the other, as logs from the field do.
    """
    if reason is Reason.AUTHENTICATED:
        return ()
    if reason.status != SECURE_FAILURE:
        return (f"[CCMHTTP] ERROR INFO: StatusCode={reason.status} StatusText={reason.text}",)
    return (
        "[CCMHTTP] AsyncCallback(): WINHTTP_CALLBACK_STATUS_SECURE_FAILURE Encountered",
        f"[CCMHTTP]                : WINHTTP_CALLBACK_STATUS_FLAG_{_FLAGS[reason]} is set",
        f"[CCMHTTP] ERROR: URL={url}, Port=443, Options=448, Code={reason.status}, Text={reason.text}",
    )
