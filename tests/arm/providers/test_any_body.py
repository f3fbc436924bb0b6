"""Whatever a request says, it is answered: no body, header or query makes a provider stumble. In this process only."""

from __future__ import annotations

from functools import cache
from typing import Any

import parts
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmgsim.arm import routes
from cmgsim.arm.catalog import TYPES
from cmgsim.arm.config import ArmConfig, Subscription, ThrottleMode
from cmgsim.arm.dataplane import front, secrets
from cmgsim.arm.messages import Request
from cmgsim.arm.providers.balancers import PARTS

GROUP = "/resourceGroups/rg"
NAMESPACES = (
    "Microsoft.Storage",
    "Microsoft.Network",
    "Microsoft.Compute",
    "Microsoft.KeyVault",
    "Microsoft.ClassicCompute",
    "Microsoft.ClassicStorage",
)
#: What the body of any request may name, whether or not it is meant for it.
WORDS = (
    *PARTS,
    *("name", "id", "location", "tags", "sku", "capacity", "zones", "properties", "identity", "kind", "type"),
    *("instanceIds", "targetZone", "serviceName", "action", "commandId", "dataDisksToAttach", "dataDisksToDetach"),
    *("diskId", "lun", "protectionPolicy", "virtualMachineProfile", "networkProfile", "upgradePolicy", "mode"),
    *("networkInterfaceConfigurations", "ipConfigurations", "publicIPAddressConfiguration", "osProfile"),
    *("roleProfile", "roles", "configuration", "loadBalancerConfigurations", "frontendIpConfigurations"),
    *("addressSpace", "addressPrefixes", "addressPrefix", "subnets", "securityRules", "priority", "direction"),
    *("access", "dnsSettings", "domainNameLabel", "ddosSettings", "publicIPAddress", "isRollback", "publicIpArmId"),
    *("accessPolicies", "permissions", "secrets", "softDeleteRetentionInDays", "enableSoftDelete", "createMode"),
    *("resources", "targetResourceGroup", "subscriptionIds", "keyName", "signedPermission", "signedServices"),
    *("canonicalizedResource", "signedResource", "signedExpiry", "signedResourceTypes", "keyToSign"),
    *("timeToRestore", "blobRanges", "targetSkuName", "leaseDuration", "leaseId", "proposedLeaseId", "breakPeriod"),
    *("immutabilityPeriodSinceCreationInDays", "publicAccess", "metadata", "pools", "roleName", "assignableScopes"),
    *("roleDefinitionId", "principalId", "level", "actions", "objectId", "template", "parameters"),
)
TEXTS = st.sampled_from(
    ["", "x", "0", "1", "*", "default", "10.0.0.0/24", "Standard_A2_v2", "acquire", "break", "eastus", "true", "key1"]
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-1, 300), TEXTS)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.sampled_from(WORDS), inner, max_size=4)),
    max_leaves=8,
)
BODIES = st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=6)
NAMES = {
    "storageaccounts": "contoso",
    "containers": "logs",
    "virtualmachinescalesets": "web",
    "virtualmachines": "0",
    "virtualnetworks": "net",
    "subnets": "one",
    "locations": "eastus",
    "cloudservices": "web",
    "roleinstances": "Web_IN_0",
}
ASKED = sorted(key for key in routes.ROUTES if key[1].split("/")[0] in ("group", "any", "subscription"))
INSTANCES = sorted((method, kind.name) for kind in TYPES.values() for method in ("PUT", "PATCH"))


def path_of(route: str) -> str:
    """Return a path that a route fits, with names of what is there."""
    level, *words = route.removesuffix("/*").split("/")
    path = {"group": GROUP, "any": GROUP, "subscription": ""}[level]
    if words and ("." in words[0] or words[0] == "*"):
        path += f"/providers/{'Microsoft.Compute' if words[0] == '*' else words[0]}"
        words = words[1:]
    for number, word in enumerate(words):
        last = number == len(words) - 1
        path += f"/{word}" if last and not route.endswith("/*") else f"/{word}/{NAMES.get(word, 'default')}"
    return path


