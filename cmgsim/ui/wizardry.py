"""``cmgsim wizard``: what the console of a version asks for a gateway, and what a design answers."""

from __future__ import annotations

import textwrap
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmgsim.errors import UnknownName, UsageError
from cmgsim.ui.door import door
from cmgsim.ui.kinds import wanted
from cmgsim.ui.outlet import Exit, Form, Outlet

if TYPE_CHECKING:
    from cmgsim.design.model import Design
    from cmgsim.site.wizard import Entry, Refusal

MODELS = ("classic", "arm", "vmss")


@click.command("wizard", short_help="Show what the console asks for a gateway, and what a design answers.")
@click.argument("design_file", required=False, metavar="[DESIGN]", type=click.Path(path_type=Path))
@click.option(
    "--gateway",
    metavar="NAME",
    help="Answer as this gateway of the design; left out, the first that is planned, or the first.",
)
@click.option("--version", type=int, metavar="VERSION", help="The site's version; left out, the design's, or 1906.")
@click.option(
    "--method",
    type=click.Choice(MODELS),
    help="The deployment method; left out, the gateway's, or the newest the version has.",
)
@click.option("--properties", is_flag=True, help="Show instead what can be changed later, and what takes a redeploy.")
@door("wizard")
def wizard_command(
    outlet: Outlet,
    design_file: Path | None,
    gateway: str | None,
    version: int | None,
    method: str | None,
    properties: bool,
) -> int:
    """Show the pages of the create wizard as the console of a version has them.

    Example: cmgsim wizard contoso.design.yaml --gateway new

    With a design, every page shows the design's answers, and below what the console refuses. Exit codes: 0 shown, 1
    the console refuses something, 2 no such version or gateway.
    """
    entry = _entry(design_file, gateway, version, method)
    at, model = _asked(entry, version, method)
    if entry is None:
        _require_method(at, model, _Page.PROPERTIES if properties else _Page.CREATE)
    if properties:
        return _show_properties(outlet, at, model)
    refused = _refused(entry)
    if outlet.form is Form.JSON:
        outlet.show_data(_data(at, model, entry, refused))
    else:
        outlet.show(_text(outlet, at, model, entry, refused))
    return Exit.FAILED if refused else Exit.HOLDS


def _entry(design_file: Path | None, gateway: str | None, version: int | None, method: str | None) -> Entry | None:
    """Return what a design enters, in the version and by the method asked for."""
    if design_file is None:
        if gateway is not None:
            raise UsageError("--gateway needs a design: cmgsim wizard DESIGN --gateway NAME")
        return None
    from cmgsim.design.files import load_design
    from cmgsim.site.wizard import Entry

    design = _in_version(load_design(wanted(design_file, "design")), version)
    if not design.gateways:
        raise UsageError(f"{design_file} has no gateway")
    name = gateway or min(design.gateways, key=lambda one: not design.gateways[one].planned)
    if name not in design.gateways:
        raise UnknownName("gateway", name, design.gateways)
    settings = design.gateways[name]
    settings = settings.model_copy(update={"deployment": method}) if method else settings
    groups = {
        group.lower(): found.region
        for subscription in design.azure.subscriptions.values()
        for group, found in subscription.resource_groups.items()
    }
    return Entry(design, name, settings, design.hierarchy.gateway_feature, groups)


def _in_version(design: Design, version: int | None) -> Design:
    if version is None:
        return design
    _known(version)
    return design.model_copy(update={"hierarchy": design.hierarchy.model_copy(update={"version": version})})


def _known(version: int) -> int:
    from cmgsim.design.versions import VERSIONS

    if version not in VERSIONS:
        raise UsageError(f"there is no profile of version {version}; there are {', '.join(map(str, VERSIONS))}")
    return version


def _asked(entry: Entry | None, version: int | None, method: str | None) -> tuple[int, str]:
    from cmgsim.design.versions import BASELINE

    if entry is not None:
        return entry.version, entry.settings.deployment
    at = _known(version or BASELINE)
    return at, method or _methods(at, _Page.CREATE)[-1]


