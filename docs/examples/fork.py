"""Copy a world in the middle of its life, and let the two go different ways."""

import cmgsim
from cmgsim.design.plan import Step
from cmgsim.units import days, hours

world: cmgsim.World = cmgsim.build(cmgsim.load("scenarios/designs/contoso.design.yaml"), seed=7)
world.run(hours(9))
world.do(Step(create_gateway="new_name"))
world.run_until(lambda world: world.deployments["new_name"].serving, within=hours(1))
world.do(Step(add_connection_point="cp2"))
world.run(hours(12))

other = world.fork()
world.do(Step(delete_gateway="classic"))

for each, name in ((world, "classic deleted"), (other, "classic kept")):
    each.run(days(1))
    print(f"{name}: {each.fleet.stranded()} clients stranded")
