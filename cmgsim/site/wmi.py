r"""What WMI on a client answers: a few classes of ``root\ccm``, and the queries that administrators ask them.

``SELECT * FROM SMS_ActiveMPCandidate WHERE Type='Internet'`` in ``root\ccm\LocationServices`` lists the gateways that a
client knows (source: "Set up cloud management gateway", Configure clients for CMG).

Assumption: A-18: candidates show Locality, State and SiteCode beside MP, Type, Index, Capabilities and Version.
Assumption: Names of classes and properties are found in any letter case, and texts are compared in any letter case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cmgsim.errors import UnknownName, UsageError
from cmgsim.site.candidates import active_candidates
from cmgsim.site.client import Connection, Target
from cmgsim.site.landscape import Landscape
from cmgsim.tables import Table
from cmgsim.units import format_moment

Value = str | int | bool
"""What a property can hold."""


@dataclass(frozen=True)
class ClientFacts:
    """What WMI on one client is asked about."""

    site: str
    landscape: Landscape
    publication: int
    """The number of what it knows."""
    tiers: tuple[tuple[int, ...], ...]
    """On the intranet, the contacts it is offered, best tier first; else empty."""
    connection: Connection
    contact: int
    """The contact it uses, or -1."""
    located_us: int
    """When it last asked for locations with success, or -1."""
    version: int


@dataclass(frozen=True)
class Namespace:
    """One WMI namespace of one client; ask it with :meth:`query`."""

    name: str
    facts: ClientFacts

    def query(self, wql: str) -> Table:
        """Answer a query: ``SELECT MP, Index FROM SMS_ActiveMPCandidate WHERE Type='Internet'``.

        Raises:
            UsageError: if this is no query that can be answered here.
            UnknownName: if there is no such class or property.
        """
        asked = read_query(wql)
        classes = {name.casefold(): name for name in NAMESPACES[self.name]}
        if asked.class_name.casefold() not in classes:
            raise UnknownName(f"class in {self.name}", asked.class_name, classes.values())
        return select(NAMESPACES[self.name][classes[asked.class_name.casefold()]](self.facts), asked)


def namespace(name: str, facts: ClientFacts) -> Namespace:
    r"""Return a namespace of a client, such as ``root/ccm/LocationServices`` or ``root\ccm``.

    Raises:
        UnknownName: if there is none of that name.
    """
    wanted = name.replace("\\", "/").strip("/").casefold()
    found = next((known for known in NAMESPACES if known.casefold() == wanted), None)
    if found is None:
        raise UnknownName("WMI namespace", name, NAMESPACES)
    return Namespace(found, facts)


# -- the classes -------------------------------------------------------------------------------------------------------


def _candidates(facts: ClientFacts) -> Table:
    rows = active_candidates(facts.landscape, facts.publication, facts.tiers)
    return Table(
        (*rows.columns, "Version", "Locality", "State", "SiteCode"),
        ((*row, str(facts.version), _locality(facts, str(row[0])), 0, facts.site) for row in rows),
    )


def _locality(facts: ClientFacts, url: str) -> int:
    """Return 3 for the best tier, then 2 and 1; 0 for what is on the internet."""
    for place, tier in enumerate(facts.tiers):
        if any(facts.landscape.contacts[contact].url == url for contact in tier):
            return max(3 - place, 0)
    return 0


def _list(facts: ClientFacts) -> Table:
    moment = "" if facts.located_us < 0 else format_moment(facts.located_us)
    return Table(("LastUpdateTime",), [(moment,)] if moment else ())


def _proxies(facts: ClientFacts) -> Table:
    """Management points of secondary sites and of other sites, which no client here uses."""
    return Table(("MP", "SiteCode"), ())


def _authority(facts: ClientFacts) -> Table:
    current = facts.landscape.contacts[facts.contact].url if facts.contact >= 0 else ""
    return Table(("Name", "CurrentManagementPoint"), [(f"SMS:{facts.site}", current)])


def _info(facts: ClientFacts) -> Table:
    return Table(("InInternet",), [(facts.connection >= Connection.INTERNET,)])


NAMESPACES: Mapping[str, Mapping[str, Callable[[ClientFacts], Table]]] = {
    "root/ccm": {"SMS_Authority": _authority, "ClientInfo": _info},
    "root/ccm/LocationServices": {
        "SMS_ActiveMPCandidate": _candidates,
        "SMS_MPListEx": _list,
        "SMS_LocalMP": _proxies,
        "SMS_MPProxyInformation": _proxies,
    },
}
"""Every class, by namespace."""


# -- the query language ------------------------------------------------------------------------------------------------

EXAMPLE = "SELECT * FROM SMS_ActiveMPCandidate WHERE Type='Internet'"
_QUERY = re.compile(r"\s*SELECT\s+(.+?)\s+FROM\s+(\w+)(?:\s+WHERE\s+(.+?))?\s*", re.IGNORECASE | re.DOTALL)
_CONDITION = re.compile(r"""\s*(\w+)\s*(=|<>|!=)\s*('(?:[^'])*'|"(?:[^"])*"|-?[0-9]+|TRUE|FALSE)\s*""", re.IGNORECASE)
_AND = re.compile(r"AND\b", re.IGNORECASE)


