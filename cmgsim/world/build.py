"""From a design to a living world."""

from __future__ import annotations

from cmgsim.design.model import Design
from cmgsim.units import PARTS_PER_MILLION
from cmgsim.world.world import World
