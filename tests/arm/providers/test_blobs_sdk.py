"""Blobs through azure-storage-blob, unmodified, at both doors."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import (
    AccountSasPermissions,
    BlobBlock,
    BlobClient,
    BlobLeaseClient,
    BlobSasPermissions,
    BlobServiceClient,
    BlobType,
    ContainerClient,
    ContentSettings,
    PublicAccess,
    ResourceTypes,
    StandardBlobTier,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)
from both_doors import LOOPBACK, Loopback, open_door
from sdk import ACCOUNT, Azure

from cmgsim.arm.dataplane.contents import REQUESTS_PER_BLOB

URL = "https://contoso.blob.core.windows.net"
#: Simulated time begins on 29 July 2019.
SOON = datetime(2019, 7, 30, tzinfo=UTC)
LATE = datetime(2019, 7, 28, tzinfo=UTC)
DATA = bytes(range(256)) * 40


class Blobs:
    """A storage account as a user of blobs sees it."""

    def __init__(self, azure: Azure) -> None:
        self.azure = azure
        assert azure.group
        azure.storage_accounts.begin_create("rg", "contoso", ACCOUNT)
        keys = azure.storage_accounts.list_keys("rg", "contoso").keys_property
        self.key, self.key2 = (key.value for key in keys)
        self.transport = azure.door.transport()

    def service(self, credential: Any = None) -> BlobServiceClient:
        named = {"account_name": "contoso", "account_key": self.key} if credential is None else credential
        return BlobServiceClient(URL, credential=named or None, transport=self.transport, retry_total=0)

    def container(self, name: str = "logs") -> ContainerClient:
        made = self.service().get_container_client(name)
        made.create_container()
        return made

    def anybody(self, blob: str, sas: str = "") -> BlobClient:
        return BlobClient(URL, "logs", blob, credential=sas or None, transport=self.transport, retry_total=0)


@pytest.fixture
def blobs(azure: Azure) -> Blobs:
    return Blobs(azure)


def code(problem: pytest.ExceptionInfo[HttpResponseError]) -> str:
    found = problem.value.error_code
    return str(getattr(found, "value", found))


def test_a_blob_is_written_read_described_and_deleted(blobs: Blobs) -> None:
    container = blobs.container()
    blob = container.get_blob_client("PKG1/a.bin")
    settings = ContentSettings(content_type="text/plain", content_encoding="utf-8")
    blob.upload_blob(DATA, metadata={"colour": "blue"}, content_settings=settings)
    assert blob.download_blob().readall() == DATA
    shown = blob.get_blob_properties()
    assert (shown.size, shown.metadata, shown.blob_type) == (len(DATA), {"colour": "blue"}, BlobType.BLOCKBLOB)
    assert (shown.content_settings.content_type, shown.content_settings.content_encoding) == ("text/plain", "utf-8")
    with pytest.raises(ResourceExistsError) as problem:
        blob.upload_blob(b"other")
    assert code(problem) == "BlobAlreadyExists"
    blob.upload_blob(b"other", overwrite=True)
    assert blob.download_blob().readall() == b"other"
    assert blob.exists() is True
    blob.delete_blob()
    assert blob.exists() is False
    with pytest.raises(ResourceNotFoundError) as problem:
        blob.download_blob()
    assert code(problem) == "BlobNotFound"


def test_ranges_of_a_blob(blobs: Blobs) -> None:
    blob = blobs.container().get_blob_client("a")
    blob.upload_blob(DATA)
    assert blob.download_blob(offset=10, length=20).readall() == DATA[10:30]
    assert blob.download_blob(offset=len(DATA) - 5).readall() == DATA[-5:]
    with pytest.raises(HttpResponseError) as problem:
        blob.download_blob(offset=len(DATA) + 1, length=5)
    assert code(problem) == "InvalidRange"


def test_a_blob_in_blocks(blobs: Blobs) -> None:
    container = blobs.container()
    blob = container.get_blob_client("a")
    blob.stage_block("AAAA", b"one")
    blob.stage_block("BBBB", b"two")
    assert [block.id for block in blob.get_block_list("uncommitted")[1]] == ["AAAA", "BBBB"]
    assert blob.exists() is False
    blob.commit_block_list([BlobBlock("BBBB"), BlobBlock("AAAA")])
    assert blob.download_blob().readall() == b"twoone"
    blob.stage_block("CCCC", b"three")
    blob.commit_block_list([BlobBlock("CCCC"), BlobBlock("AAAA")])
    assert blob.download_blob().readall() == b"threeone"
    assert [(block.id, block.size) for block in blob.get_block_list("committed")[0]] == [("CCCC", 5), ("AAAA", 3)]
    with pytest.raises(HttpResponseError) as problem:
        blob.commit_block_list([BlobBlock("DDDD")])
    assert code(problem) == "InvalidBlockList"
    large = ContainerClient(
        URL,
        "logs",
        credential={"account_name": "contoso", "account_key": blobs.key},
        transport=blobs.transport,
        max_single_put_size=1_000,
        max_block_size=4_000,
        max_single_get_size=3_000,
        max_chunk_get_size=3_000,
    ).get_blob_client("large")
    large.upload_blob(DATA)
    assert large.download_blob().readall() == DATA


def test_a_log_is_appended_to(blobs: Blobs) -> None:
    blob = blobs.container().get_blob_client("log")
    blob.create_append_blob()
    blob.append_block(b"one")
    blob.append_block(b"two", appendpos_condition=3)
    with pytest.raises(HttpResponseError) as problem:
        blob.append_block(b"three", appendpos_condition=3)
    assert code(problem) == "AppendPositionConditionNotMet"
    assert blob.download_blob().readall() == b"onetwo"
    other = blobs.service().get_blob_client("logs", "block")
    other.upload_blob(b"x")
    with pytest.raises(ResourceExistsError) as problem:
        other.append_block(b"y")
    assert code(problem) == "InvalidBlobType"
    with pytest.raises(HttpResponseError) as problem:
        other.create_page_blob(512)
    assert code(problem) == "NotModelled"


def test_containers_and_blobs_are_listed_page_by_page(blobs: Blobs) -> None:
    service, container = blobs.service(), blobs.container()
    blobs.container("other")
    assert [found.name for found in service.list_containers()] == ["logs", "other"]
    assert [found.name for found in service.list_containers(name_starts_with="o")] == ["other"]
    for name in ("a/1", "a/2", "b"):
        container.upload_blob(name, b"x", metadata={"n": name[0]})
    assert [found.name for found in container.list_blobs(name_starts_with="a/")] == ["a/1", "a/2"]
    assert [found.name for found in container.list_blobs(results_per_page=1)] == ["a/1", "a/2", "b"]
    assert [found.metadata for found in container.list_blobs(include=["metadata"])] == [{"n": "a"}] * 2 + [{"n": "b"}]
    assert [found.name for found in container.walk_blobs()] == ["a/", "b"]
    shown = [found.name for found in blobs.azure.blob_containers.list("rg", "contoso")]
    assert shown == ["logs", "other"], "both doors to the same containers"


def test_a_container_from_its_name_to_its_end(blobs: Blobs) -> None:
    container = blobs.container()
    container.upload_blob("a", b"x")
    with pytest.raises(ResourceExistsError) as problem:
        container.create_container()
    assert code(problem) == "ContainerAlreadyExists"
    container.set_container_metadata({"a": "b"})
    assert container.get_container_properties().metadata == {"a": "b"}
    container.delete_container()
    assert container.exists() is False
    with pytest.raises(ResourceNotFoundError) as problem:
        container.upload_blob("a", b"x")
    assert code(problem) == "ContainerNotFound"
    container.create_container()
    assert list(container.list_blobs()) == [], "what was in it is gone"
    blobs.azure.blob_containers.delete("rg", "contoso", "logs")
    assert container.exists() is False


def test_conditions_and_properties(blobs: Blobs) -> None:
    blob = blobs.container().get_blob_client("a")
    first = blob.upload_blob(b"one")["etag"]
    second = blob.upload_blob(b"two", etag=first, match_condition=MatchConditions.IfNotModified, overwrite=True)["etag"]
    assert first != second
    with pytest.raises(ResourceModifiedError) as problem:
        blob.upload_blob(b"three", etag=first, match_condition=MatchConditions.IfNotModified, overwrite=True)
    assert code(problem) == "ConditionNotMet"
    blob.set_blob_metadata({"x": "y"})
    blob.set_http_headers(ContentSettings(content_type="image/png"))
    blob.set_standard_blob_tier(StandardBlobTier.COOL)
    shown = blob.get_blob_properties()
    assert (shown.metadata, shown.content_settings.content_type, shown.blob_tier) == ({"x": "y"}, "image/png", "Cool")
    copy = blob.container_name and blobs.service().get_blob_client("logs", "copy")
    assert copy.start_copy_from_url(blob.url)["copy_status"] == "success"
    assert copy.download_blob().readall() == b"two"
    with pytest.raises(ResourceNotFoundError):
        copy.start_copy_from_url("https://elsewhere.example/x")


def test_a_leased_blob_is_written_by_its_holder_only(blobs: Blobs) -> None:
    blob = blobs.container().get_blob_client("a")
    blob.upload_blob(b"one")
    lease = blob.acquire_lease(15)
    with pytest.raises(HttpResponseError) as problem:
        blob.upload_blob(b"two", overwrite=True)
    assert code(problem) == "LeaseIdMissing"
    blob.upload_blob(b"two", overwrite=True, lease=lease)
    lease.renew()
    blobs.azure.wait(16)
    blob.upload_blob(b"three", overwrite=True)
    again = blob.acquire_lease()
    with pytest.raises(ResourceExistsError) as problem:
        BlobLeaseClient(blob).acquire()
    assert code(problem) == "LeaseAlreadyPresent"
    again.change("11111111-2222-4333-8444-555555555555")
    again.break_lease(0)
    assert blob.get_blob_properties().lease.state == "broken"
    blob.delete_blob()
    container = blobs.service().get_container_client("logs")
    held = container.acquire_lease(60)
    with pytest.raises(HttpResponseError) as problem:
        container.delete_container()
    assert code(problem) == "LeaseIdMissing"
    held.release()
    container.delete_container()


def test_a_key_is_good_until_it_is_regenerated(blobs: Blobs) -> None:
    container = blobs.container()
    accounts = blobs.azure.storage_accounts
    accounts.regenerate_key("rg", "contoso", {"keyName": "key1"})
    with pytest.raises(ClientAuthenticationError) as problem:
        container.get_container_properties()
    assert code(problem) == "AuthenticationFailed"
    blobs.key = blobs.key2
    assert blobs.service().get_container_client("logs").exists()


def test_signatures_of_the_sdk_open_what_they_say(blobs: Blobs) -> None:
    blobs.container().upload_blob("a", DATA)
    permission = BlobSasPermissions(read=True)
    sas = generate_blob_sas("contoso", "logs", "a", account_key=blobs.key, permission=permission, expiry=SOON)
    assert blobs.anybody("a", sas).download_blob(offset=5, length=5).readall() == DATA[5:10]
    with pytest.raises(HttpResponseError) as problem:
        blobs.anybody("b", sas).upload_blob(b"x")
    assert code(problem) == "AuthenticationFailed"
    with pytest.raises(HttpResponseError) as problem:
        blobs.anybody("a", sas).delete_blob()
    assert code(problem) == "AuthorizationPermissionMismatch"
    late = generate_blob_sas("contoso", "logs", "a", account_key=blobs.key, permission=permission, expiry=LATE)
    with pytest.raises(ClientAuthenticationError):
        blobs.anybody("a", late).download_blob()
    whole = generate_container_sas("contoso", "logs", account_key=blobs.key, permission="rwl", expiry=SOON)
    blobs.anybody("c", whole).upload_blob(b"c")
    account = generate_account_sas(
        "contoso",
        blobs.key,
        ResourceTypes(container=True, object=True),
        AccountSasPermissions(read=True, list=True),
        SOON,
    )
    assert blobs.anybody("c", account).download_blob().readall() == b"c"
    with pytest.raises(HttpResponseError):
        blobs.anybody("c", account).upload_blob(b"d", overwrite=True)


def test_signatures_that_the_account_hands_out_are_good(blobs: Blobs) -> None:
    blobs.container().upload_blob("a", DATA)
    accounts = blobs.azure.storage_accounts
    wanted: dict[str, Any] = {"signedPermission": "r", "signedExpiry": "2019-07-30T00:00:00Z"}
    one = wanted | {"canonicalizedResource": "/blob/contoso/logs/a", "signedResource": "b"}
    service = accounts.list_service_sas("rg", "contoso", one).service_sas_token
    assert blobs.anybody("a", service).download_blob().readall() == DATA
    all_of_it = wanted | {"signedServices": "b", "signedResourceTypes": "o"}
    account = accounts.list_account_sas("rg", "contoso", all_of_it).account_sas_token
    assert blobs.anybody("a", account).download_blob().readall() == DATA


READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
NAME = "11111111-2222-4333-8444-000000000001"


def give(azure: Azure, role: str) -> None:
    definition = f"{azure.root}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    principal = azure.door.config.find_principal("owner")[1].object_id
    properties = {"roleDefinitionId": definition, "principalId": principal}
    azure.role_assignments.create(azure.root, NAME, {"properties": properties})


class Static:
    """A credential with the token of a principal, as anybody's code may have one."""

    def __init__(self, azure: Azure) -> None:
        self._azure = azure

    def get_token(self, *scopes: str, **options: Any) -> Any:
        return azure_token(self._azure)


