"""Size the gateway of a stand-alone site, and say which limit binds and what the answer rests on."""

import cmgsim

design = cmgsim.load("scenarios/designs/new_york.design.yaml")
sizing = cmgsim.size(design, clients=18_000, targets=[cmgsim.read_target("p99(policy) < 10s")])
print(f"{sizing.smallest} VMs and {sizing.answer.connection_points} connection points, because of {sizing.vms_by}")
print(f"documented: {sizing.documented.vms} VMs and {sizing.documented.connection_points} connection points")
print("assumed:", *sizing.premises, sep="\n  ")
