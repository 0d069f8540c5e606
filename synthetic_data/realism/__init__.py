"""Pictures of an invented incident, beside the figures it aims at: does it look real?

>>> from synthetic_data import realism                      # doctest: +SKIP
>>> incident = realism.load("cases/demo/case")              # doctest: +SKIP
>>> realism.age_pyramid(incident)                           # doctest: +SKIP

Each picture is a function of an incident and, if wanted, of the axes to draw on; it returns the axes.
"""

from synthetic_data.realism.care import hours, lookups_a_day, weekdays
from synthetic_data.realism.incident import Incident, load
from synthetic_data.realism.people import age_pyramid, departments, insurers, people_per_card
from synthetic_data.realism.robot import robot_days, robot_hours, robot_people
from synthetic_data.realism.suspects import followed_by_claim, hard_negatives

__all__ = [
    "Incident",
    "age_pyramid",
    "departments",
    "followed_by_claim",
    "hard_negatives",
    "hours",
    "insurers",
    "load",
    "lookups_a_day",
    "people_per_card",
    "robot_days",
    "robot_hours",
    "robot_people",
    "weekdays",
]
