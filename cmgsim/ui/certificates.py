"""``cmgsim certificate``: what the wizard would read from a certificate file, and which rules it breaks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmgsim.design.versions import BASELINE, VERSIONS
from cmgsim.errors import UsageError
from cmgsim.ui.door import door
from cmgsim.ui.outlet import Exit, Form, Outlet

if TYPE_CHECKING:
    from datetime import date, datetime

    from cmgsim.design.findings import Findings
    from cmgsim.pki.inspect import Inspection


@click.command("certificate", short_help="Show what a certificate file holds, and which rules it breaks.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--password-file", type=click.Path(path_type=Path), help="A file whose first line is the password.")
@click.option("--fqdn", metavar="NAME", help="What is typed as Service FQDN over the asterisk of a wildcard.")
@click.option("--on", "day", metavar="DATE", help="Judge its validity on this day, such as 2019-07-29.")
@click.option(
    "--version",
    type=click.Choice([str(version) for version in VERSIONS]),
    default=str(BASELINE),
    show_default=True,
    help="The site's version.",
)
@door("certificate")
def certificate_command(
    outlet: Outlet, file: Path, password_file: Path | None, fqdn: str | None, day: str | None, version: str
) -> int:
    """Show what a gateway's certificate file (.pfx, .pem, .cer) holds, and which rules it breaks.

    Example: cmgsim certificate gw.pfx --password-file gw.password --on 2019-07-29

    The private key is looked for, never shown. Exit codes: 0 no rule is broken, 1 some are, 2 the file cannot be read.
    """
    from cmgsim.design.certificate_files import password_in
    from cmgsim.lint.certificate_file import judge_certificate
    from cmgsim.pki.inspect import read_bounded, read_certificate

    password = password_in(read_bounded(password_file)) if password_file is not None else None
    found = read_certificate(file, password)
    problems = judge_certificate(found, file, fqdn, int(version), _day(day))
    code = Exit.FAILED if problems.errors else Exit.HOLDS
    shown = contents(found, fqdn)
    if outlet.form is Form.JSON:
        outlet.show_data({"file": str(file), "certificate": shown, **_as_data(problems), "exit": int(code)})
    else:
        width = max(map(len, shown))
        outlet.show_folded("\n".join(f"{label:<{width}}  {_line(value)}" for label, value in shown.items()), width + 2)
        if problems:
            outlet.show("\n" + outlet.frames(problems))
    return code


def contents(found: Inspection, fqdn: str | None) -> dict[str, Any]:
    """Return what is in a file in the words of people; names as the wizard's Settings page fills them in."""
    from cmgsim.design.names import is_wildcard, service_name

    certificate = found.certificate
    filled = fqdn if fqdn is not None and is_wildcard(found.common_name) else found.common_name
    return {
        "issued to": found.common_name,
        "stands for": list(certificate.names),
        "issued by": f"{certificate.issuer} ({found.issuer_kind}, by its name)",
        "service FQDN": filled,
        "service name": service_name(filled),
        "private key": found.private_key,
        "key": f"{certificate.key.kind.upper()}, {certificate.key.bits} bits",
        "signed with": found.signature_hash,
        "purposes": sorted(certificate.purposes) if certificate.purposes is not None else ["any"],
        "valid": f"{_date(certificate.not_before)} to {_date(certificate.not_after)}",
        "revocation lists": list(certificate.lists_at),
        "chain in the file": [one.subject for one in found.others],
        "clients must have": found.authority_beyond or (found.others or (certificate,))[-1].issuer,
    }


def _line(value: Any) -> str:
    return ", ".join(value) or "none" if isinstance(value, list) else str(value)


def _date(moment: datetime | None) -> str:
    return moment.date().isoformat() if moment is not None else "?"


def _day(text: str | None) -> date | None:
    from datetime import date

    from cmgsim.design.model import EARLIEST_START, LATEST_START

    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--on {text!r} is no date; write it like 2019-07-29") from None
    if not EARLIEST_START <= day <= LATEST_START:
        raise UsageError(f"--on {text!r} is too far away; write a day from {EARLIEST_START} to {LATEST_START}")
    return day


def _as_data(problems: Findings) -> dict[str, Any]:
    from cmgsim.design.formats import as_json

    data = as_json(problems)
    return {key: data[key] for key in ("errors", "warnings", "findings")}
