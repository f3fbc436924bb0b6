"""One client to look at: what its control panel and its WMI show."""

from __future__ import annotations

from dataclasses import dataclass

from cmgsim.errors import UnknownName
from cmgsim.fleet.days import Place
from cmgsim.fleet.engine import FleetEngine
from cmgsim.fleet.population import Fleet
from cmgsim.site.client import Connection, control_panel
from cmgsim.site.landscape import Landscape
from cmgsim.site.wmi import ClientFacts, Namespace, known_internet_points, namespace


@dataclass(frozen=True)
class ClientView:
    """One client as it was when it was looked at."""

    name: str
    """Its population and its number there, such as ``laptops-17``."""
    place: Place
    facts: ClientFacts

    @property
    def connection_type(self) -> str:
        """What its control panel shows as the connection type; empty while it is off."""
        return control_panel(self.facts.connection, known_internet_points(self.facts))

    @property
    def management_point(self) -> str:
        """What its control panel shows as its management point; empty if it uses none."""
        return self.facts.landscape.contacts[self.facts.contact].url if self.facts.contact >= 0 else ""

    def wmi(self, name: str) -> Namespace:
        r"""Return one of its WMI namespaces, such as ``root/ccm/LocationServices``.

        Raises:
            UnknownName: if there is none of that name.
        """
        return namespace(name, self.facts)


def numbered(fleet: Fleet, which: int | str) -> int:
    """Return a client's row by its row, or by its name: ``laptops-17`` is the 17th of its population.

    Raises:
        UnknownName: if there is no such client.
    """
    if isinstance(which, int) or which.isdecimal():
        row = int(which)
        if 0 <= row < len(fleet):
            return row
        raise UnknownName("client", str(which), _some(fleet))
    population, _, member = which.rpartition("-")
    names = [traits.name for traits in fleet.traits]
    if population in names and member.isdecimal():
        chosen = (fleet.population == names.index(population)) & (fleet.member == int(member) - 1)
        if chosen.any():
            return int(chosen.argmax())
    raise UnknownName("client", which, _some(fleet))


def view(fleet: Fleet, engine: FleetEngine, landscape: Landscape, which: int | str, version: int) -> ClientView:
    """Look at one client now.

    Raises:
        UnknownName: if there is no such client.
    """
    row, roll = numbered(fleet, which), engine.roll()
    place, connection = Place(roll.place[row]), Connection(roll.connection[row])
    locale = int((fleet.vpn if place is Place.VPN else fleet.home)[row])
    traits = fleet.traits[int(fleet.population[row])]
    return ClientView(
        f"{traits.name}-{int(fleet.member[row]) + 1}",
        place,
        ClientFacts(
            site=fleet.locales[locale].site,
            landscape=landscape,
            publication=int(roll.publication[row]),
            tiers=landscape.tiers[locale] if connection is Connection.INTRANET else (),
            connection=connection,
            contact=int(roll.contact[row]),
            located_us=int(roll.located_us[row]),
            version=version,
        ),
    )


def _some(fleet: Fleet) -> list[str]:
    return [f"{traits.name}-1" for traits in fleet.traits]
