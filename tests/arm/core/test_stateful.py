"""Random sequences of requests against a small model of what ought to be there.

Before each request the model looks at what was under way: what was busy may have become ready, what was leaving may be
gone, and nothing else may have happened. So every answer is known exactly beforehand. A copy of the cloud, made at any
moment, is asked everything that the original is asked and gives the same bytes; at the end a new cloud is.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from parts import Driver, subscription

from cmgsim.arm.config import ArmConfig, ThrottleMode
from cmgsim.arm.messages import Response

EAST: dict[str, Any] = {"location": "eastus"}
GROUPS = ("one", "two", "three")
CONDITIONS = st.sampled_from(("", "", "", "match", "stale", "any", "none"))
LEVELS = st.sampled_from(("CanNotDelete", "ReadOnly"))
READY, BUSY, LEAVING = "ready", "busy", "leaving"
ACCOUNT, NETWORK, SET = (
    "Microsoft.Storage/storageAccounts",
    "Microsoft.Network/virtualNetworks",
    "Microsoft.Compute/virtualMachineScaleSets",
)
NAMES = {ACCOUNT: ("alpha", "beta", "others"), NETWORK: ("north", "south"), SET: ("web", "jobs")}
PICK = st.integers(0, 10**6)
TAGS = st.dictionaries(st.sampled_from("ab"), st.sampled_from("xy"), max_size=2)
QUOTA = 20
SETTLED_S = 7_200
Expected = tuple[int, str]
Key = tuple[str, str, str]
GONE: Expected = (404, "ResourceGroupNotFound")


@dataclass
class Thing:
    """What the model knows of a resource; ``cores`` is what it takes of the quota, ``wanted`` what it will."""

    state: str
    tags: dict[str, str] = field(default_factory=dict)
    cores: int = 0
    wanted: int = 0


def path_of(group: str, kind: str = "", name: str = "") -> str:
    root = f"/resourceGroups/{group}"
    return f"{root}/providers/{kind}/{name}" if kind else root


class CloudMachine(RuleBasedStateMachine):
    """Somebody who does whatever comes to mind."""

    @initialize(seed=st.integers(0, 2**63 - 1))
    def begin(self, seed: int) -> None:
        taken = ("others.blob.core.windows.net",)
        self.config = ArmConfig(
            subscriptions=(subscription(),), taken_names=taken, throttle=ThrottleMode.HOURLY_2019, page_size=3
        )
        self.seed = seed
        self.driver, self.twin = Driver(self.config, seed), None
        self.asked: list[tuple[int, str, str, Any, dict[str, str]]] = []
        self.digest = sha256()
        self.groups: dict[str, Thing] = {}
        self.things: dict[Key, Thing] = {}
        self.locks: dict[tuple[str, str], str] = {}
        self.deployed: dict[tuple[str, str], str] = {}
        for name in GROUPS[:2]:
            self.ask("PUT", path_of(name), EAST)
            self.groups[name] = Thing(READY)

    def some_group(self, pick: int) -> str:
        """Return a group: one that exists three times out of four."""
        names = list(self.groups) if self.groups and pick % 4 else GROUPS
        return names[pick // 4 % len(names)]

    def some(self, kind: str, pick: int) -> Key:
        """Return where something of a kind is, or could be: something that exists two times out of three."""
        known = [key for key in self.things if key[1] == kind]
        if known and pick % 3:
            return known[pick // 3 % len(known)]
        return self.some_group(pick // 3), kind, NAMES[kind][pick // 13 % len(NAMES[kind])]

    # Asking

    def ask(self, method: str, path: str, document: Any = None, headers: dict[str, str] | None = None) -> Response:
        answer = self.driver.ask(method, path, document, headers)
        assert answer.status < 500, (method, path, answer.body)
        if self.twin is not None:
            self.twin.now_us = self.driver.now_us
            assert self.twin.ask(method, path, document, headers) == answer, "a copy goes on as the original"
        self.asked.append((self.driver.now_us, method, path, document, headers or {}))
        self.digest.update(repr(answer).encode())
        return answer

    def expect(self, answer: Response, expected: Expected) -> bool:
        """Hold an answer against what the model says; return whether it was a success."""
        code = answer.json()["error"]["code"] if answer.status >= 400 else ""
        assert (answer.status, code) == expected, (answer.body, expected)
        return answer.status < 400

    def all_of(self, path: str) -> list[dict[str, Any]]:
        """Return everything that a list holds, page by page."""
        found, answer = [], self.ask("GET", path)
        while True:
            assert answer.status == 200, answer.body
            found += answer.json()["value"]
            if "nextLink" not in answer.json():
                return found
            answer = self.ask("GET", answer.json()["nextLink"])

    # What the model says

    def look(self) -> None:
        """See what has become of what was under way."""
        for name, group in list(self.groups.items()):
            if group.state == LEAVING and self.ask("GET", path_of(name)).status == 404:
                self.forget_group(name)
        for key, thing in list(self.things.items()):
            if thing.state == READY:
                continue
            answer = self.ask("GET", path_of(*key))
            if answer.status == 404:
                assert thing.state == LEAVING, (key, thing)
                self.forget(key)
            elif thing.state == BUSY and answer.json()["properties"]["provisioningState"] == "Succeeded":
                thing.state, thing.cores = READY, thing.wanted

    def forget(self, key: Key) -> None:
        del self.things[key]
        self.locks = {place: level for place, level in self.locks.items() if place[0] != path_of(*key)}

    def forget_group(self, name: str) -> None:
        del self.groups[name]
        for key in [key for key in self.things if key[0] == name]:
            self.forget(key)
        self.locks = {place: level for place, level in self.locks.items() if place[0] != path_of(name)}
        self.deployed = {place: state for place, state in self.deployed.items() if place[0] != name}

    def is_locked(self, path: str, verb: str) -> bool:
        above = [level for (place, _), level in self.locks.items() if path == place or path.startswith(f"{place}/")]
        below = [level for (place, _), level in self.locks.items() if place.startswith(f"{path}/")]
        return bool(above + below) if verb == "delete" else "ReadOnly" in above

    def group_refuses(self, group: str) -> Expected | None:
        if group not in self.groups:
            return GONE
        return (409, "ResourceGroupBeingDeleted") if self.groups[group].state == LEAVING else None

    def used(self) -> int:
        return sum(thing.cores for thing in self.things.values())

    def is_taken(self, account: str) -> bool:
        return account == "others" or any(kind == ACCOUNT and held == account for _, kind, held in self.things)

    def put_account(self, group: str, name: str) -> Expected:
        """Return what a put must lead to, and let it happen in the model."""
        key, path = (group, ACCOUNT, name), path_of(group, ACCOUNT, name)
        if self.is_locked(path, "write"):
            return 409, "ScopeLocked"
        if refusal := self.group_refuses(group):
            return refusal
        if key in self.things:
            if self.things[key].state != READY:
                return 409, "AnotherOperationInProgress"
            self.things[key].tags = {}
            return 200, ""
        if name == "others":
            return 409, "StorageAccountAlreadyTaken"
        if self.is_taken(name):
            return 409, "StorageAccountInAnotherResourceGroup"
        self.things[key] = Thing(BUSY)
        return 202, ""

    def put_network(self, group: str, name: str, condition: str = "") -> Expected:
        key, path = (group, NETWORK, name), path_of(group, NETWORK, name)
        if self.is_locked(path, "write"):
            return 409, "ScopeLocked"
        if refusal := self.group_refuses(group):
            return refusal
        known = self.things.get(key)
        if not self.is_met(condition, known):
            return 412, "PreconditionFailed"
        if known is not None and known.state != READY:
            return 429, "RetryableErrorDueToAnotherOperation"
        self.things[key] = Thing(BUSY)
        return (201 if known is None else 200), ""

    def is_met(self, condition: str, known: Thing | None) -> bool:
        if known is None:
            return condition in ("", "none")
        return condition in ("", "match", "any")

    def headers_of(self, condition: str, path: str) -> dict[str, str]:
        if condition == "match":
            return {"If-Match": self.ask("GET", path).header("ETag") or '"none"'}
        return {"stale": {"If-Match": 'W/"old"'}, "any": {"If-Match": "*"}, "none": {"If-None-Match": "*"}}.get(
            condition, {}
        )

    # What can be done

    @rule(seconds=st.integers(1, 1_200))
    def wait(self, seconds: int) -> None:
        self.driver.wait(seconds)

    @rule()
    def settle(self) -> None:
        self.driver.wait(SETTLED_S)
        self.look()
        states = [thing.state for thing in (*self.groups.values(), *self.things.values())]
        assert set(states) <= {READY}, "everything ends"
        for (group, name), state in self.deployed.items():
            shown = self.ask("GET", path_of(group, "Microsoft.Resources/deployments", name)).json()
            assert shown["properties"]["provisioningState"] == state

    @rule()
    def copy(self) -> None:
        self.twin = deepcopy(self.driver)

    @rule()
    def go_on_with_the_copy(self) -> None:
        if self.twin is not None:
            self.twin.now_us = self.driver.now_us
            self.driver, self.twin = self.twin, self.driver

    @rule(pick=PICK, tags=TAGS)
    def make_group(self, pick: int, tags: dict[str, str]) -> None:
        self.look()
        group = self.some_group(pick)
        expected: Expected = (200 if group in self.groups else 201), ""
        if self.is_locked(path_of(group), "write"):
            expected = 409, "ScopeLocked"
        elif group in self.groups and self.groups[group].state == LEAVING:
            expected = 409, "ResourceGroupBeingDeleted"
        if self.expect(self.ask("PUT", path_of(group), EAST | {"tags": tags}), expected):
            self.groups[group] = Thing(READY, tags)

    @rule(pick=PICK)
    def delete_group(self, pick: int) -> None:
        self.look()
        group = self.some_group(pick)
        expected: Expected = (202, "") if group in self.groups else GONE
        if self.is_locked(path_of(group), "delete"):
            expected = 409, "ScopeLocked"
        if self.expect(self.ask("DELETE", path_of(group)), expected):
            self.groups[group].state = LEAVING
            for key, thing in self.things.items():
                if key[0] == group:
                    thing.state = LEAVING

    @rule(pick=PICK)
    def make_account(self, pick: int) -> None:
        self.look()
        key = self.some(ACCOUNT, pick)
        group, name, path = key[0], key[2], path_of(*key)
        expected = self.put_account(group, name)
        self.expect(self.ask("PUT", path, EAST | {"tags": {}}), expected)

    @rule(pick=PICK, tags=TAGS)
    def tag_account(self, pick: int, tags: dict[str, str]) -> None:
        self.look()
        key = self.some(ACCOUNT, pick)
        group, path = key[0], path_of(*key)
        known = self.things.get(key)
        expected: Expected = (200, "")
        if self.is_locked(path, "write"):
            expected = 409, "ScopeLocked"
        elif known is None:
            expected = (404, "ResourceNotFound") if group in self.groups else GONE
        elif known.state != READY:
            expected = 409, "AnotherOperationInProgress"
        if self.expect(self.ask("PATCH", path, {"tags": tags}), expected) and known is not None:
            known.tags = tags

    @rule(pick=PICK)
    def delete_account(self, pick: int) -> None:
        self.look()
        key = self.some(ACCOUNT, pick)
        group, path = key[0], path_of(*key)
        known = self.things.get(key)
        expected: Expected = (200, "")
        if self.is_locked(path, "delete"):
            expected = 409, "ScopeLocked"
        elif known is None:
            expected = (204, "") if group in self.groups else GONE
        elif known.state != READY:
            expected = 409, "AnotherOperationInProgress"
        if self.expect(self.ask("DELETE", path), expected) and known is not None:
            self.forget(key)

    @rule(pick=PICK, condition=CONDITIONS)
    def make_network(self, pick: int, condition: str) -> None:
        self.look()
        key = self.some(NETWORK, pick)
        group, name, path = key[0], key[2], path_of(*key)
        headers = self.headers_of(condition, path)
        expected = self.put_network(group, name, condition)
        document = EAST | {"properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}
        self.expect(self.ask("PUT", path, document, headers), expected)

    @rule(pick=PICK, condition=CONDITIONS)
    def delete_network(self, pick: int, condition: str) -> None:
        self.look()
        key = self.some(NETWORK, pick)
        group, path = key[0], path_of(*key)
        known = self.things.get(key)
        headers = self.headers_of(condition, path)
        expected: Expected = (202, "")
        if self.is_locked(path, "delete"):
            expected = 409, "ScopeLocked"
        elif known is None:
            expected = (204, "") if group in self.groups else GONE
        elif not self.is_met(condition, known):
            expected = 412, "PreconditionFailed"
        elif known.state != READY:
            expected = 429, "RetryableErrorDueToAnotherOperation"
        if self.expect(self.ask("DELETE", path, None, headers), expected) and known is not None:
            known.state = LEAVING

    @rule(pick=PICK, count=st.integers(0, 7))
    def make_machines(self, pick: int, count: int) -> None:
        self.look()
        key = self.some(SET, pick)
        group, path = key[0], path_of(*key)
        known, cores = self.things.get(key), 2 * count
        expected: Expected = (201 if known is None else 200), ""
        if self.is_locked(path, "write"):
            expected = 409, "ScopeLocked"
        elif refusal := self.group_refuses(group):
            expected = refusal
        elif known is not None and known.state != READY:
            expected = 409, "AnotherOperationInProgress"
        elif (extra := cores - (known.cores if known else 0)) > 0 and self.used() + extra > QUOTA:
            expected = 409, "OperationNotAllowed"
        document = EAST | {"sku": {"name": "Standard_A2_v2", "capacity": count}}
        if self.expect(self.ask("PUT", path, document), expected):
            self.things[key] = Thing(BUSY, cores=max(cores, known.cores if known else 0), wanted=cores)

    @rule(pick=PICK)
    def delete_machines(self, pick: int) -> None:
        self.look()
        key = self.some(SET, pick)
        group, path = key[0], path_of(*key)
        known = self.things.get(key)
        expected: Expected = (202, "")
        if self.is_locked(path, "delete"):
            expected = 409, "ScopeLocked"
        elif known is None:
            expected = (204, "") if group in self.groups else GONE
        elif known.state != READY:
            expected = 409, "AnotherOperationInProgress"
        if self.expect(self.ask("DELETE", path), expected) and known is not None:
            known.state = LEAVING

    @rule(pick=PICK, what=st.sampled_from(("group", "account")), level=LEVELS)
    def lock(self, pick: int, what: str, level: str) -> None:
        self.look()
        key, group = self.some(ACCOUNT, pick), self.some_group(pick)
        path = path_of(*key) if what == "account" else path_of(group)
        is_there = key in self.things if what == "account" else group in self.groups
        answer = self.ask(
            "PUT", f"{path}/providers/Microsoft.Authorization/locks/keep", {"properties": {"level": level}}
        )
        if not is_there:
            assert answer.status == 404
            return
        assert answer.status == (200 if (path, "keep") in self.locks else 201)
        self.locks[path, "keep"] = level

    @rule(pick=PICK)
    def unlock(self, pick: int) -> None:
        self.look()
        places = [place for place, _ in self.locks] or [path_of("one")]
        path = places[pick % len(places)]
        answer = self.ask("DELETE", f"{path}/providers/Microsoft.Authorization/locks/keep")
        assert answer.status == (200 if self.locks.pop((path, "keep"), None) else 204)

    @rule(pick=PICK, name=st.sampled_from(("a", "b")), network=st.sampled_from(NAMES[NETWORK]))
    def deploy(self, pick: int, name: str, network: str) -> None:
        self.look()
        group, _, account = self.some(ACCOUNT, pick)
        path = path_of(group, "Microsoft.Resources/deployments", name)
        resources = [
            {"type": kind, "apiVersion": "2021-04-01", "name": what, "tags": {}, **EAST}
            for kind, what in ((ACCOUNT, account), (NETWORK, network))
        ]
        before = self.deployed.get((group, name))
        running = before is not None and self.ask("GET", path).json()["properties"]["provisioningState"] == "Running"
        answer = self.ask("PUT", path, {"properties": {"mode": "Incremental", "template": {"resources": resources}}})
        if self.is_locked(path, "write"):
            self.expect(answer, (409, "ScopeLocked"))
        elif refusal := self.group_refuses(group):
            self.expect(answer, refusal)
        elif running:
            self.expect(answer, (409, "DeploymentActiveAndUneditable"))
        elif (group, ACCOUNT, account) not in self.things and self.is_taken(account):
            self.expect(answer, (400, "InvalidTemplateDeployment"))
        else:
            self.expect(answer, (201, ""))
            outcomes = [self.put_account(group, account), self.put_network(group, network)]
            self.deployed[group, name] = "Failed" if any(status >= 400 for status, _ in outcomes) else "Succeeded"

    # What always holds

    @invariant()
    def it_is_as_the_model_says(self) -> None:
        if hasattr(self, "driver"):
            self.look()
            self.nothing_is_lost()
            self.names_are_free_when_nobody_holds_them()
            self.quotas_add_up()
            self.tags_are_what_was_written()

    def nothing_is_lost(self) -> None:
        groups = {group["name"]: group.get("tags", {}) for group in self.all_of("/resourceGroups")}
        assert groups == {name: group.tags for name, group in self.groups.items()}
        for group in self.groups:
            shown = self.all_of(f"{path_of(group)}/resources")
            held = {key[1:] for key in self.things if key[0] == group}
            assert {(one["type"], one["name"]) for one in shown} == held

    def names_are_free_when_nobody_holds_them(self) -> None:
        held = {name for _, kind, name in self.things if kind == ACCOUNT} | {"others"}
        for name in NAMES[ACCOUNT]:
            check = self.ask("POST", "/providers/Microsoft.Storage/checkNameAvailability", {"name": name}).json()
            assert check["nameAvailable"] is (name not in held)

    def quotas_add_up(self) -> None:
        usages = self.ask("GET", "/providers/Microsoft.Compute/locations/eastus/usages").json()["value"]
        cores = next(usage for usage in usages if usage["name"]["value"] == "cores")
        assert (cores["currentValue"], cores["limit"]) == (self.used(), QUOTA)
        assert self.used() <= QUOTA

    def tags_are_what_was_written(self) -> None:
        for key, thing in self.things.items():
            if key[1] == ACCOUNT:
                assert self.ask("GET", path_of(*key)).json().get("tags", {}) == thing.tags

    def teardown(self) -> None:
        """Ask a new cloud of the same seed the same things at the same moments."""
        if not hasattr(self, "driver"):
            return
        again, digest = Driver(self.config, self.seed), sha256()
        for moment_us, method, path, document, headers in self.asked:
            again.now_us = moment_us
            digest.update(repr(again.ask(method, path, document, headers)).encode())
        assert digest.hexdigest() == self.digest.hexdigest(), "the same requests, the same bytes"
        assert again.arm.cloud.events == self.driver.arm.cloud.events, "and the same events"


TestCloud = CloudMachine.TestCase
TestCloud.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