def azure_token(azure: Azure) -> Any:
    from azure.core.credentials import AccessToken

    return AccessToken(azure.service.token("owner", azure.now_us), 4_000_000_000)


def test_an_owner_needs_a_data_role_to_read_blobs(blobs: Blobs) -> None:
    azure = blobs.azure
    blobs.container().upload_blob("a", DATA)
    mine = blobs.service(Static(azure)).get_blob_client("logs", "a")
    with pytest.raises(HttpResponseError) as problem:
        mine.download_blob()
    assert code(problem) == "AuthorizationPermissionMismatch"
    give(azure, READER)
    assert mine.download_blob().readall() == DATA
    with pytest.raises(HttpResponseError):
        mine.upload_blob(b"x", overwrite=True)
    azure.role_assignments.delete(azure.root, NAME)
    give(azure, CONTRIBUTOR)
    mine.upload_blob(b"x", overwrite=True)


def test_a_user_signs_with_a_key_of_its_own_until_it_is_revoked(blobs: Blobs) -> None:
    azure = blobs.azure
    blobs.container().upload_blob("a", DATA)
    start = SOON - timedelta(days=1)
    key = blobs.service(Static(azure)).get_user_delegation_key(start, SOON)
    sas = generate_blob_sas("contoso", "logs", "a", user_delegation_key=key, permission="r", expiry=SOON, start=start)
    assert blobs.anybody("a", sas).download_blob().readall() == DATA
    azure.storage_accounts.revoke_user_delegation_keys("rg", "contoso")
    with pytest.raises(ClientAuthenticationError):
        blobs.anybody("a", sas).download_blob()


