"""Handshakes of OpenSSL over loopback, between two endpoints of Python's ssl module."""

from __future__ import annotations

import socket
import ssl
import tempfile
import threading
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from cmgsim.pki.issue import Issued, issue, issue_list
from cmgsim.pki.records import Certificate, Key, RevocationList, Store, TlsRange, TlsVersion
from cmgsim.pki.verify import Flaw, Judge, RevocationCheck

VERSIONS = {
    TlsVersion.TLS_1_0: ssl.TLSVersion.TLSv1,
    TlsVersion.TLS_1_1: ssl.TLSVersion.TLSv1_1,
    TlsVersion.TLS_1_2: ssl.TLSVersion.TLSv1_2,
    TlsVersion.TLS_1_3: ssl.TLSVersion.TLSv1_3,
}
#: What OpenSSL says (X509_V_ERR_...) and what that may be here. It cannot tell a lacking root from a lacking authority.
MEANT = {
    2: {Flaw.MISSING_AUTHORITY, Flaw.UNTRUSTED_ROOT},
    3: {Flaw.REVOCATION_UNKNOWN},
    9: {Flaw.NOT_YET_VALID},
    10: {Flaw.EXPIRED},
    12: {Flaw.REVOCATION_UNKNOWN},
    18: {Flaw.UNTRUSTED_ROOT},
    19: {Flaw.UNTRUSTED_ROOT},
    20: {Flaw.MISSING_AUTHORITY, Flaw.UNTRUSTED_ROOT},
    21: {Flaw.MISSING_AUTHORITY, Flaw.UNTRUSTED_ROOT},
    23: {Flaw.REVOKED},
    24: {Flaw.NOT_AN_AUTHORITY},
    25: {Flaw.PATH_TOO_LONG},
    26: {Flaw.WRONG_PURPOSE},
    62: {Flaw.NAME_MISMATCH},
    66: {Flaw.KEY_TOO_SHORT},
    67: {Flaw.KEY_TOO_SHORT},
    79: {Flaw.NOT_AN_AUTHORITY},
}


@dataclass(frozen=True)
class Outcome:
    """How a handshake ended: None when it succeeded, else the flaws that OpenSSL's word for it may stand for."""

    flaws: frozenset[Flaw] | None
    words: str = ""


def real(facts: Certificate, authorities: dict[str, Certificate]) -> Issued:
    """Make the certificate of some facts and all authorities above it."""
    if facts.is_root:
        return issue(facts)
    return issue(facts, real(authorities[facts.issuer], authorities))


@dataclass(frozen=True)
class Meeting:
    """A judge, and an end that shows certificates to it. All authorities there are stand in ``authorities``."""

    judge: Judge
    shown: tuple[Certificate, ...]
    tls: TlsRange
    authorities: tuple[Certificate, ...]

    @property
    def table(self) -> dict[str, Certificate]:
        return {one.subject: one for one in self.authorities}


def of_server(meeting: Meeting) -> Outcome:
    """Let a client, the judge, meet a server that shows its certificates."""
    client, server = _judging(meeting, ssl.PROTOCOL_TLS_CLIENT), _showing(meeting, ssl.PROTOCOL_TLS_SERVER)
    client.check_hostname = meeting.judge.host is not None
    return _outcome(_meet(client, server, meeting.judge.host, judge=client))