@dataclass(frozen=True)
class Condition:
    """One comparison of a WHERE clause."""

    property_name: str
    equal: bool
    value: Value


@dataclass(frozen=True)
class Query:
    """A query as read. ``properties`` is empty for all."""

    properties: tuple[str, ...]
    class_name: str
    conditions: tuple[Condition, ...]


def read_query(wql: str) -> Query:
    """Read ``SELECT <properties or *> FROM <class> [WHERE <property> =|<> <value> [AND ...]]``.

    Raises:
        UsageError: if it is no such query.
    """
    match = _QUERY.fullmatch(wql)
    if match is None:
        raise UsageError(f"{wql!r} is no query: write it like {EXAMPLE!r}")
    names = tuple(part.strip() for part in match[1].split(","))
    if names != ("*",) and not all(re.fullmatch(r"\w+", name) for name in names):
        raise UsageError(f"{match[1]!r} is no list of properties: write '*', or names with commas between")
    return Query(() if names == ("*",) else names, match[2], tuple(_conditions(match[3])) if match[3] else ())


def _conditions(text: str) -> Sequence[Condition]:
    """Read comparisons one after the other, so that a text may hold the word AND."""
    found, place = [], 0
    while True:
        match = _CONDITION.match(text, place)
        if match is None:
            raise UsageError(f"{text[place:]!r} is no comparison: write it like \"Type='Internet'\"")
        found.append(Condition(match[1], match[2] == "=", _value(match[3])))
        place = match.end()
        if place == len(text):
            return found
        joined = _AND.match(text, place)
        if joined is None:
            raise UsageError(f"{text[place:]!r} cannot follow a comparison: join comparisons with AND")
        place = joined.end()


def _value(text: str) -> Value:
    if text[0] in "'\"":
        return text[1:-1]
    if text.casefold() in ("true", "false"):
        return text.casefold() == "true"
    return int(text)


def select(rows: Table, asked: Query) -> Table:
    """Return the rows of a class that a query wants, with the properties it wants.

    Raises:
        UnknownName: if the class has no such property.
    """
    places = {name.casefold(): place for place, name in enumerate(rows.columns)}

    def place_of(name: str) -> int:
        if name.casefold() not in places:
            raise UnknownName(f"property of {asked.class_name}", name, rows.columns)
        return places[name.casefold()]

    wanted = [place_of(name) for name in asked.properties] or list(range(len(rows.columns)))
    tests = [(place_of(one.property_name), one) for one in asked.conditions]
    kept = (row for row in rows if all(_equal(row[place], one.value) is one.equal for place, one in tests))
    return Table(
        tuple(rows.columns[place] for place in wanted), (tuple(row[place] for place in wanted) for row in kept)
    )


def _equal(left: object, right: Value) -> bool:
    if isinstance(left, str) or isinstance(right, str):
        return str(left).casefold() == str(right).casefold()
    return left == right


def known_internet_points(facts: ClientFacts) -> tuple[int, ...]:
    """Return the management points a client knows on the internet, as contacts."""
    return facts.landscape.of(Target.MANAGEMENT_POINT, facts.landscape.publications[facts.publication])
