"""A deployment script of one's own, on a cloud that is full for ten minutes and throttles now and then."""

from azure.core.exceptions import HttpResponseError
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.storage import StorageManagementClient

from cmgsim.arm.config import ArmConfig, Subscription
from cmgsim.arm.faults import Fault, Match, Point
from cmgsim.arm.service import ArmService
from cmgsim.arm.transport import ScriptClock, client_options, inline_polling
from cmgsim.units import MINUTE

account = {"location": "eastus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
subscription = Subscription(registered=("Microsoft.Storage",))
denied = Fault("policy", Point.POLICY_DENIED, Match(provider="Microsoft.Storage"), until_us=10 * MINUTE)
busy = Fault("busy", Point.ARM_THROTTLED, probability_ppm=200_000, parameters={"retry_after_s": 20})

service, clock = ArmService(ArmConfig(subscriptions=(subscription,), faults=(denied, busy)), seed=7), ScriptClock()
options = client_options(service, clock, "owner") | {"subscription_id": subscription.id}
groups = ResourceManagementClient(**options).resource_groups
accounts = StorageManagementClient(**options).storage_accounts

groups.create_or_update("rg", {"location": "eastus"})
while True:
    try:
        accounts.begin_create("rg", "contoso", account, polling=inline_polling()).result()
        break
    except HttpResponseError as problem:
        print(f"{clock.now_us // MINUTE:2} min  {problem.error.code}")
        clock.wait(4 * MINUTE)
print(f"{clock.now_us // MINUTE:2} min  made")

struck = [fact.fault for fact in service.step(clock.now_us) if type(fact).__name__ == "FaultStruck"]
print({name: struck.count(name) for name in sorted(set(struck))})
