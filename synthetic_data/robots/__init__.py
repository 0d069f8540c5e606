"""The robots, one file each.

A robot is a function of a `World` and a random generator that returns its pages (columns of `TRAFFIC`,
campaign 1). A new one is a file here and a line in SCENARIOS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl
from numpy.random import Generator

from synthetic_data.portal import BY_CARD, BY_HOLDER, WITH_LISTS, Portal
from synthetic_data.robots.active_from_day_one import walk_every_day
from synthetic_data.robots.burst import walk_in_a_day
from synthetic_data.robots.contract_walk import walk_cards
from synthetic_data.robots.list_walk import walk_list
from synthetic_data.robots.listing_pages import leaf_through
from synthetic_data.robots.national_2024 import ANNOUNCED_SHARE, as_announced, lines_not_people, perimeter_only
from synthetic_data.robots.nir_guessing import guess_numbers
from synthetic_data.robots.picks_real_patients import ask_for_patients
from synthetic_data.robots.quiet import stay_away
from synthetic_data.robots.restarted_walk import walk_with_restarts
from synthetic_data.robots.rotating_addresses import walk_behind_proxies
from synthetic_data.robots.shared_account import walk_beside_owner
from synthetic_data.robots.slow_many_accounts import walk_slowly
from synthetic_data.robots.two_operators import walk_two_operators
from synthetic_data.robots.world import World

Robot = Callable[[World, Generator], pl.DataFrame]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A robot, what it stands for, and the world it comes to.

    about: one sentence for `list`. portal: how the portals are asked. people_share: of the preset's
    people, those that exist. third_operator: whether there is one, which the robot never visits. clean:
    whether the first days of the log are free of robots and declared so.
    """

    name: str
    robot: Robot
    about: str
    portal: Portal = BY_HOLDER
    people_share: float = 1.0
    third_operator: bool = False
    clean: bool = True


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("quiet", stay_away, "no attack at all: honest traffic only"),
        Scenario("list_walk", walk_list, "one robot, phished accounts, a prior list walked once at each operator"),
        Scenario("nir_guessing", guess_numbers, "holders' numbers are guessed, and most lookups find nobody"),
        Scenario(
            "contract_walk", walk_cards, "portals asked by card number: dense numbers walked in order, over holes",
            portal=BY_CARD,
        ),
        Scenario(
            "listing_pages", leaf_through, "portals with a list of people: its pages in order, several people each",
            portal=WITH_LISTS,
        ),
        Scenario("burst", walk_in_a_day, "everything within one day, several accounts at a high pace"),
        Scenario("slow_many_accounts", walk_slowly, "3 % of all logins, each at a person's pace in working hours"),
        Scenario("rotating_addresses", walk_behind_proxies, "a list walk from another address every few dozen lookups"),
        Scenario("shared_account", walk_beside_owner, "robot and owner at once in one login, in working hours"),
        Scenario("restarted_walk", walk_with_restarts, "a list walk with retries, restarts and repeats"),
        Scenario("picks_real_patients", ask_for_patients, "asks for patients of the phished practices and around them"),
        Scenario(
            "active_from_day_one", walk_every_day, "slices of a list on every day of the log: no clean weeks",
            clean=False,
        ),
        Scenario(
            "two_operators", walk_two_operators, "one robot at both operators, days apart; a third one stays closed",
            third_operator=True,
        ),
        Scenario("national_2024", as_announced, "the announced incident: 33 of 39 people of the perimeter are shown"),
        Scenario(
            "national_2024:perimeter_only", perimeter_only, "the same to the press: 33 M is the registers' union",
            people_share=ANNOUNCED_SHARE,
        ),
        Scenario(
            "national_2024:lines_not_people", lines_not_people, "the same to the press: 33 M is response lines",
        ),
    )
}  # fmt: skip
