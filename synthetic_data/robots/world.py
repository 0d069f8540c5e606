"""What a robot finds: the portals, their people and their accounts."""

from __future__ import annotations

from dataclasses import dataclass

from synthetic_data.population import Population
from synthetic_data.presets import Preset
from synthetic_data.professionals import Professionals


@dataclass(frozen=True, slots=True)
class World:
    """Everything that exists before a robot comes."""

    preset: Preset
    population: Population
    professionals: Professionals
