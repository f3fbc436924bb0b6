"""What holds for every sequence of requests."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from parts import CERTIFICATE, Driver

from cmgsim.arm.messages import Request, Response

GROUPS = ("one", "two", "three")
ACCOUNTS = ("alpha", "beta", "gamma")
EAST = {"location": "eastus"}
Move = tuple[str, str, str, int]
MOVES = st.lists(
    st.tuples(
        st.sampled_from(("put-group", "delete-group", "put", "put", "patch", "delete", "wait", "settle")),
        st.sampled_from(GROUPS),
        st.sampled_from(ACCOUNTS),
        st.integers(0, 60),
    ),
    min_size=1,
    max_size=25,
)


def path_of(group: str, account: str = "") -> str:
    root = f"/resourceGroups/{group}"
    return f"{root}/providers/Microsoft.Storage/storageAccounts/{account}" if account else root


def make(driver: Driver, move: Move) -> Response | None:
    """Do one thing; waiting has no answer."""
    verb, group, account, seconds = move
    if verb in ("wait", "settle"):
        driver.wait(seconds if verb == "wait" else 600)
        return None
    method = {"put-group": "PUT", "delete-group": "DELETE"}.get(verb, verb.upper())
    where = path_of(group, "" if verb.endswith("-group") else account)
    return driver.ask(method, where, EAST if method == "PUT" else {"tags": {"a": "b"}} if verb == "patch" else None)


def listed(driver: Driver) -> tuple[set[str], set[str]]:
    """Return the names of groups, and ``group/account`` of accounts."""
    groups = {group["name"] for group in driver.get("/resourceGroups").json()["value"]}
    ids = [resource["id"].split("/") for resource in driver.get("/resources").json()["value"]]
    return groups, {f"{parts[4]}/{parts[8]}" for parts in ids}


@dataclass
class Model:
    """What ought to be there, with the moment from which a group on its way out may be gone."""

    groups: dict[str, set[str]] = field(default_factory=dict)
    leaving: set[str] = field(default_factory=set)

    def holder(self, account: str) -> str:
        return next((group for group, held in self.groups.items() if account in held), "")

    def expect(self, move: Move) -> set[int]:
        """Return the statuses that the move may have."""
        verb, group, account, _ = move
        if verb == "put-group":
            return {409} if group in self.leaving else {200} if group in self.groups else {201}
        if group not in self.groups:
            return {404}
        if verb == "delete-group":
            return {202}
        if account in self.groups[group]:
            return {409} if group in self.leaving else {200, 409}  # 409 while it is growing
        if verb == "put":
            return {409} if group in self.leaving or self.holder(account) else {202}
        return {204} if verb == "delete" else {404}

    def apply(self, move: Move, status: int) -> None:
        verb, group, account, _ = move
        if verb == "settle":
            for gone in self.leaving:
                self.groups.pop(gone)
            self.leaving.clear()
        elif verb == "put-group" and status == 201:
            self.groups[group] = set()
        elif verb == "delete-group" and status == 202:
            self.leaving.add(group)
        elif verb == "put" and status == 202:
            self.groups[group].add(account)
        elif verb == "delete" and status == 200:
            self.groups[group].discard(account)


@settings(max_examples=60)
@given(moves=MOVES)
def test_nothing_is_lost_and_nothing_breaks(moves: list[Move]) -> None:
    driver, model = Driver(), Model()
    for move in moves:
        if move[0] == "wait" and model.leaving:
            move = ("settle", *move[1:])  # the model does not know when a group is gone in between
        answer = make(driver, move)
        if answer is not None:
            assert answer.status < 500
            assert answer.status in model.expect(move), (move, answer.status, answer.body)
        model.apply(move, answer.status if answer else 0)
        expected = {f"{group}/{account}" for group, held in model.groups.items() for account in held}
        assert listed(driver) == (set(model.groups), expected)
        held = {account for held in model.groups.values() for account in held}
        for account in ACCOUNTS:
            check = driver.post("/providers/Microsoft.Storage/checkNameAvailability", {"name": account}).json()
            assert check["nameAvailable"] is (account not in held)


@settings(max_examples=60)
@given(moves=MOVES)
def test_when_all_is_deleted_every_name_is_free_and_nothing_goes_on(moves: list[Move]) -> None:
    driver = Driver()
    for move in moves:
        make(driver, move)
    driver.wait(600)
    for group in listed(driver)[0]:
        driver.delete(path_of(group))
    driver.wait(600)
    assert listed(driver) == (set(), set())
    driver.arm.step(driver.now_us)
    assert driver.arm.due() is None
    driver.group("one")
    for account in ACCOUNTS:
        assert driver.put(path_of("one", account), EAST).status == 202


def play(driver: Driver, moves: list[Move]) -> list[object]:
    """Return everything that can be seen of a run."""
    seen: list[object] = []
    for move in moves:
        seen += [make(driver, move), driver.arm.due()]
    return [*seen, driver.get("/resources"), driver.arm.step(driver.now_us)]


@settings(max_examples=60)
@given(before=MOVES, after=MOVES, other=MOVES)
def test_a_copy_goes_on_exactly_as_the_original(before: list[Move], after: list[Move], other: list[Move]) -> None:
    driver = Driver()
    for move in before:
        make(driver, move)
    copy, third = deepcopy(driver), deepcopy(driver)
    play(third, other)
    assert play(driver, after) == play(copy, after), "whatever another copy does"


@settings(max_examples=40)
@given(moves=MOVES, seed=st.integers(0, 2**63 - 1))
def test_the_same_seed_gives_the_same_bytes(moves: list[Move], seed: int) -> None:
    assert play(Driver(seed=seed), moves) == play(Driver(seed=seed), moves)


@settings(max_examples=40)
@given(moves=MOVES)
def test_stopping_on_the_way_changes_nothing(moves: list[Move]) -> None:
    straight, halting = Driver(), Driver()
    for move in moves:
        start_us = halting.now_us
        assert make(straight, move) == make(halting, move)
        for moment_us in range(start_us, halting.now_us + 1, 7_000_000):
            halting.arm.step(moment_us)
    assert straight.get("/resources") == halting.get("/resources")


WORDS = st.sampled_from(
    (
        *(
            "resourceGroups",
            "rg",
            "providers",
            "resources",
            "x",
            "production",
            "slots",
            "roles",
            "locks",
            "start",
            "%2e",
        ),
        *("Microsoft.Storage", "storageAccounts", "listKeys", "Microsoft.ClassicCompute", "domainNames", "contoso"),
        *("Microsoft.Network", "publicIPAddresses", "Microsoft.Compute", "virtualMachineScaleSets", "locations"),
        *("Microsoft.KeyVault", "vaults", "usages", "register", "Microsoft.Authorization", "checkNameAvailability"),
    )
)
RESOURCE = "/resourceGroups/rg/providers"
PATHS = st.one_of(
    st.lists(WORDS, max_size=8).map(lambda words: "/" + "/".join(words)),
    st.sampled_from(
        (
            f"{RESOURCE}/Microsoft.Storage/storageAccounts/abc",
            f"{RESOURCE}/Microsoft.ClassicCompute/domainNames/abc",
            f"{RESOURCE}/Microsoft.ClassicCompute/domainNames/abc/slots/production",
            f"{RESOURCE}/Microsoft.ClassicCompute/domainNames/abc/slots/production/start",
            f"{RESOURCE}/Microsoft.Network/publicIPAddresses/abc",
            f"{RESOURCE}/Microsoft.Compute/virtualMachineScaleSets/abc",
            f"{RESOURCE}/Microsoft.KeyVault/vaults/abc",
            f"{RESOURCE}/Microsoft.Authorization/locks/abc",
            "/providers/Microsoft.KeyVault/checkNameAvailability",
            "/resourceGroups/rg",
        )
    ),
)
SCALARS = st.sampled_from((None, True, 0, 1, -3, 10**30, "", "eastus", "Standard_B2s", "\u00e9", "CanNotDelete"))
NAMES = st.sampled_from(
    (
        *("location", "properties", "tags", "sku", "name", "capacity", "roles", "instanceCount", "configuration"),
        *(
            "dnsSettings",
            "domainNameLabel",
            "level",
            "enableSoftDelete",
            "softDeleteRetentionInDays",
            "keyName",
            "size",
        ),
    )
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5))
DOCUMENTS = st.one_of(
    VALUES, st.dictionaries(NAMES, VALUES, max_size=5).map(lambda written: written | {"location": "eastus"})
)
METHODS = st.sampled_from(("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS"))


@settings(max_examples=200)
@given(asked=st.lists(st.tuples(METHODS, PATHS, DOCUMENTS, st.integers(0, 200)), min_size=1, max_size=12))
def test_whatever_is_asked_has_an_answer(asked: list[tuple[str, str, object, int]]) -> None:
    driver = Driver()
    driver.group()
    for method, path, document, seconds in asked:
        answer = driver.ask(method, path, document)
        assert answer.status < 500 or answer.status == 501
        assert answer.status < 400 or method == "HEAD" or answer.json()["error"]["message"]
        driver.wait(seconds)
        assert driver.get("/resources").status in (200, 429)


@given(
    method=METHODS,
    path=st.sampled_from(("", "/contoso", "/contoso/deploymentslots/production", "/contoso/deployments/x?comp=config")),
    body=st.one_of(
        st.binary(max_size=30), st.sampled_from((b"<a/>", b"<a><Name>x</Name><Configuration>!</Configuration></a>"))
    ),
)
def test_the_older_door_answers_whatever_is_asked(method: str, path: str, body: bytes) -> None:
    driver = Driver()
    url = f"/{driver.id}/services/hostedservices{path}"
    answer = driver.arm.handle(Request(method, url, {"x-ms-version": "2015-04-01"}, body, CERTIFICATE), 0)
    assert answer.status in (200, 400, 404)
    assert answer.body.startswith(b"<?xml")
