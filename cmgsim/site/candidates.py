r"""What a client shows of the management points it knows, in the shape of ``SMS_ActiveMPCandidate``.

Administrators look with ``Get-WmiObject -Namespace Root\Ccm\LocationServices -Class SMS_ActiveMPCandidate`` and keep
the rows of type Internet (source: "Set up cloud management gateway", Configure clients for CMG). A gateway is no
internet-based management point, but looks like one there.

Assumption: A-18: Index counts from 0 within each type, and intranet management points are listed with type Assigned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cmgsim.site.client import Target
from cmgsim.site.landscape import Contact, Landscape, Over
from cmgsim.tables import Table

COLUMNS = ("MP", "Type", "Index", "Capabilities")
ASSIGNED = "Assigned"
INTERNET = "Internet"
TYPES: dict[Over, str] = {Over.INTRANET: ASSIGNED, Over.GATEWAY: INTERNET, Over.INTERNET: INTERNET}

SSL = '<Capabilities SchemaVersion ="1.0"><Property Name="SSL" Version="1" /></Capabilities>'
PLAIN = '<Capabilities SchemaVersion ="1.0"></Capabilities>'


def active_candidates(landscape: Landscape, publication: int, tiers: Sequence[Sequence[int]] = ()) -> Table:
    """Return the candidates of a client that knows *publication*, and on the intranet the contacts of *tiers*.

    Columns: ``MP`` (a gateway's URL without scheme, or a server's name), ``Type`` (``Assigned`` or ``Internet``),
    ``Index`` and ``Capabilities`` (whether it takes SSL).
    """
    numbers = [*(contact for tier in tiers for contact in tier), *landscape.publications[publication]]
    points = landscape.of(Target.MANAGEMENT_POINT, tuple(dict.fromkeys(numbers)))
    known = [landscape.contacts[number] for number in points]
    return Table(COLUMNS, [*_rows(known, ASSIGNED), *_rows(known, INTERNET)])


def _rows(contacts: Iterable[Contact], kind: str) -> Iterator[tuple[str, str, int, str]]:
    matching = (contact for contact in contacts if TYPES[contact.over] == kind)
    for index, contact in enumerate(matching):
        yield contact.url, kind, index, PLAIN if contact.over is Over.INTRANET else SSL
