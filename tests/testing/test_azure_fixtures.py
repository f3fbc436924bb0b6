"""Fixtures for tests of one's own Azure code, as a user's test file has them."""

from __future__ import annotations

import textwrap
from pathlib import Path

# Imported before any inner pytest run, which drops the modules it imported first: the SDKs do not survive being
# imported twice.
import azure.identity.aio
import azure.mgmt.resource.resources.aio
import azure.mgmt.storage.aio  # noqa: F401
import pytest

import cmgsim.arm.async_transport
import cmgsim.arm.doors.hosting  # noqa: F401

HEAD = """\
from azure.core.exceptions import HttpResponseError
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.storage import StorageManagementClient
import pytest

EAST = {"location": "eastus"}
ACCOUNT = EAST | {"kind": "StorageV2", "sku": {"name": "Standard_LRS"}}


def deploy(groups, accounts):
    groups.create_or_update("rg", EAST)
    return accounts.begin_create("rg", "contoso", ACCOUNT, **POLLING).result()
"""
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "test-azure-code.md"


@pytest.fixture
def story(folder):
    """Write a module of tests, and run it."""

    def run(body: str, polling: str = "{}", *, runner: str = "run") -> pytest.RunResult:
        text = HEAD.replace("**POLLING", f"**{polling}") + textwrap.dedent(body)
        folder.write("test_azure_code.py", text)
        # An inner run in this process finds the plugin imported, which pytest says or not by what ran before.
        said = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
        return getattr(folder, runner)("--strict-markers", "-W", "error", *said)

    return run


IN_LINE = "{'polling': inline_polling()}"
IMPORT_POLLING = "from cmgsim.arm.transport import inline_polling\n"


def test_code_of_ones_own_runs_in_simulated_time(story):
    result = story(
        IMPORT_POLLING
        + textwrap.dedent(
            """
            def test_deploy(azure_options, arm_clock, arm, arm_transport):
                groups = ResourceManagementClient(**azure_options).resource_groups
                accounts = StorageManagementClient(**azure_options).storage_accounts
                assert deploy(groups, accounts).name == "contoso"
                assert 15_000_000 < arm_clock.now_us < 60_000_000
                assert arm_transport.requests == arm.cloud.requests
            """
        ),
        IN_LINE,
    )
    result.assert_outcomes(passed=1)


def test_a_transport_and_a_credential_fit_any_client(story):
    result = story(
        """
        def test_groups(arm_transport, azure_credential, arm):
            client = ResourceManagementClient(
                azure_credential, arm.cloud.config.subscriptions[0].id, transport=arm_transport
            )
            assert client.resource_groups.create_or_update("rg", EAST).location == "eastus"
        """
    )
    result.assert_outcomes(passed=1)


def test_the_cloud_may_be_of_another_kind(story):
    result = story(
        """
        from cmgsim.arm.config import ArmConfig, Subscription

        @pytest.fixture
        def arm_config():
            return ArmConfig(subscriptions=(Subscription("bare"),))

        def test_unregistered(azure_options):
            ResourceManagementClient(**azure_options).resource_groups.create_or_update("rg", EAST)
            with pytest.raises(HttpResponseError, match="MissingSubscriptionRegistration"):
                StorageManagementClient(**azure_options).storage_accounts.begin_create("rg", "contoso", ACCOUNT)
        """
    )
    result.assert_outcomes(passed=1)


def test_asynchronous_code_runs_in_simulated_time(story):
    result = story(
        """
        import asyncio
        from azure.mgmt.resource.resources.aio import ResourceManagementClient as Resources
        from azure.mgmt.storage.aio import StorageManagementClient as Storage
        from cmgsim.arm.simulated_loop import run_simulated

        async def deploy_all(options):
            async with Resources(**options) as resources, Storage(**options) as storage:
                await resources.resource_groups.create_or_update("rg", EAST)
                begun = [await storage.storage_accounts.begin_create("rg", f"contoso{n}", ACCOUNT) for n in range(5)]
                return await asyncio.gather(*(poller.result() for poller in begun))

        def test_deploy(aio_azure_options, aio_arm_transport, aio_azure_credential, arm_clock):
            made = run_simulated(deploy_all(aio_azure_options), arm_clock)
            assert [account.name for account in made] == [f"contoso{n}" for n in range(5)]
            assert arm_clock.now_us < 60_000_000
            assert aio_arm_transport.requests > 10
            assert run_simulated(aio_azure_credential.get_token("x"), arm_clock).token
        """
    )
    result.assert_outcomes(passed=1)


def test_stock_clients_reach_a_server(story):
    result = story(
        """
        from azure.identity import ClientSecretCredential

        def test_deploy(arm_server):
            trust = {"connection_verify": arm_server.ca_file}
            credential = ClientSecretCredential(
                arm_server.tenant, arm_server.client_id, arm_server.client_secret,
                authority=arm_server.url, disable_instance_discovery=True, **trust,
            )
            options = {"base_url": arm_server.url, "credential_scopes": [arm_server.url + "/.default"], **trust}
            with ResourceManagementClient(credential, arm_server.subscription, **options) as resources:
                with StorageManagementClient(credential, arm_server.subscription, **options) as storage:
                    assert deploy(resources.resource_groups, storage.storage_accounts).name == "contoso"
            before_us = arm_server.now_us
            arm_server.wait(60)
            assert arm_server.now_us == before_us + 60_000_000 > 75_000_000
            credential.close()
        """,
        runner="run_apart",
    )
    result.assert_outcomes(passed=1)


def test_in_a_world_the_whole_world_waits(story):
    result = story(
        IMPORT_POLLING
        + textwrap.dedent(
            """
            @pytest.mark.design("lab.design.yaml")
            def test_deploy(world, arm, azure_options, arm_clock):
                assert arm is world.sites.arm
                storage = StorageManagementClient(**azure_options)
                groups = ResourceManagementClient(**azure_options).resource_groups
                assert deploy(groups, storage.storage_accounts).name == "contoso"
                assert world.now_us == arm_clock.now_us > 15_000_000

            @pytest.mark.design("lab.design.yaml")
            def test_server(arm_server):
                pass
            """
        ),
        IN_LINE,
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*arm_server has a clock of its own*"])


def test_the_seed_decides_the_durations(story):
    result = story(
        IMPORT_POLLING
        + textwrap.dedent(
            """
            TOOK = []

            @pytest.mark.seeds(1, 2, 1)
            def test_deploy(azure_options, arm_clock, seed):
                groups = ResourceManagementClient(**azure_options).resource_groups
                groups.create_or_update("rg", EAST)
                groups.begin_delete("rg", polling=inline_polling()).result()
                TOOK.append((seed, arm_clock.now_us))

            def test_took():
                assert TOOK[0] == TOOK[2]
            """
        ),
        IN_LINE,
    )
    result.assert_outcomes(passed=4)


def test_the_example_of_the_page_is_true(folder):
    text = PAGE.read_text(encoding="utf-8")
    blocks = {part.splitlines()[0].strip(): part for part in text.split("```{code-block} python\n:caption: ")[1:]}
    assert set(blocks) == {"deploy.py", "test_deploy.py", "test_deploy_aio.py", "test_deploy_https.py"}
    for name, block in blocks.items():
        folder.write(name, block.partition("\n")[2].partition("```")[0].lstrip("\n"))
    result = folder.run_apart("-W", "error", "-v")
    result.assert_outcomes(passed=7)
