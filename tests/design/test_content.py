"""Packages, bandwidths and deployments in design and plan files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cmgsim.design.clients import DayPlan
from cmgsim.design.content import DeployContent, Package, read_bandwidth, write_bandwidth


@pytest.mark.parametrize(
    ("text", "rate"),
    [("20 Mbit/s", 2_500_000), ("1Gbit/s", 125_000_000), ("512 kbit/s", 64_000), ("0.5 Mbit/s", 62_500)],
)
def test_bandwidths_are_read_in_bits(text, rate):
    assert read_bandwidth(text) == rate
    assert DayPlan.model_validate({"always": "internet", "bandwidth": text}).bandwidth == rate


@pytest.mark.parametrize("text", ["20 MB/s", "20", "fast", "-1 Mbit/s", "0 Mbit/s", "0.001 kbit/s", "2000 Gbit/s", ""])
def test_other_bandwidths_are_refused_with_a_remedy(text):
    with pytest.raises(ValueError, match=r"write it like '20 Mbit/s'|from '8 kbit/s' to '1000 Gbit/s'"):
        read_bandwidth(text)


@given(st.integers(1, 125 * 10**9))
def test_a_written_bandwidth_reads_back(rate):
    assert read_bandwidth(write_bandwidth(rate)) == rate


@pytest.mark.parametrize(
    ("field", "value"),
    [("size", "0 MB"), ("size", 100), ("size", None), ("kind", "driver"), ("distribution_points", "dp1"), ("speed", 1)],
)
def test_a_package_says_what_is_wrong_with_it(field, value):
    with pytest.raises(ValidationError, match=field):
        Package.model_validate({"size": "1 MB", field: value})


def test_a_deployment_names_somebody():
    with pytest.raises(ValidationError, match="populations"):
        DeployContent.model_validate({"package": "office", "populations": []})
