"""A gateway's life, as a state table, and what is known of one gateway at a moment.

Theory of operation: :data:`TRANSITIONS` is the whole truth about what can be done to a gateway and when; the diagram in
the documentation is drawn from it. A :class:`Deployment` is what the console lists under Administration > Cloud
Services > Cloud Management Gateway: one row for each gateway of the design, absent ones included.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from cmgsim.errors import IllegalTransition

if TYPE_CHECKING:
    from cmgsim.design.gateways import Gateway


class State(Enum):
    """Where a gateway is in its life.

    ``code`` is the value of ``SMS_AzureService.State``, None where no code is known; ``console`` is what the *Status*
    column shows.

    Assumption: A-23: codes 1, 5 and 99 mean provisioning, stopping and deleting; any unknown code means failed.
    Assumption: the Status column shows Upgrading while a gateway is being scaled or its settings change.
    """

    ABSENT = ("absent", None, "")
    PROVISIONING = ("provisioning", 1, "Provisioning")
    READY = ("ready", 0, "Ready")
    UPDATING = ("updating", None, "Upgrading")
    STOPPING = ("stopping", 5, "Stopping")
    STOPPED = ("stopped", 6, "Stopped")
    STARTING = ("starting", 4, "Starting")
    DELETING = ("deleting", 99, "Deleting")
    FAILED = ("failed", None, "Error")

    def __init__(self, word: str, code: int | None, console: str) -> None:
        self.word = word
        self.code = code
        self.console = console

    @classmethod
    def from_code(cls, code: int) -> State:
        """Return the state that an exported ``SMS_AzureService.State`` stands for."""
        return next((state for state in cls if state.code == code), cls.FAILED)


class Event(Enum):
    """What happens to a gateway: five things one can ask for, and two ways for them to end."""

    CREATE = "create"
    UPDATE = "update"
    STOP = "stop"
    START = "start"
    DELETE = "delete"
    DONE = "done"
    FAILED = "failed"


#: What follows what. What an event has no row for is refused, and nothing changes.
#: Assumption: a change, a stop or a start that fails in Azure leaves the service as it was before.
TRANSITIONS: dict[State, dict[Event, State]] = {
    State.ABSENT: {Event.CREATE: State.PROVISIONING},
    State.PROVISIONING: {Event.DONE: State.READY, Event.FAILED: State.FAILED},
    State.READY: {Event.UPDATE: State.UPDATING, Event.STOP: State.STOPPING, Event.DELETE: State.DELETING},
    State.UPDATING: {Event.DONE: State.READY, Event.FAILED: State.READY},
    State.STOPPING: {Event.DONE: State.STOPPED, Event.FAILED: State.READY},
    State.STOPPED: {Event.START: State.STARTING, Event.DELETE: State.DELETING},
    State.STARTING: {Event.DONE: State.READY, Event.FAILED: State.STOPPED},
    State.DELETING: {Event.DONE: State.ABSENT, Event.FAILED: State.FAILED},
    State.FAILED: {Event.DELETE: State.DELETING},
}

#: States in which an operation of the cloud service manager runs.
RUNNING = tuple(state for state, row in TRANSITIONS.items() if Event.DONE in row)


@dataclass(slots=True)
class Deployment:
    """One gateway as the site sees it; a row of the console's list, whether it exists or not.

    ``settings`` are its settings now, ``fqdn`` what clients ask for, ``service_name`` its first label, ``vms`` how many
    VMs run now, ``site`` the top-level site that manages it, ``application`` the Azure AD application that the wizard
    filled in by itself (source: "Set up cloud management gateway", step 3; empty for classic deployments).
    """

    name: str
    settings: Gateway
    fqdn: str
    service_name: str
    state: State = State.ABSENT
    vms: int = 0
    description: str = ""
    site: str = ""
    application: str = ""

    @property
    def serving(self) -> bool:
        """Clients are served: the service is ready, or is being changed while its VMs run on."""
        return self.state in (State.READY, State.UPDATING)

    @property
    def present(self) -> bool:
        """The console lists it."""
        return self.state is not State.ABSENT

    def following(self, event: Event) -> State:
        """Return the state that an event leads to.

        Raises:
            IllegalTransition: if the table has no row for it.
        """
        row = TRANSITIONS[self.state]
        if event not in row:
            allowed = ", ".join(known.value for known in row)
            raise IllegalTransition(
                f"gateway {self.name} is {self.state.word}, where {event.value} has no row; possible now: {allowed}"
            )
        return row[event]

    def apply(self, event: Event) -> State:
        """Take an event and return the state before it.

        Raises:
            IllegalTransition: if the table has no row for it; nothing has changed then.
        """
        before, self.state = self.state, self.following(event)
        return before


@dataclass(frozen=True)
class GatewayChanged:
    """Told to every connection point when a gateway's state or number of VMs has changed."""

    gateway: str


def mermaid_states(table: Mapping[Any, Mapping[Any, Any]], start: object) -> str:
    """Draw any table of ``{state: {event: state}}`` of enum members as a Mermaid state diagram, line by line."""
    rows = [
        f"    {_word(state)} --> {_word(following)}: {_word(event)}"
        for state, row in table.items()
        for event, following in row.items()
    ]
    return "\n".join(["stateDiagram-v2", f"    [*] --> {_word(start)}", *rows])


def diagram(transitions: Mapping[State, Mapping[Event, State]] = TRANSITIONS) -> str:
    """Draw a gateway's life as a Mermaid state diagram."""
    return mermaid_states(transitions, State.ABSENT)


def _word(member: Any) -> str:
    return str(getattr(member, "word", member.value))