class _Page(Enum):
    """What is looked at: a gateway that is created, or one that is there."""

    CREATE = "creates no gateway"
    PROPERTIES = "knows no gateway"


def _methods(version: int, page: _Page) -> list[str]:
    """Return the methods of a version, the newest last; gateways of the classic one stay when none is created more."""
    from cmgsim.design.versions import Feature, has

    needs = {"arm": Feature.RESOURCE_MANAGER, "vmss": Feature.SCALE_SET}
    if page is _Page.CREATE:
        needs["classic"] = Feature.CLASSIC_CREATION
    return [model for model in MODELS if model not in needs or has(version, needs[model])]


def _require_method(version: int, model: str, page: _Page) -> None:
    methods = _methods(version, page)
    if model not in methods:
        raise UsageError(f"version {version} {page.value} by the method {model}; it has {' and '.join(methods)}")


def _refused(entry: Entry | None) -> list[Refusal]:
    from cmgsim.site.wizard import refusals

    return [] if entry is None else refusals(entry)


def _show_properties(outlet: Outlet, version: int, model: str) -> int:
    from cmgsim.site.pages import changeable

    rows = changeable(version, model)
    if outlet.form is Form.JSON:
        data = [{"setting": setting, "place": place, "takes": how.value} for setting, place, how in rows]
        outlet.show_data({"version": version, "method": model, "settings": data})
    else:
        from cmgsim.report.tables import table

        cells = [(setting, place, how.value) for setting, place, how in rows]
        drawn = table(
            ("setting", "in the console", "a change takes"), cells, outlet.width, outlet.style, outlet.letters
        )
        outlet.show(f"Changing a gateway in version {version}, {model}\n{drawn}")
    return Exit.HOLDS


def _text(outlet: Outlet, version: int, model: str, entry: Entry | None, refused: list[Refusal]) -> str:
    from cmgsim.design.gateways import DEPLOYMENT_MODEL
    from cmgsim.report.tables import folded, table
    from cmgsim.site.pages import PAGES, fields
    from cmgsim.site.wizard import CONSOLE_PATH

    last = "refused with" if entry is None else "answer"
    parts = [folded(f"{CONSOLE_PATH}, version {version}, {DEPLOYMENT_MODEL[model]}", outlet.reach)]
    for page in PAGES:
        rows = [
            (field.label, field.default, ", ".join(field.refusals) if entry is None else field.answer(entry))
            for field in fields(version, model)
            if field.page == page
        ]
        drawn = table(("field", "default", last), rows, outlet.width, outlet.style, outlet.letters)
        parts.append(f"{page}\n{drawn}")
    words = [f"refused, {refusal.code}: {refusal.message}; {refusal.remedy}" for refusal in refused]
    if entry is not None and not refused:
        words = ["The console refuses nothing; what Azure refuses later, cmgsim lint and a run tell."]
    elif entry is not None and not entry.settings.planned:
        words.append(f"{entry.name} exists already; this is what the console would say if it were created today.")
    return "\n\n".join([*parts, *(textwrap.fill(line, outlet.width, break_long_words=False) for line in words)])


def _data(version: int, model: str, entry: Entry | None, refused: list[Refusal]) -> dict[str, Any]:
    from cmgsim.site.pages import fields, gate

    shown = [
        {
            "page": field.page,
            "label": field.label,
            "answered_by": field.answered_by,
            "default": field.default,
            "answer": None if entry is None else field.answer(entry),
            "refusals": field.refusals,
            "versions": gate(field),
            "source": f"Set up cloud management gateway, {field.step}",
        }
        for field in fields(version, model)
    ]
    told = [{"code": one.code, "message": one.message, "remedy": one.remedy, "source": one.source} for one in refused]
    return {"version": version, "method": model, "fields": shown, "refused": told}