def test_anybody_reads_what_is_public(blobs: Blobs) -> None:
    container = blobs.service().get_container_client("logs")
    container.create_container(public_access=PublicAccess.BLOB)
    container.upload_blob("a", DATA)
    assert blobs.anybody("a").download_blob().readall() == DATA
    with pytest.raises(HttpResponseError) as problem:
        blobs.anybody("a").upload_blob(b"x", overwrite=True)
    assert code(problem) == "NoAuthenticationInformation"
    assert container.get_container_access_policy()["public_access"] == "blob"
    blobs.azure.blob_containers.update("rg", "contoso", "logs", {"properties": {"publicAccess": "None"}})
    with pytest.raises(ClientAuthenticationError):
        blobs.anybody("a").download_blob()


def test_one_blob_answers_500_requests_a_second(blobs: Blobs) -> None:
    container = blobs.container()
    blob = container.get_blob_client("hot")
    blob.upload_blob(b"x")
    blobs.azure.wait(2)
    contents = blobs.azure.service.cloud.contents
    (name,) = contents.blobs
    for _ in range(REQUESTS_PER_BLOB):
        assert contents.admit(name, "hot", blobs.azure.now_us)
    with pytest.raises(HttpResponseError) as problem:
        blob.get_blob_properties()
    assert problem.value.status_code == 503
    container.upload_blob("cool", b"x")
    blobs.azure.wait(1)
    assert blob.get_blob_properties().size == 1


