"""Links between boundary groups: drawn, implied, overridden."""

import pytest

from cmgsim.boundaries.graph import Origin, Permission, default_groups, graph, neighbours
from cmgsim.design.network import BoundaryGroup
from cmgsim.units import MINUTE


def groups_of(**groups) -> dict[str, BoundaryGroup]:
    return {name: BoundaryGroup.model_validate(fields) for name, fields in groups.items()}


def test_every_group_has_an_implied_link_to_every_default_group_after_two_hours():
    groups = groups_of(office={}, second={"default_of": "P02"}, first={"default_of": "P01"})
    assert default_groups(groups) == ("first", "second")
    links = neighbours(groups, "office")
    assert [link.group for link in links] == ["first", "second"]
    assert {link.origin for link in links} == {Origin.IMPLIED}
    assert {(link.distribution_points_us, link.update_points_us) for link in links} == {(120 * MINUTE, 120 * MINUTE)}
    assert {link.management_points for link in links} == {Permission.ALLOWED}
    assert neighbours(groups, "first") == ()


@pytest.mark.oracle("O-9")
def test_a_drawn_link_to_a_default_group_takes_the_place_of_the_implied_one():
    drawn = {"first": {"distribution_points": "30min", "update_points": "never", "management_points": "never"}}
    groups = groups_of(office={"relationships": drawn}, first={"default_of": "P01"}, other={})
    (link,) = neighbours(groups, "office")
    assert link.origin is Origin.DRAWN
    assert link.distribution_points_us == 30 * MINUTE
    assert link.update_points_us is None
    assert link.management_points is Permission.NEVER
    (implied,) = neighbours(groups, "other")
    assert implied.distribution_points_us == 120 * MINUTE


def test_links_run_one_way_and_never_to_the_group_itself():
    groups = groups_of(a={"relationships": {"b": {}, "a": {}}}, b={})
    assert [link.group for link in neighbours(groups, "a")] == ["b"]
    assert neighbours(groups, "b") == ()


def test_the_graph_has_all_groups_and_the_times_of_all_links():
    groups = groups_of(
        a={"relationships": {"b": {"distribution_points": "10min"}}}, b={}, default={"default_of": "P01"}
    )
    drawing = graph(groups)
    assert set(drawing.nodes) == {"a", "b", "default"}
    assert set(drawing.edges) == {("a", "b"), ("a", "default"), ("b", "default")}
    assert drawing.edges["a", "b"]["distribution_points_us"] == 10 * MINUTE
    assert drawing.edges["a", "b"]["origin"] is Origin.DRAWN
    assert drawing.edges["b", "default"]["origin"] is Origin.IMPLIED
