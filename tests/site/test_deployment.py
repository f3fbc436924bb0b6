"""The table of a gateway's life: nothing unreachable, nothing without an end, nothing changed by what has no row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from site_parts import design_of

from cmgsim.errors import IllegalTransition
from cmgsim.site.deployment import RUNNING, TRANSITIONS, Deployment, Event, State, diagram, mermaid_states

ENDS = (Event.DONE, Event.FAILED)


def deployment(state: State = State.ABSENT) -> Deployment:
    return Deployment("east", design_of().gateways["east"], "GraniteFalls.contoso.com", "GraniteFalls", state)


def test_every_state_is_reached_from_absent_and_leads_back_to_it():
    def reachable(start):
        found = [start]
        for state in found:
            found += [after for after in dict.fromkeys(TRANSITIONS[state].values()) if after not in found]
        return found

    assert set(reachable(State.ABSENT)) == set(State) == set(TRANSITIONS)
    assert all(State.ABSENT in reachable(state) for state in State)


def test_an_operation_can_only_end_and_only_an_operation_ends():
    for state, row in TRANSITIONS.items():
        assert set(row) == set(ENDS) if state in RUNNING else not set(row) & set(ENDS)


@given(st.lists(st.sampled_from(Event), max_size=30))
def test_events_without_a_row_change_nothing(events):
    gateway = deployment()
    for event in events:
        before = gateway.state
        if event in TRANSITIONS[before]:
            assert gateway.apply(event) is before
            assert gateway.state is TRANSITIONS[before][event]
        else:
            with pytest.raises(IllegalTransition, match=f"gateway east is {before.word}"):
                gateway.apply(event)
            assert gateway.state is before


def test_the_error_names_what_is_possible():
    with pytest.raises(IllegalTransition, match="possible now: start, delete"):
        deployment(State.STOPPED).apply(Event.UPDATE)


@pytest.mark.seed("S-56", "S-110")
def test_clients_are_served_while_the_service_is_ready_or_is_being_changed():
    assert [state for state in State if deployment(state).serving] == [State.READY, State.UPDATING]


def test_only_an_absent_gateway_is_not_in_the_consoles_list():
    assert [state for state in State if not deployment(state).present] == [State.ABSENT]


@pytest.mark.parametrize(
    ("code", "state"),
    [
        (0, State.READY),
        (1, State.PROVISIONING),
        (4, State.STARTING),
        (5, State.STOPPING),
        (6, State.STOPPED),
        (99, State.DELETING),
        (42, State.FAILED),
    ],
)
def test_an_exported_state_is_read_by_its_code(code, state):
    assert State.from_code(code) is state


def test_the_diagram_has_a_line_for_every_row_of_the_table():
    lines = diagram().splitlines()
    assert lines[:2] == ["stateDiagram-v2", "    [*] --> absent"]
    assert len(lines) == 2 + sum(len(row) for row in TRANSITIONS.values())
    assert "    ready --> stopping: stop" in lines


def test_any_table_of_enum_members_can_be_drawn():
    table = {Event.START: {Event.DONE: Event.STOP}}
    assert mermaid_states(table, Event.START).splitlines()[1:] == ["    [*] --> start", "    start --> stop: done"]
