"""``cmgsim serve`` in a process of its own: what it prints, how it ends, what it keeps."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests
from doors import COMMAND, TEMPLATES, environment

API = "api-version=2021-04-01"
EAST = {"location": "eastus"}
ACCOUNT = {"location": "eastus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}


class Server:
    """A server in a process of its own, and somebody who asks it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line == "}\n":
                break
        assert lines, process.stderr.read() if process.stderr else ""
        self.facts: dict[str, Any] = json.loads("".join(lines))
        self.root = f"{self.facts['url']}/subscriptions/{self.facts['subscription']}"
        self.session = requests.Session()
        self.session.verify = self.facts["ca_file"]
        self.session.trust_env = False

    def sign_in(self) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.facts["client_id"],
            "client_secret": self.facts["client_secret"],
            "scope": f"{self.facts['url']}/.default",
        }
        answer = self.session.post(f"{self.facts['url']}/{self.facts['tenant']}/oauth2/v2.0/token", data=form)
        token: str = answer.json()["access_token"]
        self.session.headers["Authorization"] = f"Bearer {token}"
        return token

    def ask(self, method: str, path: str, document: object = None) -> requests.Response:
        return self.session.request(method, f"{self.root}{path}?{API}", json=document)

    def control(self, method: str, path: str, document: object = None) -> Any:
        headers = {"Authorization": f"Bearer {self.facts['control_token']}"}
        return self.session.request(method, f"{self.facts['url']}/_sim{path}", json=document, headers=headers).json()

    def end(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """Send a signal; return the exit code and the talk."""
        self.session.close()
        self.process.send_signal(number)
        _, talk = self.process.communicate(timeout=30)
        return self.process.returncode, talk


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start servers, and end those that still run."""
    with ExitStack() as stack:

        def start(*arguments: str) -> Server:
            process = subprocess.Popen(
                [*COMMAND, "serve", "--json", *arguments],
                cwd=tmp_path,
                env=environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            server = Server(process)
            stack.callback(server.session.close)
            return server

        yield start


def test_it_prints_what_clients_need_and_ends_in_one_line(tmp_path):
    process = subprocess.Popen(
        [*COMMAND, "serve", "--control"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    with process:
        assert process.stdout is not None
        lines = [process.stdout.readline().rstrip("\n") for _ in range(18)]
        process.send_signal(signal.SIGINT)
        _, talk = process.communicate(timeout=30)
    text = "\n".join(lines)
    for label in ("Azure Resource Manager", "certificate authority", "tenant", "client secret", "control token"):
        assert label in text
    assert "az cloud register --name cmgsim --endpoint-resource-manager https://127.0.0.1:" in text
    assert lines[-1].startswith("az login --service-principal --tenant ")
    assert process.returncode == 0
    assert talk.startswith("ended at 20")
    assert talk.count("\n") == 1


@pytest.mark.parametrize(
    ("shell", "begins"), [("sh", "export REQUESTS_CA_BUNDLE="), ("powershell", "$env:REQUESTS_CA_BUNDLE = '")]
)
def test_its_lines_are_for_the_shell_one_names(serve, shell, begins):
    first, second, *_ = serve("--shell", shell).facts["commands"]
    assert first.startswith(begins)
    assert second.replace(" = ", "=").replace("'", "").endswith("AZURE_CORE_INSTANCE_DISCOVERY=false")


def test_a_client_that_trusts_its_authority_can_use_it(serve):
    server = serve("--speed", "600", "--control")
    assert server.facts["schema"] == "cmgsim/serve/v1"
    server.sign_in()
    assert server.ask("PUT", "/resourceGroups/rg", EAST).status_code == 201
    assert server.ask("POST", "/providers/Microsoft.Storage/register").status_code == 200
    server.control("POST", "/advance", {"seconds": 300})
    account = "/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/contoso"
    begun = server.ask("PUT", account, ACCOUNT)
    assert (begun.status_code, begun.headers["Retry-After"]) == (202, "1"), "17 simulated seconds are 28 ms"
    server.control("POST", "/advance", {"seconds": 60})
    assert server.ask("GET", account).json()["properties"]["provisioningState"] == "Succeeded"
    assert server.end(signal.SIGTERM)[0] == 0


def test_without_the_switch_there_is_no_control(serve):
    server = serve()
    assert "control_token" not in server.facts
    answer = server.session.get(f"{server.facts['url']}/_sim/now")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ControlIsOff")


def test_kill_9_in_the_middle_of_a_deployment_loses_nothing_answered(serve, tmp_path):
    arguments = ("--state", str(tmp_path / "cloud.journal"), "--speed", "60", "--control")
    first = serve(*arguments)
    token = first.sign_in()
    answered = {}
    assert first.ask("PUT", "/resourceGroups/rg", EAST).status_code == 201
    assert first.ask("POST", "/providers/Microsoft.Storage/register").status_code == 200
    first.control("POST", "/advance", {"seconds": 300})
    deployment = "/resourceGroups/rg/providers/Microsoft.Resources/deployments/stack"
    begun = first.ask("PUT", deployment, {"properties": {"mode": "Incremental", "template": template()}})
    assert begun.status_code == 201, begun.text
    for number in range(20):
        path = f"/resourceGroups/rg{number}"
        answered[path] = first.ask("PUT", path, EAST | {"tags": {"number": str(number)}}).json()
    running = first.ask("GET", deployment).json()
    assert running["properties"]["provisioningState"] == "Running"
    assert first.end(signal.SIGKILL)[0] == -signal.SIGKILL

    second = serve(*arguments)
    assert second.facts["ca_file"] == first.facts["ca_file"]
    assert second.facts["now"] >= first.facts["now"]
    second.sign_in()
    for path, document in answered.items():
        assert second.ask("GET", path).json() == document
    going_on = second.ask("GET", deployment).json()
    assert going_on["properties"]["correlationId"] == running["properties"]["correlationId"]
    second.control("POST", "/advance", {"seconds": 600})
    done = second.ask("GET", deployment).json()["properties"]
    assert (done["provisioningState"], len(done["outputResources"])) == ("Succeeded", 3)
    assert token, "signed by a key made of the seed, so a token outlives the server"


def test_a_token_outlives_the_server(serve, tmp_path):
    arguments = ("--state", str(tmp_path / "cloud.journal"))
    first = serve(*arguments)
    port = first.facts["url"].rpartition(":")[2]
    token = first.sign_in()
    assert first.ask("GET", "").status_code == 200
    first.end()
    second = serve(*arguments, "--port", port)
    second.session.headers["Authorization"] = f"Bearer {token}"
    assert second.ask("GET", "").status_code == 200


def test_a_design_gives_the_subscriptions(serve, tmp_path):
    text = (TEMPLATES / "first.design.yaml").read_text(encoding="utf-8")
    (tmp_path / "first.design.yaml").write_text(text, encoding="utf-8")
    server = serve("--design", "first.design.yaml")
    server.sign_in()
    groups = server.ask("GET", "/resourceGroups")
    assert groups.status_code == 200
    assert server.ask("PUT", "/resourceGroups/mine", {"location": "westeurope"}).status_code == 201
    assert server.facts["subscription"] in server.facts["subscriptions"].values()


def test_a_management_certificate_opens_service_management(serve):
    server = serve()
    url, headers = f"{server.facts['url']}/{server.facts['subscription']}/locations", {"x-ms-version": "2015-04-01"}
    stranger = server.session.get(url, headers=headers)
    assert (stranger.status_code, "ForbiddenError" in stranger.text) == (403, True)
    with requests.Session() as administrator:
        administrator.verify, administrator.trust_env = server.facts["ca_file"], False
        administrator.cert = server.facts["management_certificate"]
        answer = administrator.get(url, headers=headers)
    assert (answer.status_code, "<Location>" in answer.text) == (200, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--speed", "-1"], "speed -1.0 is impossible"),
        (["--design", "none.yaml"], "none.yaml"),
        (["--management-certificate", "none.pem"], "none.pem: holds no certificate"),
        (["--state", "first.design.yaml/cloud.journal"], "certificates cannot be written"),
        (["--state", "mispselt/deep/cloud.journal"], "mispselt/deep: there is no such folder; make it first"),
    ],
)
def test_what_cannot_be_served_is_said_in_one_line(cmgsim, lab, arguments, words):
    said = cmgsim("serve", *arguments)
    assert said.code == 2
    assert words in said.err
    assert said.err.count("\n") == 1


def test_a_port_that_is_taken(serve, cmgsim):
    server = serve()
    port = server.facts["url"].rpartition(":")[2]
    said = cmgsim("serve", "--port", port)
    assert (said.code, said.out) == (2, "")
    assert f"port {port} cannot be used" in said.err


def test_a_journal_of_another_cloud_is_refused(serve, cmgsim, tmp_path):
    state = tmp_path / "cloud.journal"
    serve("--state", str(state)).end()
    said = cmgsim("serve", "--state", str(state), "--seed", "2")
    assert said.code == 2
    assert "journal of another cloud" in said.err


def template() -> dict[str, Any]:
    """Three storage accounts, one after another."""
    kind = "Microsoft.Storage/storageAccounts"
    accounts = [
        {
            "type": kind,
            "apiVersion": "2019-06-01",
            "name": f"contoso{number}",
            **ACCOUNT,
            "dependsOn": [f"[resourceId('{kind}', 'contoso{number - 1}')]"] if number else [],
        }
        for number in range(3)
    ]
    schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
    return {"$schema": schema, "contentVersion": "1.0.0.0", "resources": accounts}
