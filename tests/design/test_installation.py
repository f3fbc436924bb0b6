"""Command lines of ccmsetup."""

import pytest
from pydantic import ValidationError

from cmgsim.design.clients import Population
from cmgsim.design.installation import LONGEST, Installation, read_command_line

HOST = "east.contoso.com/CCM_Proxy_MutualAuth/72057594037928100"
CLIENTS = {"count": 1, "site": "P01", "day_plan": "always"}


def test_the_documented_command_lines_are_read():
    assert read_command_line(f"ccmsetup.exe /mp:https://{HOST} CCMHOSTNAME={HOST} SMSSITECODE=P01") == Installation(
        host_name=HOST, site="P01", sources=(f"https://{HOST}",)
    )
    assert read_command_line(
        f'/usepkicert /NoCRLCheck CCMALWAYSINF=1 ccmhostname="{HOST}" SMSSITECODE=P01'
    ) == Installation(host_name=HOST, always_on_internet=True, site="P01", use_pki_certificate=True, no_crl_check=True)
    assert read_command_line("/regtoken:abc SMSSITECODE=AUTO").registration_token == "abc"
    assert read_command_line("") == Installation()
    assert read_command_line("/mp:https://a;https://b").sources == ("https://a", "https://b")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"CCMHOSTNAME=https://{HOST}", "without https://"),
        ("CCMHOSTNAME=east.contoso.com", "write <name>/CCM_Proxy_MutualAuth/<number>"),
        (f"CCMHOSTNAME={HOST} SMSSITECODE=AUTO", "does not work together with CCMHOSTNAME"),
        (f"/mp:{HOST}", "lacks https://"),
        ("CCMALWAYSINF=yes", "is neither 0 nor 1"),
        ("CCMALWAYSINF=1", "needs CCMHOSTNAME, SMSSITECODE and /UsePKICert"),
        (f"CCMALWAYSINF=1 CCMHOSTNAME={HOST} SMSSITECODE=P01", "needs CCMHOSTNAME, SMSSITECODE and /UsePKICert"),
        ("CCMHOSTNAM=x", "did you mean 'CCMHOSTNAME'"),
        ("/UsePKI", "did you mean 'UsePKICert'"),
        ("quickly", "is neither a parameter"),
        ('SMSSITECODE="P01', "is not closed"),
        ("SMSSITECODE=" + "P" * LONGEST, "Intune takes 1024"),
    ],
)
def test_what_ccmsetup_would_not_take_is_refused_with_a_remedy(text, words):
    with pytest.raises(ValueError, match=words):
        read_command_line(text)
    with pytest.raises(ValidationError, match="command_line"):
        Population.model_validate({**CLIENTS, "command_line": text})


@pytest.mark.seed("S-91")
def test_the_property_has_the_effect_of_the_registry_value():
    line = f"/UsePKICert CCMALWAYSINF=1 CCMHOSTNAME={HOST} SMSSITECODE=P01"
    assert Population.model_validate({**CLIENTS, "command_line": line}).pinned_to_internet
    assert not Population.model_validate({**CLIENTS, "command_line": line.replace("INF=1", "INF=0")}).pinned_to_internet
    assert not Population.model_validate(CLIENTS).pinned_to_internet
