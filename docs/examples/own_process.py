"""Let a plain SimPy process of your own live in a world; such a world cannot be forked, and says so."""

import cmgsim
from cmgsim import CmgsimError
from cmgsim.units import HOUR, format_moment, hours

world = cmgsim.build(cmgsim.load("scenarios/designs/new_york.design.yaml"), seed=1)


def watch(env):
    """Look every six hours how many clients know the gateway."""
    while True:
        yield env.timeout(6 * HOUR)
        print(format_moment(env.now), world.knowing("east").clients, "clients know the gateway")


world.add_process(watch, "watch")
world.run(hours(20))
try:
    world.fork()
except CmgsimError as error:
    print(error)
