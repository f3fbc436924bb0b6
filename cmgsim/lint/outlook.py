"""What stands when: a design before and after each step of a plan.

A design marks what does not exist yet as ``planned``; here the mark also comes back when something is deleted, so that
the state of affairs at any step is simply a design. Nothing is simulated: an operation is done when its step is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from cmgsim.design.network import BoundaryGroup
from cmgsim.design.plan import GroupReference, ModifyGateway, RelinkConnectionPoint, ScaleGateway, SetManagementPoint

if TYPE_CHECKING:
    from cmgsim.design.gateways import Gateway
    from cmgsim.design.model import Design
    from cmgsim.design.plan import ChangeClientSettings, Plan, SetSite, SetUpdatePoint, Step

NO_TIME = timedelta(0)


@dataclass(frozen=True)
class Standing:
    """The state of affairs between two steps; ``waited`` is the time that has passed at least."""

    design: Design
    stopped: frozenset[str] = frozenset()
    waited: timedelta = NO_TIME

    @property
    def gateways(self) -> dict[str, Gateway]:
        """The gateways that exist."""
        return {name: gateway for name, gateway in self.design.gateways.items() if not gateway.planned}

    @property
    def linked(self) -> frozenset[str]:
        """The gateways that some connection point is linked with."""
        points = self.design.roles.connection_points.values()
        return frozenset(point.gateway for point in points if not point.planned)

    @property
    def active(self) -> tuple[str, ...]:
        """The gateways that run and have a connection point, in the order of the design."""
        return tuple(name for name in self.gateways if name in self.linked and name not in self.stopped)


@dataclass(frozen=True)
class Moment:
    """One step of a plan, and what stands before and after it."""

    index: int
    step: Step
    before: Standing
    after: Standing

    @property
    def path(self) -> tuple[str | int, ...]:
        """The way to the step's verb in the plan."""
        return ("steps", self.index, self.step.verb)


def moments(design: Design, plan: Plan | None) -> Iterator[Moment]:
    """Walk through a plan step by step."""
    now = Standing(design)
    for index, step in enumerate(plan.steps if plan else ()):
        then = _after(now, step)
        yield Moment(index, step, now, then)
        now = then


def outcome(design: Design, plan: Plan | None) -> Design:
    """Return the design as it stands when the plan is done, without what then does not exist.

    Without a plan everything the design describes is taken to stand, planned or not.
    """
    if plan is None:
        return design
    end = design
    for moment in moments(design, plan):
        end = moment.after.design
    gone = {name for name, gateway in end.gateways.items() if gateway.planned}
    points = {
        name: point
        for name, point in end.roles.connection_points.items()
        if not point.planned and point.gateway not in gone
    }
    standing = {name: gateway for name, gateway in end.gateways.items() if name not in gone}
    roles = end.roles.model_copy(update={"connection_points": points})
    return end.model_copy(update={"gateways": standing, "roles": roles})


def variants(design: Design, plan: Plan | None) -> Iterator[tuple[tuple[str | int, ...], Gateway]]:
    """Yield every gateway of the design, and every gateway as a step of the plan modifies it, with the path to it."""
    for name, gateway in design.gateways.items():
        yield ("gateways", name), gateway
    for moment in moments(design, plan):
        if moment.step.modify_gateway is not None:
            yield moment.path, moment.after.design.gateways[moment.step.modify_gateway.gateway]


def _after(now: Standing, step: Step) -> Standing:
    stopped = now.stopped
    if step.stop_gateway is not None:
        stopped |= {step.stop_gateway}
    elif step.verb in ("start_gateway", "delete_gateway", "create_gateway"):
        stopped -= {step.argument}
    effect = _EFFECTS.get(step.verb)
    design = effect(now.design, step.argument) if effect else now.design
    return Standing(design, stopped, now.waited + (step.wait or NO_TIME))


def _gateway(design: Design, name: str, **changes: object) -> Design:
    changed = design.gateways[name].model_copy(update=changes)
    return design.model_copy(update={"gateways": {**design.gateways, name: changed}})


