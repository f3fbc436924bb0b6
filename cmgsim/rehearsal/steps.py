"""How each step of a plan is begun, and when it is finished."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cmgsim.design.plan import Step, Until
from cmgsim.errors import Refused
from cmgsim.site.facts import OperationEnded, Outcome, PortalUsed
from cmgsim.units import HOUR, MINUTE, PARTS_PER_MILLION, format_duration, format_share
from cmgsim.world.world import World

#: No documented operation takes an hour; past this the step has failed. Assumption: an operation that has not ended
#: after four hours never will.
OPERATION_LIMIT_US = 4 * HOUR
#: A connection point looks after its links every minute; past this, something keeps it from connecting.
CONNECTION_LIMIT_US = 10 * MINUTE


@dataclass(frozen=True)
class Ended:
    """How a step came to its end."""

    outcome: Outcome
    note: str = ""


def perform(world: World, step: Step) -> Ended:
    """Do one step in a world and let time pass until it is finished."""
    performer = _PERFORMERS.get(step.verb, _order)
    try:
        return performer(world, step)
    except Refused as refusal:
        return Ended(Outcome.REFUSED, str(refusal))


def describe(step: Step) -> str:
    """Write a step as its line in a plan: ``delete_gateway: old``."""
    value = step.model_dump(mode="json", exclude_none=True)[step.verb]
    if isinstance(value, dict):
        inner = ", ".join(f"{key}: {part}" for key, part in value.items())
        return f"{step.verb}: {{{inner}}}"
    return f"{step.verb}: {value}"


def _order(world: World, step: Step) -> Ended:
    """Give an order that takes effect at once."""
    world.do(step)
    return Ended(Outcome.DONE)


def _portal(world: World, step: Step) -> Ended:
    """Let somebody use the Azure portal, who sees at once whether Azure takes it."""
    seen = len(world.kernel.trace)
    world.do(step)
    used = next(entry.fact for entry in world.kernel.trace[seen:] if isinstance(entry.fact, PortalUsed))
    return Ended(Outcome.FAILED, used.refusal) if used.refusal else Ended(Outcome.DONE)


def _operation(world: World, step: Step) -> Ended:
    """Give an order to the cloud service manager and wait for the end of the operation."""
    gateway = step.argument if isinstance(step.argument, str) else step.argument.gateway
    seen = len(world.kernel.trace)
    world.do(step)

    def ends() -> list[OperationEnded]:
        new = world.kernel.trace[seen:]
        return [entry.fact for entry in new if isinstance(entry.fact, OperationEnded) and entry.fact.gateway == gateway]

    if not world.kernel.run_until(lambda: bool(ends()), world.now_us + OPERATION_LIMIT_US):
        return Ended(Outcome.FAILED, f"it had not ended after {format_duration(OPERATION_LIMIT_US)}")
    end = ends()[0]
    note = f"after {_to_the_second(end.took_us)}" if end.outcome is Outcome.DONE else f"{end.code}: {end.detail}"
    return Ended(end.outcome, note)


def _connection(world: World, step: Step) -> Ended:
    """Add or relink a connection point and wait until it is connected."""
    name = step.argument if isinstance(step.argument, str) else step.argument.connection_point
    world.do(step)
    point = world.sites.connection_points[name]
    begun = world.now_us
    if world.kernel.run_until(lambda: point.connected, begun + CONNECTION_LIMIT_US):
        return Ended(Outcome.DONE, f"connected after {_to_the_second(world.now_us - begun)}")
    return Ended(
        Outcome.FAILED,
        f"no link to {point.gateway} after {format_duration(CONNECTION_LIMIT_US)}: "
        "is the gateway ready, and are its outbound ports open?",
    )


def _wait(world: World, step: Step) -> Ended:
    world.run(step.argument)
    return Ended(Outcome.DONE)


def _until(world: World, step: Step) -> Ended:
    until: Until = step.argument
    begun = world.now_us
    reached = world.run_until(lambda _: _share_knowing(world, until) >= until.share, until.give_up_after)
    share, took = format_share(_share_knowing(world, until)), _to_the_second(world.now_us - begun)
    if reached:
        return Ended(Outcome.DONE, f"{share} after {took}")
    return Ended(Outcome.FAILED, f"only {share} knew {until.clients_knowing} after {took}")


def _share_knowing(world: World, until: Until) -> int:
    knowing = world.knowing(until.clients_knowing)
    some, total = (
        (knowing.internet_clients, knowing.all_internet_clients)
        if until.of == "internet"
        else (knowing.clients, knowing.all_clients)
    )
    return some * PARTS_PER_MILLION // total if total else 0


def _to_the_second(duration_us: int) -> str:
    return format_duration(duration_us // 1_000_000 * 1_000_000)


_PERFORMERS: dict[str, Callable[[World, Step], Ended]] = {
    "create_gateway": _operation,
    "scale_gateway": _operation,
    "modify_gateway": _operation,
    "stop_gateway": _operation,
    "start_gateway": _operation,
    "delete_gateway": _operation,
    "portal_change": _portal,
    "azure_delete": _portal,
    "add_connection_point": _connection,
    "relink_connection_point": _connection,
    "wait": _wait,
    "until": _until,
}
