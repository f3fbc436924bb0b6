"""Closed forms: known values, limits, and each other."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmgsim.capacity import theory

LOADS = st.floats(0.01, 40.0)


@pytest.mark.parametrize(
    ("offered", "servers", "blocked"), [(1, 1, 0.5), (2, 2, 0.4), (10, 10, 0.21458), (20, 30, 0.00846), (5, 0, 1)]
)
def test_erlang_b_has_its_tabulated_values(offered, servers, blocked):
    assert theory.erlang_b(offered, servers) == pytest.approx(blocked, abs=1e-5)


@pytest.mark.parametrize(("offered", "servers", "waiting"), [(0.7, 1, 0.7), (1.6, 2, 0.71111), (8, 10, 0.40918)])
def test_erlang_c_has_its_tabulated_values(offered, servers, waiting):
    assert theory.erlang_c(offered, servers) == pytest.approx(waiting, abs=1e-5)


def test_pollaczek_and_khinchine_agree_with_erlang_for_one_exponential_server():
    assert theory.mean_wait_single(0.8, 2.0, 1.0) == pytest.approx(theory.mean_wait(0.8, 1, 2.0))
    assert theory.mean_wait_single(0.8, 2.0, 0.0) == pytest.approx(theory.mean_wait(0.8, 1, 2.0) / 2), "M/D/1 is half"


def test_shared_processors_take_as_long_as_one_line_where_service_is_exponential():
    assert theory.mean_sojourn_shared(0.75, 1.0) == pytest.approx(theory.mean_wait(0.75, 1, 1.0) + 1.0)


def test_the_time_in_one_line_is_exponential():
    assert theory.sojourn_quantile(0.5, 1, 1.0, 0.99) == pytest.approx(-math.log(0.01) / 0.5, rel=1e-5)
    assert theory.sojourn_tail(1.0, 2, 1.0, 3.0) == pytest.approx(math.exp(-3) * (1 + 3 / 3), rel=1e-9)


def test_the_wait_has_a_mass_at_nothing():
    assert theory.wait_quantile(0.5, 1, 1.0, 0.4) == 0.0
    assert theory.wait_quantile(0.5, 1, 1.0, 0.99) == pytest.approx(math.log(50) / 0.5)


@given(LOADS, st.integers(1, 60))
def test_more_servers_never_make_anybody_wait_more(offered, servers):
    assert theory.erlang_b(offered, servers + 1) <= theory.erlang_b(offered, servers)
    assert theory.erlang_c(offered, servers + 1) <= theory.erlang_c(offered, servers) + 1e-12
    assert 0 <= theory.erlang_b(offered, servers) <= theory.erlang_c(offered, servers) <= 1


@given(LOADS, st.sampled_from([0.5, 0.9, 0.99]))
def test_the_fewest_servers_for_a_wait_are_the_fewest(offered, share):
    bound = -math.log(1 - share) * 1.5
    servers = theory.servers_for_wait(offered, 1.0, share, bound)
    assert theory.sojourn_quantile(offered, servers, 1.0, share) <= bound
    assert servers == 1 or theory.sojourn_quantile(offered, servers - 1, 1.0, share) > bound


def test_a_wait_that_the_service_alone_exceeds_has_no_number_of_servers():
    with pytest.raises(ValueError, match="even without a line"):
        theory.servers_for_wait(1.0, 1.0, 0.99, 4.0)


def test_what_cannot_keep_up_waits_without_end():
    assert theory.mean_wait(2.0, 2, 1.0) == math.inf
    assert theory.mean_wait_single(1.0, 1.0, 1.0) == math.inf
    assert theory.mean_sojourn_shared(1.0, 1.0) == math.inf
    assert theory.sojourn_quantile(3.0, 2, 1.0, 0.5) == theory.wait_quantile(3.0, 2, 1.0, 0.5) == math.inf
    assert theory.erlang_c(3.0, 2) == theory.sojourn_tail(3.0, 2, 1.0, 9.0) == 1.0


@pytest.mark.parametrize(("offered", "servers"), [(-1.0, 1), (float("nan"), 1), (1.0, -1)])
def test_impossible_loads_are_refused(offered, servers):
    with pytest.raises(ValueError, match=r"not negative|at least"):
        theory.erlang_b(offered, servers)
