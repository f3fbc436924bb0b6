"""What the rules have against one certificate file, before there is a design: what the wizard would meet."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from cmgsim.design.certificate_files import facts_to_write, unwritable
from cmgsim.design.findings import Finding, Findings, Severity
from cmgsim.design.model import FIRST_DAY, Design
from cmgsim.lint.linter import lint

if TYPE_CHECKING:
    from pathlib import Path

    from cmgsim.pki.inspect import Inspection

RULES = (
    *("CMG201", "CMG202", "CMG203", "CMG204", "CMG205", "CMG206", "CMG207", "CMG216", "CMG217", "CMG218", "CMG220"),
)
"""The rules that look at a gateway's certificate alone."""

_UNNAMEABLE = re.compile(r"[^A-Za-z0-9_.-]")
_OF_KEY = {"key_bits": "CMG206", "signature_hash": "CMG218", "other_names": "CMG203"}


def judge_certificate(found: Inspection, file: Path, fqdn: str | None, version: int, on_day: date | None) -> Findings:
    """Return the rules that the certificate of a file breaks as a gateway's.

    *fqdn* is typed over the asterisk of a wildcard, None when nothing is; without *on_day* its validity is not judged.
    """
    facts, problems = facts_to_write(found), unwritable(found)
    dropped = (*problems, *(("valid_from", "expires") if on_day is None else ()))
    entry = {key: value for key, value in facts.items() if key not in dropped} | {"issuer": "issuer"}
    name = _UNNAMEABLE.sub("-", file.name).lstrip("-._")[:64] or "certificate"
    design = _around(name, entry, found.issuer_kind, fqdn, version, on_day)
    more = [
        Finding(_OF_KEY[key], Severity.ERROR, f"the certificate {reason}", (key,), remedy=remedy)
        for key, (reason, remedy) in problems.items()
    ]
    return Findings(replace(one, file=file, path=one.path[-1:]) for one in (*lint(design, select=RULES), *more))


def _around(
    name: str, entry: dict[str, Any], issuer_kind: str, fqdn: str | None, version: int, on_day: date | None
) -> Design:
    """Return the smallest design with a gateway of that certificate."""
    return Design.model_validate(
        {
            "cmgsim": 1,
            "name": "one certificate",
            "start": (on_day or FIRST_DAY).isoformat(),
            "hierarchy": {"version": version, "sites": {"PS1": {}}},
            "certificates": {
                "authorities": {"issuer": {"kind": issuer_kind}},
                "servers": {name: entry},
            },
            "gateways": {"gateway": {"certificate": name, "region": "westeurope", "service_fqdn": fqdn}},
        }
    )
