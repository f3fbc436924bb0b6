"""``cmgsim serve``: the fake Azure as an HTTPS server on this machine, for scripts, SDKs and the Azure CLI."""

from __future__ import annotations

import asyncio
import os
import secrets  # noqa: TID251  # the token of the control is no part of a run, and nobody may guess it
import shlex
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmgsim.errors import UsageError
from cmgsim.ui.door import door
from cmgsim.ui.kinds import wanted
from cmgsim.ui.outlet import Exit, Form, Outlet
from cmgsim.ui.seeds import read_seed

if TYPE_CHECKING:
    import ssl

    from cmgsim.arm.config import ArmConfig
    from cmgsim.arm.doors.certificates import Certificates
    from cmgsim.arm.doors.entrance import Entrance

#: Who runs a script against the cloud of a design: an owner of all its subscriptions.
ADMINISTRATOR = "administrator"


class Shell(Enum):
    """Shells that set variables each in its way."""

    SH = "sh"
    POWERSHELL = "powershell"

    def setting(self, name: str, value: str) -> str:
        """Return the line that sets a variable of the environment."""
        if self is Shell.SH:
            return f"export {name}={shlex.quote(value)}"
        quoted = value.replace("'", "''")
        return f"$env:{name} = '{quoted}'"


@dataclass(frozen=True)
class Wishes:
    """What the command line asks for."""

    port: int
    speed: float
    waits: str
    seed: int
    design: Path | None
    state: Path | None
    management: tuple[Path, ...]
    control: str
    shell: str


@click.command("serve")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="Port on 127.0.0.1; 0 takes a free one.",
)
@click.option("--speed", type=float, default=60.0, show_default=True, help="Simulated seconds a second.")
@click.option(
    "--waits",
    type=click.Choice(["kept", "skipped"]),
    default="kept",
    show_default=True,
    help="Whether callers told to wait do so, or time leaps instead.",
)
@click.option(
    "--seed", type=read_seed, metavar="SEED", default=1, show_default=True, help="Seed of all chance in the cloud."
)
@click.option("--design", type=click.Path(path_type=Path), help="Begin with the subscriptions of this design.")
@click.option("--state", type=click.Path(path_type=Path, dir_okay=False), help="Keep the cloud in this file.")
@click.option(
    "--management-certificate",
    "management",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    help="A PEM file whose certificate may use service management; may be repeated.",
)
@click.option(
    "--shell",
    type=click.Choice([shell.value for shell in Shell]),
    default=(Shell.POWERSHELL if os.name == "nt" else Shell.SH).value,
    show_default=True,
    help="For which shell the lines are that lead the Azure CLI here.",
)
@click.option("--control", is_flag=True, help="Switch on /_sim/, with a token that is printed.")
@door("serve")
def serve_command(outlet: Outlet, control: bool, **wishes: Any) -> int:
    """Serve the fake Azure over HTTPS on 127.0.0.1, until Ctrl-C.

    Example: cmgsim serve --speed 60 --state rehearsal.journal

    Nothing leaves this machine. Exit codes: 0 ended by Ctrl-C, 1 the design has errors, 2 it cannot serve.
    """
    wanted = Wishes(**wishes, control=secrets.token_urlsafe(24) if control else "")
    with _prepared(wanted, outlet) as (entrance, certificates):
        context = certificates.context(wanted.management)
        with suppress(KeyboardInterrupt):
            asyncio.run(_serve(outlet, wanted, entrance, certificates, context))
    outlet.say(f"ended at {entrance.service.cloud.iso(entrance.pace.now_us)} of simulated time")
    return Exit.HOLDS


@contextmanager
def _prepared(wanted: Wishes, outlet: Outlet) -> Iterator[tuple[Entrance, Certificates]]:
    """Make the cloud, or open it again, and everything around it."""
    try:
        from cmgsim.arm.doors.certificates import open_certificates, thumbprint
        from cmgsim.arm.doors.control import Control
        from cmgsim.arm.doors.entrance import Entrance
        from cmgsim.arm.doors.journal import Origin, open_journal
        from cmgsim.arm.doors.pace import Pace, Waits
        from cmgsim.arm.doors.passes import Passes
        from cmgsim.arm.doors.wall import Wall
        from cmgsim.arm.service import ArmService
    except ModuleNotFoundError as missing:
        raise UsageError(f"cmgsim serve needs the package {missing.name}; pip install 'cmgsim[azure]'") from None
    with ExitStack() as stack:
        certificates = open_certificates(_folder(wanted, stack))
        files = (certificates.management_file, *wanted.management)
        config = _config(wanted, tuple(thumbprint(path) for path in files))
        service, wall = ArmService(config, wanted.seed), Wall()
        journal, now_us = None, 0
        if wanted.state is not None:
            journal, now_us = open_journal(wanted.state, service, Origin.of(config, wanted.seed))
            stack.enter_context(journal)
        yield (
            Entrance(
                service,
                Pace(wall, wanted.speed, Waits(wanted.waits), now_us),
                Passes(wanted.seed, int(config.start.timestamp()), wall),
                journal=journal,
                control=Control(wanted.control) if wanted.control else None,
                complain=outlet.complain,
            ),
            certificates,
        )


def _folder(wanted: Wishes, stack: ExitStack) -> Path:
    """Return where the certificates are: beside the state, or in a folder that ends with the server."""
    if wanted.state is not None:
        return wanted.state.with_name(f"{wanted.state.name}.tls")
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cmgsim-")))


