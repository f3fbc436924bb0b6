"""How long content takes to arrive, who gets none, and what it costs in outbound traffic."""

import numpy as np
import pytest

import cmgsim
from cmgsim.fleet.series import INTERVAL_US
from cmgsim.units import DAY, HOUR

pytestmark = [
    pytest.mark.design("designs/new_york_content.design.yaml"),
    pytest.mark.plan("plans/deploy_content.plan.yaml"),
    pytest.mark.seeds(2),
]
OFFICE, PATCH = 2 * 10**9, 300 * 10**6


def test_laptops_get_all_within_two_days_and_who_may_not_use_the_cloud_gets_updates_alone(design, plan, seed):
    run = cmgsim.rehearse(design, plan, seed=seed, before="34h", after="1d")
    names = list(design.clients)
    fetched = {name: run.roll.fetched[run.roll.population == names.index(name)] for name in names}
    assert (fetched["laptops"] == 2).mean() > 0.95
    assert (fetched["executives"] == 2).all()
    assert (fetched["kiosks"] == 1).all(), "they find no source of the application"


def test_only_what_comes_out_of_azure_is_paid_for(design, plan, seed):
    run = cmgsim.rehearse(design, plan, seed=seed, before="34h", after="1d")
    storage = [contact.source == "contosoeast.contoso.com" for contact in run.landscape.contacts]
    out_of_azure = run.series.egress[:, storage].sum()
    office, patch = run.series.downloads.sum(axis=0)
    assert 20 * OFFICE <= out_of_azure < office * OFFICE, "some laptops were at headquarters"
    assert patch > 100


def test_the_finish_time_curve_shows_the_slow_connections_last(design, plan, seed):
    run = cmgsim.rehearse(design, plan, seed=seed, before="34h", after="1d")
    curve = run.series.downloads[:, 0].cumsum()
    (half,) = np.flatnonzero(curve >= curve[-1] / 2)[:1]
    assert 0 < half * INTERVAL_US - 34 * HOUR < 12 * HOUR
    assert curve[-1] > 110
    assert curve[: 34 * HOUR // INTERVAL_US].sum() == 0
    assert run.ended_us == 34 * HOUR + 3 * DAY
