"""Findings for other programs: one line each, annotations of GitHub, JSON, and SARIF for code scanning.

Pure functions from findings to text or data; columns count from 1 and an end column is the place just after the end.
"""

from __future__ import annotations

from typing import Any

from cmgsim.design.findings import Finding, Findings, Severity, printable

#: The name and version of the JSON form; it changes when a reader would have to.
JSON_SCHEMA = "cmgsim/findings/v1"

_GITHUB_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_SARIF_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def concise(findings: Findings) -> str:
    """Write one line for each finding: ``file:line:col: CMG102 error message``."""
    return "\n".join(_concise(finding) for finding in findings)


def github(findings: Findings) -> str:
    """Write workflow commands by which GitHub Actions shows findings beside the lines of a pull request.

    Source: "Workflow commands for GitHub Actions".
    """
    return "\n".join(_github(finding) for finding in findings)


def as_json(findings: Findings) -> dict[str, Any]:
    """Return findings as plain data, under a schema name that tells readers the version."""
    return {
        "schema": JSON_SCHEMA,
        "errors": len(findings.errors),
        "warnings": len(findings.warnings),
        "findings": [_record(finding) for finding in findings],
    }


def sarif(findings: Findings) -> dict[str, Any]:
    """Return findings as a SARIF 2.1.0 log with one run (OASIS, "Static Analysis Results Interchange Format")."""
    rules = sorted({finding.rule for finding in findings})
    driver = {"name": "cmgsim", "rules": [{"id": rule} for rule in rules]}
    results = [_result(finding, rules.index(finding.rule)) for finding in findings]
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    }


def _concise(finding: Finding) -> str:
    place = finding.place or finding.where
    words = f"{finding.rule} {finding.severity.value} {finding.message}"
    return printable(f"{place}: {words}" if place else words)


def _github(finding: Finding) -> str:
    properties = {"file": "" if finding.file is None else finding.file.as_posix()}
    if finding.mark is not None:
        properties |= {"line": str(finding.mark.line), "col": str(finding.mark.column)}
        if finding.mark.end_line == finding.mark.line:  # GitHub takes an end column within one line only
            properties["endColumn"] = str(finding.mark.end_column)
    properties["title"] = finding.rule
    listed = ",".join(f"{name}={_escaped(text, ',:')}" for name, text in properties.items() if text)
    return f"::{_GITHUB_LEVELS[finding.severity]} {listed}::{_escaped(_with_remedy(finding), '')}"


def _escaped(text: str, more: str) -> str:
    return "".join(f"%{ord(letter):02X}" if letter in f"%\r\n{more}" else letter for letter in text)


def _with_remedy(finding: Finding) -> str:
    return f"{finding.message}; {finding.remedy}" if finding.remedy else finding.message


def _record(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "message": finding.message,
        "path": list(finding.path),
        "where": finding.where,
        "file": None if finding.file is None else finding.file.as_posix(),
        "mark": None if finding.mark is None else finding.mark._asdict(),
        "remedy": finding.remedy,
        "source": finding.source,
    }


def _result(finding: Finding, rule_index: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": _SARIF_LEVELS[finding.severity],
        "message": {"text": _with_remedy(finding)},
    }
    if finding.file is not None:
        result["locations"] = [{"physicalLocation": _location(finding, finding.file.as_posix())}]
    return result


def _location(finding: Finding, file: str) -> dict[str, Any]:
    location: dict[str, Any] = {"artifactLocation": {"uri": file}}
    if finding.mark is not None:
        names = ("startLine", "startColumn", "endLine", "endColumn")
        location["region"] = dict(zip(names, finding.mark, strict=True))
    return location
