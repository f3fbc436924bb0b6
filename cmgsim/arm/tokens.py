"""Bearer tokens that need no memory: a signed text that says who, where and until when.

They have the form of JSON Web Tokens (RFC 7519), signed with HMAC-SHA256 and a key made from the seed, so a token of
one cloud is worth nothing in another, and is still good after a copy or a restart.
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from cmgsim.units import HOUR, SECOND

#: Tokens are good for one hour (source: "Microsoft identity platform access tokens").
LIFETIME_US = HOUR
_HEADER = {"alg": "HS256", "typ": "JWT"}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says; ``expires_us`` is a moment of simulated time, a whole second."""

    tenant: str
    app_id: str
    object_id: str
    audience: str
    expires_us: int


def issue(seed: int, claims: Claims, start_s: int) -> str:
    """Write a token; ``start_s`` is moment 0 of simulated time in seconds since 1970."""
    payload = {
        "aud": claims.audience,
        "appid": claims.app_id,
        "exp": start_s + claims.expires_us // SECOND,
        "iat": start_s + (claims.expires_us - LIFETIME_US) // SECOND,
        "iss": f"https://sts.windows.net/{claims.tenant}/",
        "nbf": start_s + (claims.expires_us - LIFETIME_US) // SECOND,
        "oid": claims.object_id,
        "sub": claims.object_id,
        "tid": claims.tenant,
        "ver": "1.0",
    }
    text = f"{_encode(json.dumps(_HEADER).encode())}.{_encode(json.dumps(payload).encode())}"
    return f"{text}.{_sign(seed, text)}"


@lru_cache(maxsize=256)
def read(seed: int, token: str, start_s: int) -> Claims | None:
    """Read a token that this seed issued, whether expired or not; None if it did not."""
    text, _, signature = token.rpartition(".")
    if not hmac.compare_digest(_sign(seed, text).encode(), signature.encode()):
        return None
    payload = json.loads(_decode(text.partition(".")[2]))
    expires_us = (payload["exp"] - start_s) * SECOND
    return Claims(payload["tid"], payload["appid"], payload["oid"], payload["aud"], expires_us)


def _sign(seed: int, text: str) -> str:
    return _encode(hmac.digest(_key(seed), text.encode(), "sha256"))


@lru_cache(maxsize=64)
def _key(seed: int) -> bytes:
    return sha256(f"cmgsim.arm.token:{seed}".encode()).digest()


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
