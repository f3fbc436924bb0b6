"""What a resource type is: one row of facts and a few functions that know its particulars."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, Flag, auto
from typing import Any

from cmgsim.arm.calls import Call
from cmgsim.arm.errors import ArmError, bad_request, busy
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.operations import Operation
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import Resource

Handler = Callable[[Cloud, Call], Answer]
Effect = Callable[[Cloud, Operation], None]
View = Callable[[Cloud, Resource], Json]


class Style(Enum):
    """How a provider answers what takes time (source: "Track asynchronous Azure operations").

    ``SYNC`` is done at once. ``STATUS`` shows the resource and an ``Azure-AsyncOperation`` to ask. ``LOCATION`` shows
    nothing but a ``Location`` to ask. ``BODY`` shows the resource, whose provisioning state is to be read again.
    """

    SYNC = auto()
    STATUS = auto()
    LOCATION = auto()
    BODY = auto()


class Trait(Flag):
    """What sets some types apart."""

    NONE = 0
    TRACKED = auto()  # has a location and tags of its own
    ETAG = auto()  # shows its etag
    CLASSIC = auto()  # of the classic deployment model


@dataclass(frozen=True, slots=True)
class NameRule:
    """Which names a type takes, and the error for the others; ``{name}`` stands for the name."""

    pattern: re.Pattern[str]
    code: str
    message: str

    def check(self, name: str) -> None:
        """Let a good name pass.

        Raises:
            ArmError: 400 with the rule's own code.
        """
        if not self.pattern.fullmatch(name):
            raise bad_request(self.code, self.message.replace("{name}", name))


ANY_NAME = NameRule(
    re.compile(r"[A-Za-z0-9]([\w.()-]{0,78}[\w)-])?"),
    "InvalidResourceName",
    "Resource name {name} is invalid. The name can be up to 80 characters long. It must begin with a letter or number "
    "and may contain letters, numbers, underscores, periods, parentheses or hyphens.",
)


def no_names(cloud: Cloud, resource: Resource) -> tuple[str, ...]:
    """Hold no name that is one of a kind."""
    return ()


def no_cores(resource: Resource) -> int:
    """Take no cores."""
    return 0


def no_check(cloud: Cloud, resource: Resource) -> None:
    """Find nothing wrong."""


def as_written(cloud: Cloud, resource: Resource) -> Resource:
    """Add nothing to what was written."""
    return resource


def nothing_more(cloud: Cloud, resource: Resource) -> Json:
    """Show no property that was not written."""
    return {}


def name_conflict(cloud: Cloud, resource: Resource, holder: str) -> ArmError:
    """Say that the name a resource wants is held by *holder*, an id or another customer."""
    return ArmError(409, "Conflict", f"The name '{resource.name}' is already taken.")


@dataclass(frozen=True, slots=True)
class ResourceType:
    """One row of the table of types.

    ``lifecycle`` is the first word of its lifecycles: with ``vaults``, creation follows ``vaults.create``.
    ``first_api`` is the oldest api-version it answers to. ``claims`` says which names of the world a resource holds,
    ``taken`` what is said when another holds one; ``cores`` what it takes of the quota; ``check`` refuses what is wrong
    with a body; ``complete`` adds what the provider decides at creation; ``view`` what it shows beyond what was
    written.
    """

    name: str
    lifecycle: str
    first_api: str
    create: Style = Style.SYNC
    update: Style = Style.SYNC
    delete: Style = Style.SYNC
    retry_after_s: int = 5
    traits: Trait = Trait.TRACKED
    name_rule: NameRule = ANY_NAME
    claims: Callable[[Cloud, Resource], tuple[str, ...]] = no_names
    taken: Callable[[Cloud, Resource, str], ArmError] = name_conflict
    cores: Callable[[Resource], int] = no_cores
    check: Callable[[Cloud, Resource], None] = no_check
    complete: Callable[[Cloud, Resource], Resource] = as_written
    view: View = nothing_more
    busy: Callable[[str], ArmError] = busy

    @property
    def key(self) -> str:
        """Return the name by which it is found."""
        return self.name.lower()

    @property
    def namespace(self) -> str:
        """Return the provider's namespace."""
        return self.name.partition("/")[0]

    @property
    def model(self) -> str:
        """Return the deployment model, as messages name it."""
        return "Classic" if Trait.CLASSIC in self.traits else "Resource Manager"


@dataclass(frozen=True, slots=True)
class Provider:
    """A namespace: its types, the routes it answers itself (method and route to handler) and its effects."""

    namespace: str
    types: tuple[ResourceType, ...] = ()
    routes: Mapping[tuple[str, str], Handler] | None = None
    effects: Mapping[str, Effect] | None = None


def text_of(document: Mapping[str, Any], name: str, default: str = "") -> str:
    """Return a text of a document, the default when it is absent or empty.

    Raises:
        ArmError: 400 ``InvalidRequestContent`` if it is no text.
    """
    value = document.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise bad_request("InvalidRequestContent", f"The value of '{name}' must be a string, not {value!r}.")
    return value or default


def object_of(document: Mapping[str, Any], name: str) -> Json:
    """Return an object of a document, an empty one when it is absent.

    Raises:
        ArmError: 400 ``InvalidRequestContent`` if it is no object.
    """
    value = document.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise bad_request("InvalidRequestContent", f"The value of '{name}' must be an object, not {value!r}.")
    return value


def list_of(document: Mapping[str, Any], name: str) -> list[Any]:
    """Return a list of a document, an empty one when it is absent.

    Raises:
        ArmError: 400 ``InvalidRequestContent`` if it is no list.
    """
    value = document.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise bad_request("InvalidRequestContent", f"The value of '{name}' must be a list, not {value!r}.")
    return value


def objects_of(document: Mapping[str, Any], name: str) -> list[Json]:
    """Return a list of objects of a document, an empty one when it is absent.

    Raises:
        ArmError: 400 ``InvalidRequestContent`` if it is anything else.
    """
    values = list_of(document, name)
    for value in values:
        if not isinstance(value, dict):
            raise bad_request("InvalidRequestContent", f"The values of '{name}' must be objects, not {value!r}.")
    return values


def texts_of(document: Mapping[str, Any], name: str) -> list[str]:
    """Return a list of texts of a document, an empty one when it is absent.

    Raises:
        ArmError: 400 ``InvalidRequestContent`` if it is anything else.
    """
    values = list_of(document, name)
    for value in values:
        if not isinstance(value, str):
            raise bad_request("InvalidRequestContent", f"The values of '{name}' must be strings, not {value!r}.")
    return values


def count_of(document: Mapping[str, Any], name: str, default: int, most: int) -> int:
    """Return a whole number of 0..most of a document.

    Raises:
        ArmError: 400 ``InvalidParameter`` if it is anything else.
    """
    value = document.get(name, default)
    if type(value) is not int or not 0 <= value <= most:
        raise bad_request("InvalidParameter", f"The value of '{name}' must be a number of 0 to {most}, not {value!r}.")
    return value
