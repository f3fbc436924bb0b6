"""Open a scenario file from Python: what it expects is data like all the rest."""

import cmgsim
from cmgsim import Scenario

loaded = cmgsim.load("scenarios/route_b_gap_24h_always_on.scenario.yaml")
scenario: Scenario = loaded.scenario
print(scenario.scenario)
print([expectation.check for expectation in scenario.expect])
