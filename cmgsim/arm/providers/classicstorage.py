"""Microsoft.ClassicStorage: storage accounts of the classic deployment model, in the same world of names."""

from __future__ import annotations

from cmgsim.arm.providers.storage import NAME_RULE, account_names, account_taken
from cmgsim.arm.types import Provider, ResourceType, Style, Trait

ACCOUNT = ResourceType(
    "Microsoft.ClassicStorage/storageAccounts",
    "storageAccounts",
    "2015-06-01",
    create=Style.STATUS,
    retry_after_s=17,
    traits=Trait.TRACKED | Trait.CLASSIC,
    name_rule=NAME_RULE,
    claims=account_names,
    taken=account_taken,
)
PROVIDER = Provider("Microsoft.ClassicStorage", (ACCOUNT,))