def of_client(meeting: Meeting) -> Outcome:
    """Let a server, the judge, meet a client that shows its certificates; the server's own are beyond doubt."""
    root = Certificate("CN=beyond doubt", "CN=beyond doubt", key=Key("ec", 256), role="authority")
    own = Certificate("CN=server", "CN=beyond doubt", ("server.test",), key=Key("ec", 256))
    server = _judging(meeting, ssl.PROTOCOL_TLS_SERVER)
    _load(server, issue(own, issue(root)), ())
    client = _showing(meeting, ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(cadata=issue(root).pem.decode())
    return _outcome(_meet(client, server, "server.test", judge=server))


def _context(protocol: int, tls: TlsRange, least_rsa_bits: int) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    # Levels of OpenSSL ask for 2048 bits and new versions of TLS together; level 0 asks for neither.
    context.set_ciphers(f"DEFAULT@SECLEVEL={2 if least_rsa_bits >= 2048 else 0}")
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # old versions are what is asked for
        context.minimum_version, context.maximum_version = VERSIONS[tls.lowest], VERSIONS[tls.highest]
    return context


def _judging(meeting: Meeting, protocol: int) -> ssl.SSLContext:
    judge, table = meeting.judge, meeting.table
    context = _context(protocol, judge.tls, judge.least_rsa_bits)
    context.verify_mode = ssl.CERT_REQUIRED
    _trust(context, [real(one, table).pem for one in (*judge.store.roots, *judge.store.authorities)])
    _trust(context, [_list(one, table) for one in judge.store.lists])
    if judge.revocation is RevocationCheck.LEAF:
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    elif judge.revocation is RevocationCheck.CHAIN:
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
    return context


def _list(record: RevocationList, table: dict[str, Certificate]) -> bytes:
    return issue_list(record, real(table[record.issuer], table))


def _showing(meeting: Meeting, protocol: int) -> ssl.SSLContext:
    context = _context(protocol, meeting.tls, 0)
    if meeting.shown:
        leaf, *others = meeting.shown
        _load(context, real(leaf, meeting.table), [real(one, meeting.table) for one in others])
    return context


def _trust(context: ssl.SSLContext, pems: Iterable[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for pem in pems:
            file = Path(folder) / "one.pem"
            file.write_bytes(pem)
            context.load_verify_locations(file)


def _load(context: ssl.SSLContext, leaf: Issued, others: Iterable[Issued]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "chain.pem"
        file.write_bytes(b"".join((leaf.key_pem, leaf.pem, *(one.pem for one in others))))
        context.load_cert_chain(file)


def _meet(client: ssl.SSLContext, server: ssl.SSLContext, host: str | None, judge: ssl.SSLContext) -> OSError | None:
    """Return what the judge, one of the two, has against the other."""
    complaints: dict[ssl.SSLContext, OSError | None] = {}
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        complaints[server] = _shake(connection, server, None, judge)

    thread = threading.Thread(target=serve)
    thread.start()
    connection = socket.create_connection(listener.getsockname(), timeout=10)
    complaints[client] = _shake(connection, client, host, judge)
    thread.join()
    listener.close()
    return complaints[judge]


def _shake(
    connection: socket.socket, context: ssl.SSLContext, host: str | None, judge: ssl.SSLContext
) -> OSError | None:
    """Do one end of a handshake. The judge says goodbye when it is content, and the other end waits for that."""
    connection.settimeout(10)
    try:
        serves = context.protocol == ssl.PROTOCOL_TLS_SERVER
        with context.wrap_socket(connection, server_side=serves, server_hostname=host) as tls:
            if context is judge:
                tls.sendall(b"!")
            else:
                tls.recv(1)
    except OSError as error:
        return error
    finally:
        connection.close()
    return None


def _outcome(failed: OSError | None) -> Outcome:
    if failed is None:
        return Outcome(None)
    if isinstance(failed, ssl.SSLCertVerificationError):
        return Outcome(frozenset(MEANT[failed.verify_code]), failed.verify_message)
    words = getattr(failed, "reason", "") or str(failed)
    if "PEER_DID_NOT_RETURN_A_CERTIFICATE" in words:
        return Outcome(frozenset({Flaw.NO_CERTIFICATE}), words)
    assert any(word in words for word in ("PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "NO_PROTOCOLS")), words
    return Outcome(frozenset({Flaw.TLS_VERSION}), words)


def with_store(judge: Judge, **changes: object) -> Judge:
    """Return a judge with parts of its store replaced."""
    store: Store = replace(judge.store, **changes)  # type: ignore[arg-type]
    return replace(judge, store=store)
