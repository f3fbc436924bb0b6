"""Judge a design and a plan before anything runs."""

import cmgsim

design = cmgsim.load("scenarios/designs/contoso.design.yaml")
plan = cmgsim.load("scenarios/plans/route_a_same_name.plan.yaml")

for finding in cmgsim.lint(design, plan).warnings:
    print(finding.rule, finding.where)