def _config(wanted: Wishes, thumbprints: tuple[str, ...]) -> ArmConfig:
    """Return what the cloud begins with; *thumbprints* open its service management."""
    from cmgsim.arm.config import ArmConfig

    config = ArmConfig(start=_start(wanted)) if wanted.design is None else _of_design(wanted.design)
    subscriptions = tuple(
        replace(known, management_certificates=(*known.management_certificates, *thumbprints))
        for known in config.subscriptions
    )
    return replace(config, subscriptions=subscriptions)


def _of_design(path: Path) -> ArmConfig:
    from cmgsim.arm.config import Grant, Principal
    from cmgsim.design.files import load_design
    from cmgsim.site.azure import arm_config

    config = arm_config(load_design(wanted(path, "design")))
    tenants = tuple(
        replace(tenant, principals=(Principal(ADMINISTRATOR), *tenant.principals)) for tenant in config.tenants
    )
    subscriptions = tuple(
        replace(known, grants=(Grant(ADMINISTRATOR), *known.grants)) for known in config.subscriptions
    )
    return replace(config, tenants=tenants, subscriptions=subscriptions)


def _start(wanted: Wishes) -> datetime:
    """Return moment 0: the one that was saved, else the beginning of this day, near which clients expect to be."""
    from cmgsim.arm.doors.journal import origin_of

    saved = None if wanted.state is None else origin_of(wanted.state)
    if saved is not None:
        return datetime.fromisoformat(saved.start)
    today = datetime.now(UTC)  # noqa: TID251
    return datetime.combine(today.date(), time(), UTC)


async def _serve(
    outlet: Outlet, wanted: Wishes, entrance: Entrance, certificates: Certificates, context: ssl.SSLContext
) -> None:
    from cmgsim.arm.doors.server import listen

    ended = asyncio.Event()
    if sys.platform != "win32":  # there Ctrl-C interrupts
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
    try:
        serving = await listen(entrance, context, wanted.port)
    except OSError as error:
        raise UsageError(f"port {wanted.port} cannot be used: {error.strerror or error}; give another") from None
    facts = _facts(wanted, entrance, certificates, serving.url)
    if outlet.form is Form.JSON:
        outlet.show_data(facts)
    else:
        outlet.show(_text(facts))
    await ended.wait()
    await serving.close()


def _facts(wanted: Wishes, entrance: Entrance, certificates: Certificates, url: str) -> dict[str, Any]:
    """Return all that a client must know, and the commands that tell it to the Azure CLI."""
    config = entrance.service.cloud.config
    subscription = config.subscriptions[0]
    tenant = config.tenant_of(subscription)
    principal = tenant.principals[0]
    facts: dict[str, Any] = {
        "url": url,
        "ca_file": str(certificates.ca_file.resolve()),
        "tenant": tenant.id,
        "subscription": subscription.id,
        "subscriptions": {known.name: known.id for known in config.subscriptions},
        "client_id": principal.app_id,
        "client_secret": principal.secret,
        "object_id": principal.object_id,
        "management_certificate": str(certificates.management_file.resolve()),
        "now": entrance.service.cloud.iso(entrance.pace.now_us),
        "speed": wanted.speed,
        "waits": wanted.waits,
    }
    if wanted.control:
        facts["control_token"] = wanted.control
    return facts | {"commands": commands_for(facts, entrance, Shell(wanted.shell))}


def commands_for(facts: dict[str, Any], entrance: Entrance, shell: Shell) -> list[str]:
    """Return the lines for a shell that make the Azure CLI use the server."""
    from cmgsim.arm.clouds import ENVIRONMENTS

    url = facts["url"]
    suffixes = ENVIRONMENTS[entrance.service.cloud.config.subscriptions[0].environment]
    register = (
        f"az cloud register --name cmgsim --endpoint-resource-manager {url} --endpoint-management {url}"
        f" --endpoint-active-directory {url} --endpoint-active-directory-resource-id {url}"
        f" --endpoint-active-directory-graph-resource-id {url} --endpoint-microsoft-graph-resource-id {url}"
        f" --suffix-storage-endpoint {suffixes.storage_suffix} --suffix-keyvault-dns .{suffixes.vault_suffix}"
    )
    login = f"az login --service-principal --tenant {facts['tenant']} --username {facts['client_id']}"
    return [
        shell.setting("REQUESTS_CA_BUNDLE", facts["ca_file"]),
        shell.setting("AZURE_CORE_INSTANCE_DISCOVERY", "false"),
        register,
        "az cloud set --name cmgsim",
        f"{login} --password {facts['client_secret']}",
    ]


_LABELS = {
    "url": "Azure Resource Manager",
    "ca_file": "certificate authority",
    "tenant": "tenant",
    "subscription": "subscription",
    "client_id": "client id",
    "client_secret": "client secret",
    "object_id": "object id",
    "management_certificate": "management certificate",
    "now": "simulated time",
    "speed": "simulated seconds a second",
    "control_token": "control token",
}


def _text(facts: dict[str, Any]) -> str:
    width = max(len(label) for label in _LABELS.values())
    lines = [f"{label:<{width}}  {facts[name]}" for name, label in _LABELS.items() if name in facts]
    return "\n".join([*lines, "", "The Azure CLI uses it after:", *facts["commands"]])
