"""Every word that the linter says of its cases, against the baseline that was read when it was written."""

from __future__ import annotations

import pytest
from all_findings import baseline, names, told


def test_every_case_is_in_the_baseline():
    assert list(baseline()) == names()


@pytest.mark.parametrize("name", names())
def test_the_linter_says_what_it_said(name):
    assert told(name) == baseline()[name], "if that is what it should say: python tests/lint/all_findings.py"
