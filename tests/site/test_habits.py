"""What one client is told apart by: how patient it may be, and what it shows of the servers it knows."""

from __future__ import annotations

import pytest
from site_parts import Parts, design_of

from cmgsim.site.candidates import PLAIN, SSL, active_candidates
from cmgsim.site.client import MOST_FAILURES, Habits


def test_a_client_leaves_after_no_more_failures_than_it_remembers():
    assert Habits(failures_to_leave=MOST_FAILURES).failures_to_leave == MOST_FAILURES
    with pytest.raises(AssertionError, match="a client remembers 5 failures at most"):
        Habits(failures_to_leave=MOST_FAILURES + 1)


def test_only_what_is_reached_from_the_internet_takes_ssl_for_sure():
    landscape = Parts(design_of()).survey()
    table = active_candidates(landscape, landscape.published[0], landscape.tiers[0])
    assert [(row[1], row[3]) for row in table] == [("Assigned", PLAIN), ("Internet", SSL)]