@cache
def furnished() -> parts.Driver:
    """Return a cloud with something of everything; it is shared, and only ever gets stranger."""
    own = Subscription(registered=NAMESPACES, core_quota_default=1_000)
    driver = parts.Driver(ArmConfig(subscriptions=(own,), throttle=ThrottleMode.OFF))
    east: dict[str, Any] = {"location": "eastus"}
    driver.group()
    root = f"{GROUP}/providers"
    driver.poll(
        driver.put(f"{root}/Microsoft.Storage/storageAccounts/contoso", east | {"sku": {"name": "Standard_GRS"}})
    )
    driver.put(f"{root}/Microsoft.Storage/storageAccounts/contoso/blobServices/default/containers/logs", {})
    sized = east | {"sku": {"name": "Standard_A2_v2", "capacity": 2}}
    driver.poll(driver.put(f"{root}/Microsoft.Compute/virtualMachineScaleSets/web", sized))
    role = {"name": "Web", "sku": {"name": "Standard_A2_v2", "capacity": 1}}
    service = east | {"properties": {"roleProfile": {"roles": [role]}}}
    driver.poll(driver.put(f"{root}/Microsoft.Compute/cloudServices/web", service))
    for kind, name in (
        ("virtualNetworks", "net"),
        ("publicIPAddresses", "default"),
        ("loadBalancers", "default"),
        ("networkSecurityGroups", "default"),
    ):
        driver.poll(driver.put(f"{root}/Microsoft.Network/{kind}/{name}", east))
    return driver


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(ASKED), BODIES)
def test_every_route_answers_any_body(key: tuple[str, str], body: dict[str, Any]) -> None:
    method, route = key
    driver = furnished()
    if method == "DELETE":
        return
    answer = driver.ask(method, path_of(route), None if method in ("GET", "HEAD") else body)
    assert answer.status < 500 or answer.status in (501, 503), (key, body, answer.body)
    driver.wait(40)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(INSTANCES), BODIES)
def test_every_type_answers_any_body(key: tuple[str, str], body: dict[str, Any]) -> None:
    method, kind = key
    namespace, *types = kind.split("/")
    pairs = "".join(f"/{word}/{NAMES.get(word.lower(), 'default')}" for word in types)
    driver = furnished()
    answer = driver.ask(method, f"{GROUP}/providers/{namespace}{pairs}", body | {"location": "eastus"})
    assert answer.status < 500 or answer.status in (501, 503), (key, body, answer.body)
    driver.wait(40)
    shown = driver.get(f"{GROUP}/providers/{namespace}{pairs}")
    assert shown.status in (200, 404), (key, body, shown.body)


HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "x-ms-blob-type",
            "x-ms-range",
            "x-ms-lease-action",
            "x-ms-lease-duration",
            "x-ms-lease-id",
            "x-ms-lease-break-period",
            "x-ms-proposed-lease-id",
            "x-ms-copy-source",
            "x-ms-access-tier",
            "x-ms-meta-a",
            "if-match",
            "if-none-match",
            "x-ms-blob-condition-appendpos",
        ]
    ),
    st.sampled_from(
        ["", "x", "*", "0", "-1", "30", "bytes=0-", "bytes=9-1", "acquire", "break", "AppendBlob", "PageBlob"]
    ),
    max_size=4,
)
QUERIES = st.dictionaries(
    st.sampled_from(["blockid", "maxresults", "prefix", "marker", "delimiter", "include", "blocklisttype", "sv", "se"]),
    st.sampled_from(["", "x", "0", "-1", "5", "all", "/"]),
    max_size=3,
)
PLACES = [
    *(("/logs/a", method, "", comp) for method, comp in front.BLOB),
    *(("/logs", method, "container", comp) for method, comp in [*front.CONTAINERS, ("PUT", "")]),
    *(("/", method, restype, comp) for method, restype, comp in front.SERVICE),
]


@settings(max_examples=400)
@given(st.sampled_from(PLACES), HEADERS, QUERIES, st.binary(max_size=30))
def test_blobs_answer_anything(
    place: tuple[str, str, str, str], headers: dict[str, str], query: dict[str, str], body: bytes
) -> None:
    path, method, restype, comp = place
    driver = furnished()
    give_data_role(driver)
    token = driver.arm.token("owner", driver.now_us)
    asked = "&".join(f"{name}={value}" for name, value in ({"restype": restype, "comp": comp} | query).items() if value)
    known = {"authorization": f"Bearer {token}", "x-ms-version": "2020-12-06"}
    request = Request(method, f"https://contoso.blob.core.windows.net{path}?{asked}", known | headers, body)
    answer = driver.arm.handle(request, driver.now_us)
    assert answer.status < 500 or answer.status in (501, 503), (place, headers, query, answer.body)
    driver.wait(1)


def give_data_role(driver: parts.Driver) -> None:
    role = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
    properties = {
        "roleDefinitionId": f"{driver.root}/providers/Microsoft.Authorization/roleDefinitions/{role}",
        "principalId": driver.config.find_principal("owner")[1].object_id,
    }
    name = "11111111-2222-4333-8444-000000000001"
    driver.put(f"/providers/Microsoft.Authorization/roleAssignments/{name}", {"properties": properties})


@settings(max_examples=150)
@given(
    st.sampled_from(sorted(secrets.HANDLERS)),
    st.dictionaries(st.sampled_from(["value", "tags", "attributes", "contentType", "enabled"]), VALUES, max_size=4),
)
def test_secrets_answer_anything(key: tuple[str, str], body: dict[str, Any]) -> None:
    method, route = key
    driver = with_vault()
    token = driver.arm.token("owner", driver.now_us)
    path = route.replace("*", "x")
    request = Request.of(method, f"https://safe.vault.azure.net/{path}?api-version=7.5", body, token=token)
    answer = driver.arm.handle(request, driver.now_us)
    assert answer.status < 500 or answer.status == 501, (key, body, answer.body)


