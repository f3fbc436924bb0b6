"""Every word of what the console and the gateway refuse, against the baseline that was read when it was written."""

from __future__ import annotations

import pytest
from all_refusals import baseline, names, told
from site_parts import design_of

from cmgsim.site.wizard import CHECKS, Entry, refusals


def test_every_case_is_in_the_baseline():
    assert list(baseline()) == names()


def test_every_check_of_the_wizard_has_its_words_there():
    words = "\n".join(told(name) for name in names() if name.startswith("wizard: "))
    assert [check.code for check in CHECKS if f"{check.code}: " not in words] == []


@pytest.mark.parametrize("name", names())
def test_the_words_are_what_they_were(name):
    assert told(name) == baseline()[name], "if that is what it should say: python tests/site/all_refusals.py"


@pytest.mark.parametrize("name", [name for name in names() if name.startswith("wizard: nothing")])
def test_the_wizard_refuses_nothing_that_is_in_order(name):
    assert told(name) == ""


@pytest.mark.parametrize(
    ("groups", "choice", "words"),
    [
        (["east"], None, "the resource group 'east' exists already"),
        ([], {"use_existing": "shared"}, "the resource group 'shared' is not in the list; there is none; "),
        (
            ["one", "two"],
            {"use_existing": "shared"},
            "the resource group 'shared' is not in the list; there is one, two; ",
        ),
    ],
)
def test_the_resource_groups_of_the_subscription_are_those_of_the_list(groups, choice, words):
    design = design_of({"gateways.east.resource_group": choice})
    entry = Entry(design, "east", design.gateways["east"], groups=dict.fromkeys(groups, "eastus"))
    (refusal,) = refusals(entry)
    assert words in str(refusal.error())
