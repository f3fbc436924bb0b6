"""Rehearse a redeploy, ask checks about it, and look at who is stranded."""

import cmgsim
from cmgsim import Design, Plan, Run, Table

design: Design = cmgsim.load("scenarios/designs/contoso.design.yaml")
plan: Plan = cmgsim.load("scenarios/plans/route_b_new_name.plan.yaml")

run: Run = cmgsim.rehearse(design, plan, seed=7, before="9h", after="1d")
for step in run.steps:
    print(f"{step.text:40} {step.outcome.value} {step.note}")

print(cmgsim.judge(run, "never_without_a_gateway"))
print(cmgsim.judge(run, "stranded_clients", population="always_on", at_most=0))

stranded: Table = run.stranded_clients
print(len(stranded), "of", run.clients, "clients are stranded at the end")