def _role(design: Design, table: str, name: str, **changes: object) -> Design:
    entries = getattr(design.roles, table)
    changed = {**entries, name: entries[name].model_copy(update=changes)}
    return design.model_copy(update={"roles": design.roles.model_copy(update={table: changed})})


def _given(record: Any, *keys: str) -> dict[str, object]:
    """Return the fields of a step's argument that were given, but for the *keys* that say what it is about."""
    fields = type(record).model_fields
    return {key: getattr(record, key) for key in fields if key not in keys and getattr(record, key) is not None}


def _feature(design: Design, argument: str) -> Design:
    return design.model_copy(update={"hierarchy": design.hierarchy.model_copy(update={"gateway_feature": True})})


def _modify(design: Design, change: ModifyGateway) -> Design:
    return _gateway(design, change.gateway, **_given(change, "gateway"))


def _scale(design: Design, change: ScaleGateway) -> Design:
    return _gateway(design, change.gateway, vms=change.vms)


def _relink(design: Design, change: RelinkConnectionPoint) -> Design:
    return _role(design, "connection_points", change.connection_point, gateway=change.gateway)


def _management_point(design: Design, change: SetManagementPoint) -> Design:
    return _role(design, "management_points", change.management_point, **_given(change, "management_point"))


def _update_point(design: Design, change: SetUpdatePoint) -> Design:
    return _role(design, "update_points", change.update_point, **_given(change, "update_point"))


def _site(design: Design, change: SetSite) -> Design:
    changed = design.hierarchy.sites[change.site].model_copy(update=_given(change, "site"))
    hierarchy = design.hierarchy.model_copy(update={"sites": {**design.hierarchy.sites, change.site: changed}})
    return design.model_copy(update={"hierarchy": hierarchy})


def _references(design: Design, change: GroupReference, gateways: tuple[str, ...]) -> Design:
    group = design.boundary_groups[change.boundary_group]
    changed: BoundaryGroup = group.model_copy(
        update={"references": group.references.model_copy(update={"gateways": gateways})}
    )
    return design.model_copy(update={"boundary_groups": {**design.boundary_groups, change.boundary_group: changed}})


def _add_reference(design: Design, change: GroupReference) -> Design:
    present = design.boundary_groups[change.boundary_group].references.gateways
    return _references(design, change, tuple(dict.fromkeys((*present, change.gateway))))


def _remove_reference(design: Design, change: GroupReference) -> Design:
    present = design.boundary_groups[change.boundary_group].references.gateways
    return _references(design, change, tuple(name for name in present if name != change.gateway))


def _settings(design: Design, change: ChangeClientSettings) -> Design:
    """Give a population settings of its own, under a name that no file can hold."""
    own = f"{change.population} (changed)"
    settings = design.settings_of(change.population).model_copy(update=_given(change, "population"))
    population = design.clients[change.population].model_copy(update={"settings": own})
    return design.model_copy(
        update={
            "client_settings": {**design.client_settings, own: settings},
            "clients": {**design.clients, change.population: population},
        }
    )


_EFFECTS: dict[str, Callable[[Design, Any], Design]] = {
    "enable_feature": _feature,
    "create_gateway": lambda design, name: _gateway(design, name, planned=False),
    "delete_gateway": lambda design, name: _gateway(design, name, planned=True),
    "scale_gateway": _scale,
    "modify_gateway": _modify,
    "add_connection_point": lambda design, name: _role(design, "connection_points", name, planned=False),
    "remove_connection_point": lambda design, name: _role(design, "connection_points", name, planned=True),
    "relink_connection_point": _relink,
    "set_management_point": _management_point,
    "set_update_point": _update_point,
    "set_site": _site,
    "add_group_reference": _add_reference,
    "remove_group_reference": _remove_reference,
    "change_client_settings": _settings,
}
"""What each step does to the design. Steps that are missing here change nothing in it."""
