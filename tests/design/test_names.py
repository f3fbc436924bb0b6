"""The names of a gateway, from its certificate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmgsim.design.certificates import ServerCertificate
from cmgsim.design.names import (
    NameProblem,
    azure_fqdn,
    fqdn_of,
    is_storage_account,
    service_name,
    service_name_problem,
    storage_account,
    vault_name_problem,
)
from cmgsim.pki.names import covers

LABELS = st.from_regex(r"[A-Za-z0-9]{3,24}", fullmatch=True)


def certificate(name):
    return ServerCertificate(name=name, issuer="root")


@pytest.mark.seed("S-12", "S-32")
@given(LABELS)
def test_the_certificates_name_is_the_service_fqdn_and_its_first_label_the_service_name(label):
    fqdn = fqdn_of(certificate(f"{label}.contoso.com"), None)
    assert fqdn == f"{label}.contoso.com"
    assert service_name(fqdn) == label
    assert service_name_problem(label) is None
    assert is_storage_account(storage_account(label))


@pytest.mark.seed("S-12")
def test_another_name_than_the_certificates_is_a_problem():
    problem = fqdn_of(certificate("east.contoso.com"), "west.contoso.com")
    assert isinstance(problem, NameProblem)
    assert problem.code == "SERVICE_NAME_INVALID"


@pytest.mark.seed("S-33")
@pytest.mark.parametrize("typed", [None, "*.contoso.com", "cmg*.contoso.com"])
def test_an_asterisk_that_stays_is_a_problem_with_its_remedy(typed):
    problem = fqdn_of(certificate("*.contoso.com"), typed)
    assert isinstance(problem, NameProblem)
    assert problem.code == "WILDCARD_NOT_REPLACED"
    assert "cmg01.contoso.com" in problem.remedy


@pytest.mark.seed("S-33")
@pytest.mark.parametrize(
    ("typed", "good"),
    [
        ("cmg01.contoso.com", True),
        ("CMG01.Contoso.Com", True),
        ("cmg01.fabrikam.com", False),
        ("a.cmg01.contoso.com", False),
        ("contoso.com", False),
    ],
)
def test_one_label_stands_in_the_asterisks_place(typed, good):
    assert (fqdn_of(certificate("*.contoso.com"), typed) == typed) == good


@pytest.mark.parametrize("name", ["", "ab", "a" * 25, "granite-falls", "granite_falls", "grünwald", "x y"])
def test_a_service_name_is_3_to_24_letters_and_digits(name):
    assert service_name_problem(name) is not None
    assert not is_storage_account(storage_account(name))


def test_a_key_vault_begins_with_a_letter():
    assert service_name_problem("1west") is None
    assert vault_name_problem("1west") is not None
    assert vault_name_problem("west1") is None


@pytest.mark.parametrize(
    ("pattern", "host", "covered"),
    [
        ("a.contoso.com", "A.CONTOSO.com", True),
        ("*.contoso.com", "*.contoso.com", False),
        ("*.contoso.com", ".contoso.com", False),
        ("*.contoso.com", "a.b.contoso.com", False),
    ],
)
def test_a_certificate_covers_its_name_and_one_label_for_an_asterisk(pattern, host, covered):
    assert covers(pattern, host) == covered


@pytest.mark.seed("S-04")
@pytest.mark.parametrize(
    ("environment", "deployment", "fqdn"),
    [
        ("AzurePublicCloud", "classic", "west.cloudapp.net"),
        ("AzurePublicCloud", "arm", "west.cloudapp.net"),
        ("AzureUSGovernmentCloud", "arm", "west.usgovcloudapp.net"),
        ("AzurePublicCloud", "vmss", "west.westus.cloudapp.azure.com"),
    ],
)
def test_the_name_in_azure_follows_environment_and_method(environment, deployment, fqdn):
    assert azure_fqdn(environment, deployment, "west", "westus") == fqdn
