"""The threshold alerts: outbound traffic of 14 days against the levels of each gateway.

Checked every six minutes, so an alert comes at most that much late (source: "Monitor cloud management gateway"). A
level is raised once when it is crossed, and can be raised again only after the traffic has fallen below it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum

from cmgsim.design.gateways import Alerts as Settings
from cmgsim.design.plan import Step
from cmgsim.design.versions import Feature, has
from cmgsim.facts import Fact, Message
from cmgsim.site.deployment import Deployment, GatewayChanged, State
from cmgsim.site.facts import AlertRaised
from cmgsim.site.meters import Meter
from cmgsim.units import MINUTE, PARTS_PER_MILLION

CHECK_US = 6 * MINUTE


class Level(Enum):
    """The two levels; the value names the setting that holds its share of the threshold."""

    WARNING = "warning"
    CRITICAL = "critical"


class Alerts:
    """Watches the meter of every gateway whose alerts are on; a component named ``alerts``.

    It looks at the deployments and the meter, and changes neither. With no gateway to watch it is never due; tell it
    :class:`~cmgsim.site.deployment.GatewayChanged` when settings have changed, so that it looks again.
    """

    def __init__(self, deployments: Mapping[str, Deployment], meter: Meter, version: int) -> None:
        self.name = "alerts"
        self.rank = 5
        self._deployments = deployments
        self._meter = meter
        self._version = version
        self._raised: dict[tuple[str, Level], int] = {}
        self._to_stop: dict[str, int] = {}
        self._due_us = CHECK_US if self._watching() else None

    def due(self) -> int | None:
        """Return the next check, or None while no gateway has alerts."""
        return self._due_us

    def step(self, now_us: int) -> list[Fact | Message]:
        """Compare every watched gateway's traffic with its levels."""
        self._due_us = now_us + CHECK_US if self._watching() else None
        raised = [fact for gateway in self._deployments.values() for fact in self._check(gateway, now_us)]
        return [*raised, *self._stops()]

    def receive(self, body: object, now_us: int) -> list[Fact | Message]:
        """Hear that a gateway has changed: begin to check if it has alerts now."""
        assert isinstance(body, GatewayChanged), f"alerts cannot be told {body!r}"
        if self._due_us is None and self._watching():
            self._due_us = (now_us // CHECK_US + 1) * CHECK_US
        return []

    def _watching(self) -> bool:
        return any(gateway.settings.alerts is not None for gateway in self._deployments.values())

    def _check(self, gateway: Deployment, now_us: int) -> Iterator[Fact]:
        settings = gateway.settings.alerts
        if settings is None or not gateway.present:
            self._to_stop.pop(gateway.name, None)
            return
        used_bytes = self._meter.used_bytes(gateway.name, now_us)
        for level in Level:
            threshold_bytes = level_bytes(settings, level)
            if used_bytes < threshold_bytes:
                self._raised.pop((gateway.name, level), None)
            elif (gateway.name, level) not in self._raised:
                self._raised[gateway.name, level] = now_us
                self._note_stop(gateway, settings, level, now_us)
                yield AlertRaised(gateway.name, level.value, used_bytes, threshold_bytes)

    def _note_stop(self, gateway: Deployment, settings: Settings, level: Level, now_us: int) -> None:
        stops = settings.stop_on_critical and has(self._version, Feature.STOP_ON_CRITICAL)
        if level is Level.CRITICAL and stops:
            self._to_stop[gateway.name] = now_us

    def _stops(self) -> list[Message]:
        """Order the stop of gateways that crossed the critical level, as soon as they can be stopped.

        Assumption: a gateway that is being changed when it crosses the level is stopped at the next check after that.
        """
        ready = [name for name in self._to_stop if self._deployments[name].state is State.READY]
        for name in ready:
            del self._to_stop[name]
        return [Message("cloud_manager", Step(stop_gateway=name)) for name in ready]


def level_bytes(settings: Settings, level: Level) -> int:
    """Return the outbound bytes in 14 days at which a level is crossed."""
    share: int = getattr(settings, level.value)
    return settings.threshold * share // PARTS_PER_MILLION
