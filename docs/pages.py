"""Reference pages made from what the code holds: the linter's rules, a gateway's life, versions, steps and checks."""

from __future__ import annotations

from pathlib import Path

from diagrams import GATEWAY_PLACES, state_diagram
from pydantic import BaseModel

MADE = "<!-- Made by docs/generate.py: change its sources, then run it. -->"


def rules(root: Path) -> str:
    """Make the page of the linter's rules."""
    from cmgsim.lint.pages import rules_page

    return f"{MADE}\n\n{rules_page().strip()}\n"


def gateway_life_drawing(root: Path) -> str:
    """Draw the life of a gateway."""
    from cmgsim.site.deployment import TRANSITIONS

    arrows: dict[tuple[str, str], list[str]] = {}
    for state, row in TRANSITIONS.items():
        for event, following in row.items():
            arrows.setdefault((state.word, following.word), []).append(event.value)
    return state_diagram(arrows, GATEWAY_PLACES)


def gateway_life(root: Path) -> str:
    """Make the page on the life of a gateway."""
    from cmgsim.site.deployment import TRANSITIONS, State

    lines = [
        f"| {state.word} | {state.console or '(not listed)'} | {'' if state.code is None else state.code} | "
        + ", ".join(f"{event.value} → {following.word}" for event, following in TRANSITIONS[state].items())
        + " |"
        for state in State
    ]
    return "\n".join(
        [
            f"{MADE}\n\n# A gateway's life\n",
            "What can be done to a gateway, and what follows. An event that a state has no arrow for is refused, and",
            "nothing changes. Drawing and table are made from the table the simulator runs on.\n",
            "```{image} gateway_life.svg\n:alt: State diagram of a gateway\n:width: 100%\n```\n",
            "| state | Status column | `SMS_AzureService.State` | events |\n| --- | --- | --- | --- |",
            *lines,
            "",
        ]
    )


def versions(root: Path) -> str:
    """Make the page on versions and features."""
    from cmgsim.design.versions import BASELINE, GATES, VERSIONS

    lines = [
        f"| {feature.value} | {gate.since} | {gate.until or ''} | {gate.source} |" for feature, gate in GATES.items()
    ]
    return "\n".join(
        [
            f"{MADE}\n\n# Versions\n",
            f"Versions of Configuration Manager with a profile: {', '.join(map(str, VERSIONS))}. The default is",
            f"{BASELINE}. A version changes what happens only through this table and the rated sizes beside it.\n",
            "| feature | since | until | source |\n| --- | --- | --- | --- |",
            *lines,
            "",
        ]
    )


def steps(root: Path) -> str:
    """Make the page on plan steps."""
    from cmgsim.design.plan import Step

    return _fields(
        "Steps of a plan",
        "Each step is a mapping with one of these verbs, and perhaps a `label`, such as `- wait: 24h`. The next step\n"
        "begins when the one before has come to its end.",
        Step,
        skip=("label",),
    )


def faults(root: Path) -> str:
    """Make the page on faults."""
    from cmgsim.arm.faults import POINTS
    from cmgsim.design.hardships import AZURE_POINTS, Fault, Swarm
    from cmgsim.design.record import meanings

    kinds = _fields(
        "Faults",
        "What can go wrong in a scenario. Each entry of `faults:` is a mapping with one of these kinds, and a window:\n"
        "`at` counts from the beginning of the run, `lasting` from there (left out, to the end), such as\n"
        '`- vm_down: {gateway: east, vm: 1}`. In Python: `with world.fault("vm_down", gateway="east", vm=1):`.',
        Fault,
        skip=("at", "lasting"),
    )
    swarm = [f"| `{name}` | {_line(meaning)} |" for name, meaning in meanings(Swarm).items()]
    points = [
        f"| `{point.value}` | {_line(meaning)} | {', '.join(f'`{name}`' for name in parameters)} |"
        for point, (meaning, parameters) in POINTS.items()
        if point in AZURE_POINTS
    ]
    return "\n".join(
        [
            kinds,
            "## Points of azure_fault\n",
            "| point | what happens | parameters |\n| --- | --- | --- |",
            *points,
            "\n## A swarm\n",
            "`swarm:` beside `faults:` draws a mix by the seed of each run.\n",
            "| name | meaning |\n| --- | --- |",
            *swarm,
            "",
        ]
    )


def checks(root: Path) -> str:
    """Make the page on checks."""
    from cmgsim.design.scenario import Expectation

    return _fields(
        "Checks",
        "What a scenario can `expect:`, and `cmgsim.judge` can be asked, by name and parameters.",
        Expectation,
    )


def _fields(title: str, introduction: str, model: type[BaseModel], skip: tuple[str, ...] = ()) -> str:
    lines = [f"{MADE}\n\n# {title}\n", f"{introduction}\n", "| name | meaning | parameters |\n| --- | --- | --- |"]
    from cmgsim.design.record import meanings

    described = meanings(model)
    for name, field in model.model_fields.items():
        if name not in skip:
            lines.append(f"| `{name}` | {_line(described.get(name))} | {_parameters(field.annotation)} |")
    return "\n".join([*lines, ""])


def _parameters(annotation: object) -> str:
    """List the parameters of a record; a step that takes one value has none."""
    for part in getattr(annotation, "__args__", ()):
        fields = getattr(part, "model_fields", None)
        if fields is not None:
            return ", ".join(f"`{name}`" for name in fields)
    return ""


def _line(text: str | None) -> str:
    return " ".join((text or "").split())
