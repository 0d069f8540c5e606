"""How large a case is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """Sizes of a case.

    people: distinct people over both operators. accounts: logins over both. requests: all requests,
    the robot's included, met within 5 %. activity: multiplies each account's lookups a day.
    departments: the most populated ones kept. phished: accounts the robot uses.
    """

    name: str
    people: int
    accounts: int
    requests: int
    insurers: int
    departments: int
    activity: float
    phished: int
    about: str


PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            name="demo", people=100_000, accounts=1_000, requests=1_000_000, insurers=12, departments=101,
            activity=1.0, phished=6, about="100,000 people, 1,000 accounts, 1 M requests, 21 days",
        ),
        Preset(
            name="tiny", people=6_000, accounts=150, requests=70_000, insurers=5, departments=8,
            activity=0.5, phished=3, about="6,000 people, 150 accounts, 70 k requests, 21 days; for tests",
        ),
    )
}  # fmt: skip