def test_what_leaves_an_account_is_metered(blobs: Blobs) -> None:
    blob = blobs.container().get_blob_client("a")
    blob.upload_blob(DATA)
    meter = blobs.azure.service.cloud.contents.meter("contoso.blob.core.windows.net")
    before = meter.egress
    blob.download_blob(offset=0, length=1_000).readall()
    assert meter.egress - before == 1_000
    assert meter.ingress == len(DATA)


def test_blobs_move_with_their_account_and_go_with_it(blobs: Blobs) -> None:
    azure = blobs.azure
    target = azure.resource_groups.create_or_update("other", {"location": "eastus"}).id
    container = blobs.container()
    container.upload_blob("a", DATA)
    account = f"{azure.group}/providers/Microsoft.Storage/storageAccounts/contoso"
    azure.resources.begin_move_resources("rg", {"resources": [account], "targetResourceGroup": target})
    assert container.download_blob("a").readall() == DATA
    azure.resource_groups.begin_delete("other")
    with pytest.raises(ResourceNotFoundError) as problem:
        container.download_blob("a")
    assert code(problem) == "AccountNotFound"


def test_what_the_service_does_not_know_it_says(blobs: Blobs) -> None:
    assert blobs.service().get_account_information()["account_kind"] == "StorageV2"
    assert blobs.service().get_service_properties()["delete_retention_policy"].enabled is False
    with pytest.raises(HttpResponseError) as problem:
        blobs.container().set_container_access_policy({})
    assert code(problem) == "NotModelled"


