"""Signatures of requests to storage, made with a key of the account.

Sources: "Authorize with Shared Key", "Create an account SAS", "Create a service SAS", "Create a user delegation SAS".
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from cmgsim.arm.messages import Request

_SIGNED = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)
_ACCOUNT = ("sp", "ss", "srt", "st", "se", "sip", "spr", "sv")
_BLOB_FIRST = ("sp", "st", "se")
_BLOB_KEY = ("skoid", "sktid", "skt", "ske", "sks", "skv", "saoid", "suoid", "scid")
_BLOB_NEWER_KEY = ("skdutid", "sduoid")
_BLOB_MIDDLE = ("sip", "spr", "sv", "sr", "snapshot")
_BLOB_LAST = ("rscc", "rscd", "rsce", "rscl", "rsct")
#: Since when encryption scopes are signed, and since when the newer fields of user delegation are.
_SCOPES, _DELEGATES = "2020-12-06", "2025-07-05"


def sign(key: str, text: str) -> str:
    """Return the signature of a text under a key, both the key and the signature in base64."""
    return b64encode(hmac.digest(b64decode(key), text.encode(), "sha256")).decode()


def shared_key_text(request: Request, account: str) -> str:
    """Return what a request signed with a key of *account* signs."""
    headers = [request.header(name) for name in _SIGNED]
    if headers[2] == "0":
        headers[2] = ""
    own = sorted((name, value) for name, value in request.headers.items() if name.startswith("x-ms-"))
    lines = [request.method, *headers, *(f"{name}:{value}" for name, value in own)]
    query = "".join(f"\n{name}:{value}" for name, value in sorted(request.query.items()))
    return "\n".join(lines) + f"\n/{account}{urlsplit(request.url).path}{query}"


def account_text(fields: Mapping[str, str], account: str) -> str:
    """Return what the shared access signature of an account signs; *fields* are its query parameters."""
    words = [account, *(fields.get(name, "") for name in _ACCOUNT)]
    if fields.get("sv", "") >= _SCOPES:
        words.append(fields.get("ses", ""))
    return "\n".join(words) + "\n"


def service_text(fields: Mapping[str, str], resource: str) -> str:
    """Return what the shared access signature of a blob or container signs.

    *resource* is its path, ``/blob/<account>/<container>[/<blob>]``. With ``skoid`` the key is that of a user, not of
    the account.
    """
    newer = fields.get("sv", "") >= _SCOPES
    words = [*(fields.get(name, "") for name in _BLOB_FIRST), resource]
    if "skoid" in fields:
        more = _BLOB_NEWER_KEY if fields.get("sv", "") >= _DELEGATES else ()
        words += [fields.get(name, "") for name in (*_BLOB_KEY, *more)]
    else:
        words.append(fields.get("si", ""))
    words += [fields.get(name, "") for name in (*_BLOB_MIDDLE, *(("ses",) if newer else ()))]
    if "skoid" in fields and more_signed(fields):
        words += ["", ""]
    words += [fields.get(name, "") for name in _BLOB_LAST]
    return "\n".join(words)


def more_signed(fields: Mapping[str, str]) -> bool:
    """Say whether a user's signature also signs headers and parameters, which are left empty here."""
    return fields.get("sv", "") >= _DELEGATES


def token(fields: Mapping[str, str], text: str, key: str) -> str:
    """Return the query that is a signature: the fields that are not empty, then their signature."""
    return urlencode({name: value for name, value in fields.items() if value} | {"sig": sign(key, text)})
