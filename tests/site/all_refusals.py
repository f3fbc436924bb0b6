"""Everything the console and the gateway refuse, in words: what ``tests/baselines/refusals.txt`` holds.

PYTHONPATH=tests/site python tests/site/all_refusals.py    write the baseline anew, to be read in the diff
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from site_parts import Parts, design_of, encounter_in

from cmgsim.design.identity import registration_of
from cmgsim.design.plan import ModifyGateway
from cmgsim.errors import Refused
from cmgsim.site.authentication import authenticate, credential_of
from cmgsim.site.direct import Visit, authenticate_on_intranet, authenticate_over_internet
from cmgsim.site.modify import changes as changes_of
from cmgsim.site.wizard import Entry, refusals

BASELINE = Path(__file__).parents[1] / "baselines" / "refusals.txt"

CLASSIC: dict[str, Any] = {
    "hierarchy.version": 1810,
    "gateways.east.deployment": "classic",
    "gateways.east.management_certificate": "azure",
    "certificates.management": {"azure": {}},
    "azure.subscriptions.main": {"id": "00000000-0000-0000-0000-000000000001", "management_certificates": ["azure"]},
}
SCALE_SET: dict[str, Any] = {"hierarchy.version": 2107, "gateways.east.deployment": "vmss"}
GOVERNMENT: dict[str, Any] = {"azure.environment": "AzureUSGovernmentCloud", "gateways.east.region": "usgovvirginia"}
WILDCARD: dict[str, Any] = {"certificates.servers.east.name": "*.contoso.com"}
SECOND: dict[str, Any] = {"azure.subscriptions.second": {"id": "00000000-0000-0000-0000-000000000002"}}
MANY: dict[str, Any] = {
    "certificates.authorities": {"root": {}, "issuing": {"issuer": "root"}, "digicert": {"kind": "public"}}
    | {f"root{number}": {} for number in range(3)}
    | {f"sub{number}": {"issuer": "root0"} for number in range(5)}
}
ROOTS, SUBS = [f"root{number}" for number in range(3)], [f"sub{number}" for number in range(5)]

WIZARD: dict[str, dict[str, Any]] = {
    "nothing": {},
    "nothing, classic": CLASSIC,
    "nothing, classic without Azure AD": {
        **CLASSIC,
        "azure.aad": {"cloud_management": False},
        "azure.subscriptions.main.signed_in_as": "contributor",
    },
    "nothing, scale set": SCALE_SET,
    "nothing, scale set of the first version": {"hierarchy.version": 2010, "gateways.east.deployment": "vmss"},
    "nothing, smallest scale set": {**SCALE_SET, "gateways.east.vm_size": "B2s"},
    "nothing, government": GOVERNMENT,
    "nothing, scale set for the government": {**SCALE_SET, **GOVERNMENT, "hierarchy.version": 2203},
    "nothing, at the top": {"gateways.east.site": "P01"},
    "nothing, existing group": {"gateways.east.resource_group": {"use_existing": "Taken"}},
    "nothing, group of another name": {"gateways.east.resource_group": {"create_new": "fresh"}},
    "nothing, classic has no group": {**CLASSIC, "gateways.east.resource_group": {"use_existing": "nowhere"}},
    "nothing, wildcard replaced": {**WILDCARD, "gateways.east.service_fqdn": "cmg01.contoso.com"},
    "nothing, two subscriptions and one chosen": {**SECOND, "gateways.east.subscription": "second"},
    "nothing, provider's subscription and a scale set": {**SCALE_SET, "azure.subscriptions.main.csp": True},
    "nothing, options of a later version left out": {"hierarchy.version": 1802},
    "nothing, two roots and four intermediates": {
        **MANY,
        "hierarchy.version": 1902,
        "gateways.east.trusted_authorities": [*ROOTS[:2], *SUBS[:4]],
    },
    "feature is off": {"hierarchy.gateway_feature": False},
    "site below the top": {
        "hierarchy.sites": {"CAS": {"kind": "central_administration"}, "P01": {"parent": "CAS"}},
        "gateways.east.site": "P01",
    },
    "service connection point": {"hierarchy.service_connection_point": {"mode": "offline", "azure_reachable": False}},
    "classic too late": {**CLASSIC, "hierarchy.version": 1902},
    "Resource Manager too early": {"hierarchy.version": 1710},
    "scale set too early": {**SCALE_SET, "hierarchy.version": 2006},
    "no integration": {"azure.aad": {"cloud_management": False}},
    "no subscription": {"azure.subscriptions": {}},
    "two subscriptions": SECOND,
    "classic without subscription": {**CLASSIC, "azure.subscriptions": {}},
    "classic without anything": {
        **CLASSIC,
        "azure.subscriptions.main": {"id": ""},
        "gateways.east.management_certificate": None,
    },
    "no administrator": {"azure.subscriptions.main.signed_in_as": "contributor"},
    "provider's subscription": {"azure.subscriptions.main.csp": True},
    "scale set for the government too early": {**SCALE_SET, **GOVERNMENT},
    "no private key": {"certificates.servers.east.private_key": "absent"},
    "wildcard": WILDCARD,
    "wildcard typed again": {**WILDCARD, "gateways.east.service_fqdn": "*.contoso.com"},
    "wildcard of another domain": {**WILDCARD, "gateways.east.service_fqdn": "cmg01.fabrikam.com"},
    "another name typed": {"gateways.east.service_fqdn": "cmg01.contoso.com"},
    "dash in the name": {"certificates.servers.east.name": "granite-falls.contoso.com"},
    "digit before a vault's name": {**SCALE_SET, "certificates.servers.east.name": "1falls.contoso.com"},
    "unknown region": {"gateways.east.region": "atlantis"},
    "region of the other cloud": {**GOVERNMENT, "gateways.east.region": "westus"},
    "group exists": {"gateways.east.resource_group": {"create_new": "TAKEN"}},
    "group is missing": {"gateways.east.resource_group": {"use_existing": "nowhere"}},
    "size of a later version": {**SCALE_SET, "hierarchy.version": 2010, "gateways.east.vm_size": "B2s"},
    "size of a scale set": {"gateways.east.vm_size": "A4_v2"},
    "no root": {"hierarchy.version": 1802, "gateways.east.trusted_authorities": ["issuing"]},
    "too many certificates": {
        **MANY,
        "hierarchy.version": 1902,
        "gateways.east.trusted_authorities": [*ROOTS, *SUBS],
    },
    "options of later versions": {
        "hierarchy.version": 1802,
        "gateways.east.enforce_tls_1_2": True,
        "gateways.east.content": True,
        "gateways.east.alerts": {"stop_on_critical": True},
    },
}
#: What is changed on the Properties pages: the design, and the step.
MODIFY: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "as it was": (
        {},
        {
            "certificate": "east",
            "trusted_authorities": ["root", "issuing"],
            "content": True,
            "subscription": "main",
            "service_fqdn": "GraniteFalls.contoso.com",
            "region": "East US",
            "deployment": "arm",
        },
    ),
    "everything that can be": (
        {"certificates.servers.again": {"name": "GraniteFalls.contoso.com", "issuer": "digicert"}},
        {
            "certificate": "again",
            "trusted_authorities": ["root"],
            "verify_client_revocation": False,
            "enforce_tls_1_2": True,
            "content": False,
            "alerts": {"stop_on_critical": True},
        },
    ),
    "alerts alone": ({}, {"alerts": {"warning": "40%"}}),
    "management certificate": (
        {**CLASSIC, "certificates.management": {"azure": {}, "fresh": {}}},
        {"management_certificate": "fresh"},
    ),
    "management certificate of another model": (
        {"certificates.management": {"fresh": {}}},
        {"management_certificate": "fresh"},
    ),
    "deployment": ({}, {"deployment": "vmss"}),
    "deployment, where it can be converted": ({"hierarchy.version": 2107}, {"deployment": "vmss"}),
    "deployment, back to a cloud service": (SCALE_SET, {"deployment": "arm"}),
    "deployment, back to classic": ({}, {"deployment": "classic"}),
    "subscription": ({**SECOND, "gateways.east.subscription": "main"}, {"subscription": "second"}),
    "region": ({}, {"region": "westus"}),
    "service FQDN": ({}, {"service_fqdn": "other.contoso.com"}),
    "another name": ({}, {"certificate": "west"}),
    "another letter case": (
        {"certificates.servers.again": {"name": "GRANITEFALLS.contoso.com", "issuer": "digicert"}},
        {"certificate": "again"},
    ),
    "another kind of issuer": (
        {"certificates.servers.again": {"name": "GraniteFalls.contoso.com", "issuer": "issuing"}},
        {"certificate": "again"},
    ),
    "another issuer of the same kind": (
        {
            "certificates.authorities.verisign": {"kind": "public"},
            "certificates.authorities.below": {"issuer": "verisign"},
            "certificates.servers.again": {"name": "GraniteFalls.contoso.com", "issuer": "below"},
        },
        {"certificate": "again"},
    ),
    "no private key": (
        {
            "certificates.servers.again": {
                "name": "GraniteFalls.contoso.com",
                "issuer": "digicert",
                "private_key": "absent",
            }
        },
        {"certificate": "again"},
    ),
    "wildcard": (
        {"certificates.servers.again": {"name": "*.contoso.com", "issuer": "digicert"}},
        {"certificate": "again"},
    ),
    "wildcard of another domain": (
        {"certificates.servers.again": {"name": "*.fabrikam.com", "issuer": "digicert"}},
        {"certificate": "again"},
    ),
    "TLS too early": ({"hierarchy.version": 1902}, {"enforce_tls_1_2": True}),
    "TLS off, which there was not": (
        {"hierarchy.version": 1902, "gateways.east.enforce_tls_1_2": True},
        {"enforce_tls_1_2": False},
    ),
    "content too early": ({"hierarchy.version": 1802}, {"content": True}),
    "stop too early": ({"hierarchy.version": 1810}, {"alerts": {"stop_on_critical": True}}),
    "alerts without the stop": ({"hierarchy.version": 1810}, {"alerts": {"stop_on_critical": False}}),
    "too many certificates": (
        {**MANY, "hierarchy.version": 1902},
        {"trusted_authorities": [*ROOTS, *SUBS]},
    ),
}
PRIVATE: dict[str, Any] = {"certificates.servers.east.issuer": "issuing"}
AAD: dict[str, Any] = {
    "clients.laptops.certificate": None,
    "clients.laptops.identity": "aad_joined",
    "gateways.east.trusted_authorities": [],
    "roles.management_points.mp1.mode": "enhanced_http",
}
#: What a request over a gateway meets, by design; the day is the day of :data:`TODAY`.
CP1: dict[str, Any] = {"site": "P01", "gateway": "east", "client_certificate_issuer": "issuing"}
INSTALLED: dict[str, Any] = {
    "hierarchy.version": 2002,
    "clients.laptops.identity": "workgroup",
    "clients.laptops.command_line": "SMSSITECODE=P01 CCMHOSTNAME=granitefalls.contoso.com/CCM_Proxy_MutualAuth/1",
}

REQUESTS: dict[str, dict[str, Any]] = {
    "a certificate": {},
    "a certificate of a private authority": PRIVATE,
    "an Azure AD token": AAD,
    "an Azure AD token and a certificate": {"clients.laptops.identity": "hybrid"},
    "an Azure AD token of Windows 11": {**AAD, "clients.laptops.os": "Windows 11 Enterprise"},
    "no Azure AD token of Windows 8.1": {**AAD, "clients.laptops.os": "Windows 8.1"},
    "no Azure AD token without the integration": {**AAD, "azure.aad": {"cloud_management": False}},
    "a site token": {**AAD, "hierarchy.version": 2002, "clients.laptops.identity": "workgroup"},
    "no identity": {"clients.laptops.certificate": None},
    "the site's option is off": {"hierarchy.sites.P01.use_pki_client_certificate": False},
    "the site's option is off, on the old tab": {
        "hierarchy.version": 1902,
        "hierarchy.sites.P01.use_pki_client_certificate": False,
    },
    "old TLS": {"gateways.east.enforce_tls_1_2": True, "clients.laptops.tls_1_2": False},
    "an untrusted root": {"certificates.authorities.other": {}, "certificates.servers.east.issuer": "other"},
    "another name": {"gateways.east.service_fqdn": "other.contoso.com"},
    "an expired gateway": {"certificates.servers.east.expires": "2019-07-28"},
    "an expired authority above the gateway": {"certificates.authorities.digicert.expires": "2019-07-28"},
    "a gateway not yet valid": {"certificates.servers.east.valid_from": "2019-07-30"},
    "an authority not yet valid": {"certificates.authorities.digicert.valid_from": "2019-07-30"},
    "another purpose": {"certificates.servers.east.purposes": ["client_authentication"]},
    "a short key": {"certificates.servers.east.key_bits": 512},
    "a revoked gateway": {"certificates.servers.east.revoked_on": "2019-07-29"},
    "a revoked authority above the gateway": {**PRIVATE, "certificates.authorities.issuing.revoked_on": "2019-07-01"},
    "no CRL for the gateway": {**PRIVATE, "certificates.authorities.root.crl_published": False},
    "no CRL for the gateway, on the old tab": {
        **PRIVATE,
        "hierarchy.version": 1902,
        "certificates.authorities.root.crl_published": False,
    },
    "an incomplete chain": {"gateways.east.trusted_authorities": ["root"]},
    "an expired client": {"certificates.authorities.issuing.client_certificates": {"expires": "2019-07-28"}},
    "a client not yet valid": {"certificates.authorities.issuing.client_certificates": {"valid_from": "2019-07-30"}},
    "a revoked client": {"certificates.authorities.issuing.client_certificates": {"revoked_on": "2019-07-29"}},
    "an expired authority above the client": {"certificates.authorities.issuing.expires": "2019-07-28"},
    "an authority above the client not yet valid": {"certificates.authorities.issuing.valid_from": "2019-07-30"},
    "a revoked authority above the client": {"certificates.authorities.issuing.revoked_on": "2019-07-01"},
    "no CRL for the client": {"certificates.authorities.issuing.crl_published": False},
    "no trust list has the root": {
        "certificates.authorities.other": {},
        "hierarchy.sites.P01.trusted_roots": ["other"],
    },
    "no mapping": {"roles.management_points.mp1.gateway_traffic": False},
    "no connection point": {"roles.connection_points": {}},
    "a mode that does not suit": {"roles.management_points.mp1.mode": "http"},
    "a connection point without certificate": {"roles.connection_points.cp1.client_certificate": False},
    "a connection point with an expired certificate": {
        "roles.connection_points.cp1.client_certificate_expires": "2019-07-28"
    },
    "a connection point with a revoked certificate": {
        "roles.connection_points.cp1.client_certificate_revoked_on": "2019-07-29"
    },
    "a connection point whose certificate is on a list": {
        "roles.connection_points.cp1": {**CP1, "client_certificate_revoked_on": "2019-07-29"}
    },
    "a connection point below a revoked authority": {
        "roles.connection_points.cp1": CP1,
        "certificates.authorities.issuing.revoked_on": "2019-07-29",
        "clients.laptops.certificate": "root",
    },
    "a connection point below an expired authority": {
        "roles.connection_points.cp1": CP1,
        "certificates.authorities.issuing.expires": "2019-07-28",
        "clients.laptops.certificate": "root",
    },
    "a connection point below an authority not yet valid": {
        "roles.connection_points.cp1": CP1,
        "certificates.authorities.issuing.valid_from": "2019-07-30",
        "clients.laptops.certificate": "root",
    },
    "a connection point below a root off the trust list": {
        "certificates.authorities.other": {},
        "hierarchy.sites.P01.trusted_roots": ["root"],
        "roles.connection_points.cp1": {**CP1, "client_certificate_issuer": "other"},
    },
    "no CRL on the intranet": {
        "roles.connection_points.cp1": CP1,
        "certificates.authorities.issuing.crl_on_intranet": False,
    },
    "a management point with an expired certificate": {
        "roles.management_points.mp1.certificate": "west",
        "certificates.servers.west.name": "mp1.corp",
        "certificates.servers.west.expires": "2019-07-28",
    },
    "a management point with another's certificate": {"roles.management_points.mp1.certificate": "west"},
    "a device with nobody signed in": {**AAD, "clients.laptops.signed_in": "nobody"},
    "a device with nobody signed in, too old": {
        **AAD,
        "clients.laptops.signed_in": "nobody",
        "clients.laptops.os": "Windows 10 1709",
    },
    "installed from the internet": {**AAD, **INSTALLED},
    "installed from the internet with a bulk token": {
        **AAD,
        **INSTALLED,
        "clients.laptops.command_line": f"{INSTALLED['clients.laptops.command_line']} /regtoken:abc",
    },
    "installed to check no CRL": {
        **PRIVATE,
        "certificates.authorities.root.crl_published": False,
        "clients.laptops.command_line": "/NoCRLCheck /UsePKICert",
    },
}


def of_wizard(name: str) -> str:
    """Return what the wizard refuses; there is a resource group ``taken``."""
    design = design_of(WIZARD[name])
    entry = Entry(design, "east", design.gateways["east"], design.hierarchy.gateway_feature, {"taken": "eastus"})
    return "\n".join(str(found.error()) for found in refusals(entry))


def of_properties(name: str) -> str:
    """Return what becomes of a change on the Properties pages."""
    design_changes, step = MODIFY[name]
    parts = Parts(design_of(design_changes))
    try:
        found = changes_of(
            parts.design, parts.deployments["east"], ModifyGateway.model_validate({"gateway": "east", **step})
        )
    except Refused as refused:
        return str(refused)
    return f"{found.settings} {'in Azure' if found.in_azure else 'at the site alone'}"


def of_request(name: str) -> str:
    """Return how a request over a gateway ends, and beside it those on the intranet and over the internet."""
    design = design_of(REQUESTS[name])
    registration = registration_of(design.clients["laptops"], design.day_plans["always"])
    asked = replace(encounter_in(design), registration=registration)
    visit = Visit(
        asked.client,
        asked.management_point,
        asked.site,
        asked.certificates,
        asked.aad,
        asked.version,
        asked.on_day,
    )
    ways = {
        f"over the gateway, {credential_of(asked).value}": authenticate(asked),
        "on the intranet": authenticate_on_intranet(visit),
        "over the internet": authenticate_over_internet(visit),
    }
    if name == "a site token":
        ways["over the gateway, old token"] = authenticate(replace(asked, token_age=timedelta(days=90)))
    return "\n".join(
        f"{way}: {verdict.status} {verdict.text} ({verdict.reason.word}) {verdict.detail}".rstrip()
        for way, verdict in ways.items()
    )


SECTIONS: dict[str, tuple[dict[str, Any], Callable[[str], str]]] = {
    "wizard": (WIZARD, of_wizard),
    "properties": (MODIFY, of_properties),
    "request": (REQUESTS, of_request),
}


def names() -> list[str]:
    """Return every case, such as ``wizard: no subscription``."""
    return [f"{section}: {name}" for section, (cases, _) in SECTIONS.items() for name in cases]


def told(name: str) -> str:
    """Return what a case comes to, in words."""
    section, _, case = name.partition(": ")
    return SECTIONS[section][1](case)


def baseline() -> dict[str, str]:
    """Read the baseline: what is told, by case."""
    parts = BASELINE.read_text(encoding="utf-8").split("## ")[1:]
    return {name: words.strip("\n") for name, _, words in (part.partition("\n") for part in parts)}


if __name__ == "__main__":
    BASELINE.write_text("".join(f"## {name}\n{told(name)}\n\n" for name in names()), encoding="utf-8", newline="\n")