@cache
def with_vault() -> parts.Driver:
    driver = parts.Driver()
    principal = driver.config.find_principal("owner")[1].object_id
    policy = {"objectId": principal, "permissions": {"secrets": ["all"]}}
    properties = {"accessPolicies": [policy], "enableSoftDelete": True}
    vault = f"{driver.group()}/providers/Microsoft.KeyVault/vaults/safe"
    driver.put(vault, {"location": "eastus", "properties": properties})
    driver.wait(60)
    return driver


@pytest.mark.parametrize("path", ["/", "//", "/a/b//c", "/%2e%2e/x", "/logs/%00"])
def test_odd_paths_of_blobs_are_answered(path: str) -> None:
    driver = furnished()
    answer = driver.arm.handle(Request("GET", f"https://contoso.blob.core.windows.net{path}"), driver.now_us)
    assert answer.status in (400, 401, 404, 501), answer.body


MACHINE_WORDS = (
    "upgradePolicy virtualMachineProfile virtualMachineProfile.osProfile virtualMachineProfile.networkProfile "
    "virtualMachineProfile.osProfile.computerNamePrefix platformFaultDomainCount upgradePolicy.mode "
    "virtualMachineProfile.networkProfile.networkInterfaceConfigurations"
)
ODD = [None, True, 7, -1, "x", [], ["x"], {}, {"x": 1}, [{}], [7]]


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("Microsoft.Compute/virtualMachineScaleSets/odd", ("zones", "sku", "tags", "identity", "plan")),
        ("Microsoft.Storage/storageAccounts/odd", ("sku", "kind", "tags")),
        ("Microsoft.KeyVault/vaults/odd", ("sku", "tags")),
    ],
)
def test_no_part_of_a_resource_can_be_odd_enough(kind: str, properties: tuple[str, ...]) -> None:
    driver = parts.Driver()
    path = f"{driver.group()}/providers/{kind}"
    known = {"location": "eastus", "sku": {"name": "Standard_A2_v2", "capacity": 1}}
    for name in properties:
        for odd in ODD:
            answered(driver, path, known | {name: odd})


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (
            "Microsoft.Compute/virtualMachineScaleSets/odd",
            MACHINE_WORDS,
        ),
        ("Microsoft.KeyVault/vaults/odd", "accessPolicies createMode softDeleteRetentionInDays enableSoftDelete"),
        ("Microsoft.Network/virtualNetworks/odd", "subnets addressSpace addressSpace.addressPrefixes"),
        ("Microsoft.Network/networkSecurityGroups/odd", "securityRules"),
        ("Microsoft.Network/publicIPAddresses/odd", "dnsSettings dnsSettings.domainNameLabel ddosSettings"),
        ("Microsoft.Network/loadBalancers/odd", "frontendIPConfigurations probes backendAddressPools inboundNatRules"),
        ("Microsoft.Compute/cloudServices/odd", "roleProfile roleProfile.roles networkProfile configuration"),
        ("Microsoft.Storage/storageAccounts/contoso/blobServices/default/containers/odd", "metadata publicAccess"),
    ],
)
def test_no_property_can_be_odd_enough(kind: str, words: str) -> None:
    driver = parts.Driver()
    group = driver.group()
    account = {"location": "eastus", "sku": {"name": "Standard_LRS"}}
    driver.poll(driver.put(f"{group}/providers/Microsoft.Storage/storageAccounts/contoso", account))
    for word in words.split():
        for odd in ODD:
            properties: Any = odd
            for name in reversed(word.split(".")):
                properties = {name: properties}
            document = {"location": "eastus", "sku": {"name": "Standard_A2_v2", "capacity": 1}}
            answered(driver, f"{group}/providers/{kind}", document | {"properties": properties})


def answered(driver: parts.Driver, path: str, document: dict[str, Any]) -> None:
    """Put something odd: it is refused, or it can be shown and listed ever after."""
    written = driver.put(path, document)
    assert written.status < 500, (document, written.body)
    driver.wait(500)
    if written.status < 300:
        assert driver.get(path).status == 200, (document, driver.get(path).body)
        for more in ("/virtualMachines?$expand=instanceView", "/publicipaddresses", "/roleInstances", "/instanceView"):
            assert driver.get(f"{path}{more}").status in (200, 400, 404, 405, 501), (document, more)
        assert driver.delete(path).status < 300
        driver.wait(500)


def test_no_lease_can_be_odd_enough() -> None:
    driver = furnished()
    path = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/contoso/blobServices/default/containers/logs/lease"
    for action in ("acquire", "renew", "change", "release", "break"):
        for name in ("leaseDuration", "breakPeriod", "leaseId", "proposedLeaseId"):
            for odd in ODD:
                assert driver.post(path, {"action": action, name: odd}).status < 500
