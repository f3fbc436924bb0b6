"""What a fake cloud is made of before the first request: frozen facts.

Every text that may be left empty is then derived from a name, so that the shortest configuration is complete::

    ArmConfig(subscriptions=(Subscription("contoso"),))
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

from cmgsim.arm.clouds import REGIONS, Region
from cmgsim.arm.faults import Fault
from cmgsim.arm.identifiers import named_guid
from cmgsim.errors import UnknownName

if TYPE_CHECKING:
    from cmgsim.arm.lifecycle import Lifecycle


class ThrottleMode(Enum):
    """Which of Microsoft's limits on requests holds (source: "Throttling Resource Manager requests")."""

    OFF = "off"
    HOURLY_2019 = "hourly-2019"
    BUCKET_2024 = "bucket-2024"


class Role(Enum):
    """A built-in role (source: "Azure built-in roles")."""

    OWNER = "owner"
    CONTRIBUTOR = "contributor"
    READER = "reader"


class SubscriptionState(Enum):
    """Whether a subscription takes changes; one that warns still does."""

    ENABLED = "Enabled"
    WARNED = "Warned"
    DISABLED = "Disabled"


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who signs in as an application; ``secret_expires_us`` is a moment of simulated time, or never."""

    name: str
    secret: str = ""
    secret_expires_us: int | None = None
    app_id: str = ""
    object_id: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "app_id", self.app_id or named_guid("app", self.name))
        object.__setattr__(self, "object_id", self.object_id or named_guid("principal", self.name))
        object.__setattr__(self, "secret", self.secret or named_guid("secret", self.name))


@dataclass(frozen=True, slots=True)
class Tenant:
    """A directory and those who sign in to it."""

    name: str = "contoso"
    principals: tuple[Principal, ...] = (Principal("owner"),)
    id: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", (self.id or named_guid("tenant", self.name)).lower())


@dataclass(frozen=True, slots=True)
class Grant:
    """A role that a principal has from the start; ``scope`` is an id below the subscription, or all of it."""

    principal: str
    role: Role = Role.OWNER
    scope: str = ""


@dataclass(frozen=True, slots=True)
class ExistingGroup:
    """A resource group that is there from the start."""

    name: str
    region: str
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription and what it may do.

    ``core_quota`` holds (region, cores) where the quota is not ``core_quota_default`` (documented default: 20 cores a
    region; source: "Azure subscription limits"). ``registered`` are the provider namespaces registered from the start.
    ``management_certificates`` are SHA-1 thumbprints in hexadecimal.
    """

    name: str = "contoso"
    id: str = ""
    tenant: str = "contoso"
    environment: str = "public"
    state: SubscriptionState = SubscriptionState.ENABLED
    grants: tuple[Grant, ...] = (Grant("owner"),)
    registered: tuple[str, ...] = ()
    groups: tuple[ExistingGroup, ...] = ()
    core_quota: tuple[tuple[str, int], ...] = ()
    core_quota_default: int = 20
    cloud_service_quota: int = 20
    management_certificates: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", (self.id or named_guid("subscription", self.name)).lower())
        thumbprints = tuple(thumbprint.upper() for thumbprint in self.management_certificates)
        object.__setattr__(self, "management_certificates", thumbprints)

    def cores(self, region: str) -> int:
        """Return the quota of cores in a region."""
        return dict(self.core_quota).get(region, self.core_quota_default)


@dataclass(frozen=True, slots=True)
class ArmConfig:
    """Everything a fake cloud starts with.

    ``taken_names`` are full DNS names that other customers hold, such as ``contoso.cloudapp.net``,
    ``contoso.blob.core.windows.net`` or ``contoso.vault.azure.net``. ``lifecycles`` replace those of the same name.
    ``vault_soft_delete_days`` is how long a deleted key vault keeps its name when it does not say so itself; 0 was the
    default until the end of 2020, 90 is since (source: "Azure Key Vault soft-delete overview"). ``role_size`` is the
    machine size that the package of a cloud service (classic) asks for, as packages are not read. ``faults`` go wrong
    in their windows; others can be added while the cloud runs.
    """

    tenants: tuple[Tenant, ...] = (Tenant(),)
    subscriptions: tuple[Subscription, ...] = (Subscription(),)
    regions: tuple[Region, ...] = REGIONS
    taken_names: tuple[str, ...] = ()
    lifecycles: tuple[Lifecycle, ...] = ()
    throttle: ThrottleMode = ThrottleMode.BUCKET_2024
    start: datetime = field(default=datetime(2019, 7, 29, tzinfo=UTC))
    page_size: int = 100
    activity_size: int = 10_000
    vault_soft_delete_days: int = 0
    role_size: str = "Standard_A2_v2"
    faults: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        tenants = [tenant.name for tenant in self.tenants]
        for subscription in self.subscriptions:
            if subscription.tenant not in tenants:
                raise UnknownName("tenant", subscription.tenant, tenants)
            known = [principal.name for principal in self.tenant_of(subscription).principals]
            for grant in subscription.grants:
                if grant.principal not in known:
                    raise UnknownName("principal", grant.principal, known)

    def __deepcopy__(self, memo: dict[int, Any]) -> ArmConfig:
        """Return itself: nothing in it ever changes."""
        return self

    def tenant_of(self, subscription: Subscription) -> Tenant:
        """Return the directory that a subscription trusts."""
        return next(tenant for tenant in self.tenants if tenant.name == subscription.tenant)

    def find_subscription(self, name_or_id: str) -> Subscription:
        """Return the subscription of that name or id.

        Raises:
            UnknownName: if there is none.
        """
        for subscription in self.subscriptions:
            if name_or_id.lower() in (subscription.id, subscription.name.lower()):
                return subscription
        raise UnknownName("subscription", name_or_id, [subscription.name for subscription in self.subscriptions])

    def find_principal(self, name_or_id: str) -> tuple[Tenant, Principal]:
        """Return the principal of that name, application id or object id, with its tenant.

        Raises:
            UnknownName: if there is none.
        """
        for tenant in self.tenants:
            for principal in tenant.principals:
                if name_or_id in (principal.name, principal.app_id, principal.object_id):
                    return tenant, principal
        known = [principal.name for tenant in self.tenants for principal in tenant.principals]
        raise UnknownName("principal", name_or_id, known)
