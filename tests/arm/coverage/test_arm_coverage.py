"""The page of served operations tells the truth, and what is not served says so."""

from __future__ import annotations

import importlib.util
import sys
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parts import Driver, error

from cmgsim.arm import unmodelled
from cmgsim.arm.catalog import NAMESPACES, TYPES
from cmgsim.arm.coverage import NOT_SERVED, PARTIAL, SCOPE, operations

ROOT = Path(__file__).resolve().parents[3]


def docs_module(name: str) -> ModuleType:
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    finally:
        sys.path.remove(str(ROOT / "docs"))


arm = docs_module("arm")
ROWS = arm.read_list(ROOT)
NAMES = [f"{row['group']}.{row['operation']}" for row in ROWS]
CLAIMED = docs_module("generate").claims(ROOT, "serves")


def test_every_operation_in_scope_is_on_the_list_once() -> None:
    assert len(NAMES) == len(set(NAMES)) == 269
    assert {row["group"] for row in ROWS} == {group for client in SCOPE for group in client.groups}
    assert [client.package for client in SCOPE] == [package for package, _ in groupby(row["package"] for row in ROWS)]


@pytest.mark.parametrize("client", SCOPE, ids=lambda client: client.package)
def test_the_list_is_what_the_installed_package_defines(client) -> None:
    own = [row for row in ROWS if row["package"] == client.package]
    if {row["version"] for row in own} != {version(client.package)}:
        pytest.skip(f"the list is of {client.package} {own[0]['version']}")
    made = arm.construct(client.load(), arm.recorder())
    defined = [(group, name) for group in client.groups for name in operations(made, group)]
    assert [(row["group"], row["operation"]) for row in own] == defined
    wire = arm.recorder()
    first = own[0]
    operation = getattr(getattr(arm.construct(client.load(), wire), first["group"]), first["operation"])
    assert arm.sent(wire, operation) == (first["method"], first["path"])


def test_every_operation_is_served_or_says_why_not() -> None:
    silent = [name for name in NAMES if name not in CLAIMED and name not in NOT_SERVED]
    assert silent == []
    assert sorted(NOT_SERVED.keys() & CLAIMED.keys()) == []
    assert set(PARTIAL) <= CLAIMED.keys()
    assert set(NOT_SERVED) | set(PARTIAL) <= set(NAMES)


def test_at_least_240_are_served() -> None:
    assert sum(arm.status(name, CLAIMED) == "served" for name in NAMES) >= 240


def test_the_page_says_for_each_operation_which_test_proves_it() -> None:
    page = arm.page(ROOT, CLAIMED)
    served = [line for line in page.splitlines() if "| served |" in line]
    assert all("::test_" in line for line in served)
    assert "| `begin_move_ip_configurations` |" in page
    assert "| no | network interfaces are not modelled |" in page
    for package, _, tests in arm.BEYOND:
        assert f"| {package} |" in page
        assert (ROOT / tests).is_file()
    assert "| partial | takes time and needs a running machine; prints nothing; `tests/arm" in page


WORDS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=12)
METHODS = st.sampled_from(["GET", "PUT", "PATCH", "POST", "DELETE"])
SERVED_TYPES = st.sampled_from(sorted(kind.name for kind in TYPES.values()))
UNSERVED_TYPES = st.sampled_from(sorted(unmodelled.TYPES))


def path_of(kind: str, names: str = "x") -> str:
    namespace, *types = kind.split("/")
    return f"/resourceGroups/rg/providers/{namespace}" + "".join(f"/{word}/{names}" for word in types)


@given(METHODS, SERVED_TYPES, WORDS)
def test_an_unknown_action_is_never_accepted(method: str, kind: str, word: str) -> None:
    driver = Driver()
    driver.group()
    answer = driver.ask(method, f"{path_of(kind)}/xx{word}", {})
    assert answer.status in (404, 405, 501), (answer.status, answer.body)
    if answer.status == 501:
        assert error(answer) == (501, "NotModelled")
        assert "reference/arm-coverage" in answer.json()["error"]["message"]


@given(METHODS, st.sampled_from(sorted(provider.namespace for provider in NAMESPACES.values())), WORDS)
def test_an_unknown_type_is_never_accepted(method: str, namespace: str, word: str) -> None:
    driver = Driver()
    driver.group()
    answer = driver.ask(method, f"/resourceGroups/rg/providers/{namespace}/xx{word}/x", {})
    assert answer.status in (404, 405, 501), (answer.status, answer.body)


@given(METHODS, UNSERVED_TYPES)
def test_what_azure_has_and_this_cloud_has_not_is_not_modelled(method: str, kind: str) -> None:
    driver = Driver()
    driver.group()
    answer = driver.ask(method, path_of(kind), {})
    assert error(answer) == (501, "NotModelled")
    assert "reference/arm-coverage" in answer.json()["error"]["message"]


@pytest.mark.parametrize("namespace", sorted(unmodelled.PROVIDERS))
def test_providers_of_azure_that_are_not_served_are_not_modelled(namespace: str) -> None:
    assert namespace not in NAMESPACES
    driver = Driver()
    driver.group()
    assert error(driver.put(f"/resourceGroups/rg/providers/{namespace}/things/x", {})) == (501, "NotModelled")


def test_nothing_is_both_served_and_not_modelled() -> None:
    assert [kind for kind in unmodelled.TYPES if kind in TYPES] == []