def test_a_server_on_this_machine_takes_the_account_from_the_path() -> None:
    with closing(open_door(LOOPBACK)) as door:
        key = Blobs(Azure(door)).key
        assert isinstance(door, Loopback)
        named = {"account_name": "contoso", "account_key": key}
        service = BlobServiceClient(f"{door.base}/contoso", credential=named, connection_verify=door.ca_file)
        assert service.account_name == "contoso"
        container = service.create_container("here")
        container.upload_blob("a", DATA)
        assert container.download_blob("a").readall() == DATA
        sas = generate_blob_sas("contoso", "here", "a", account_key=key, permission="r", expiry=SOON)
        blob = BlobClient(f"{door.base}/contoso", "here", "a", credential=sas, connection_verify=door.ca_file)
        assert blob.download_blob().readall() == DATA


@pytest.mark.serves("storage_accounts.begin_restore_blob_ranges")
def test_blobs_are_turned_back_to_a_moment(blobs: Blobs) -> None:
    azure = blobs.azure
    accounts = azure.storage_accounts
    container = blobs.container()
    ranges = [{"startRange": "logs/a", "endRange": "logs/c"}]
    with pytest.raises(ResourceExistsError, match="restorePolicy"):
        accounts.begin_restore_blob_ranges("rg", "contoso", {"timeToRestore": "2019-07-29T00:00:00Z", "blobRanges": []})
    policy = {"restorePolicy": {"enabled": True, "days": 6}}
    azure.blob_services.set_service_properties("rg", "contoso", {"properties": policy})
    for name in ("a", "b", "c"):
        container.upload_blob(name, b"one")
    azure.wait(60)
    moment = (azure.door.config.start + timedelta(microseconds=azure.now_us)).isoformat()
    azure.wait(60)
    container.upload_blob("a", b"two", overwrite=True)
    container.upload_blob("a", b"three", overwrite=True)
    container.upload_blob("a2", b"new")
    container.delete_blob("b")
    container.upload_blob("c", b"two", overwrite=True)
    started_us = azure.now_us
    status = accounts.begin_restore_blob_ranges("rg", "contoso", {"timeToRestore": moment, "blobRanges": ranges})
    assert (status.status, status.parameters.blob_ranges[0].start_range) == ("Complete", "logs/a")
    assert azure.now_us - started_us >= 30_000_000
    shown = {found.name: container.download_blob(found.name).readall() for found in container.list_blobs()}
    assert shown == {"a": b"one", "b": b"one", "c": b"two"}, "c is outside of the range"
    accounts.begin_restore_blob_ranges("rg", "contoso", {"timeToRestore": moment, "blobRanges": []})
    assert container.download_blob("c").readall() == b"one"
    for wrong in ("2030-01-01T00:00:00Z", "yesterday"):
        with pytest.raises(HttpResponseError, match="InvalidRequestPropertyValue|time"):
            azure.client("azure.mgmt.storage", "StorageManagementClient").storage_accounts.begin_restore_blob_ranges(
                "rg", "contoso", {"timeToRestore": wrong, "blobRanges": []}
            )
