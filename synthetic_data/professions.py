"""What professionals do on the portals: every figure of honest traffic, and where it comes from.

Sources, by tag: UE (an unsourced estimate of the project), FREQ (pairs of glasses sold by opticians, 2014).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Profession:
    """What one profession does on the portal.

    share: of the ordinary accounts (UE). lookups_median, lookups_p99: a working day's lookups of one
    account (UE, anchored on FREQ). claim_share: lookups followed by a claim within 30 days (UE).
    weekdays: Monday to Sunday, %. hours: relative weight of each local hour, 0 to 23 (UE).
    """

    name: str
    share: float
    lookups_median: float
    lookups_p99: float
    claim_share: float
    weekdays: tuple[float, ...]
    hours: tuple[float, ...]
    company: str


def _hours(**blocks: float) -> tuple[float, ...]:
    """Weights by local hour from blocks such as h10_12=3 (from 10:00 until 12:00)."""
    weights = [0.0] * 24
    for block, weight in blocks.items():
        first, last = block[1:].split("_")
        for hour in range(int(first), int(last)):
            weights[hour] = weight
    return tuple(weights)


HOLIDAYS = (date(2023, 12, 25), date(2024, 1, 1))  # nearly everybody is closed: as on a Sunday
SUNDAY = 6
OFFICE = (21, 21, 19, 20, 19, 0, 0)
EVERY_DAY = (15, 15, 14, 14, 14, 14, 14)
PROFESSIONS = (
    Profession(
        name="optician", share=0.45, lookups_median=8, lookups_p99=40, claim_share=0.55,
        weekdays=(10, 17, 18, 16, 17, 21, 1),
        hours=_hours(h9_10=1, h10_12=3, h12_14=1, h14_19=3), company="Optique",
    ),
    Profession(
        name="hearing_aid", share=0.20, lookups_median=4, lookups_p99=20, claim_share=0.40,
        weekdays=(18, 20, 20, 20, 19, 3, 0),
        hours=_hours(h9_12=3, h12_14=0.6, h14_18=3, h18_19=1), company="Audition",
    ),
    Profession(
        name="dentist", share=0.15, lookups_median=2, lookups_p99=15, claim_share=0.35,
        weekdays=OFFICE, hours=_hours(h8_9=1, h9_12=3, h12_14=0.6, h14_19=2.5), company="Cabinet dentaire",
    ),
    Profession(
        name="pharmacy", share=0.08, lookups_median=1, lookups_p99=60, claim_share=0.90,
        weekdays=(19, 16, 16, 15, 18, 15, 1),
        hours=_hours(h0_8=0.04, h8_10=2, h10_12=4, h12_14=1, h14_17=2, h17_19=4, h19_20=1.5, h20_24=0.04),
        company="Pharmacie",
    ),
    Profession(
        name="laboratory", share=0.04, lookups_median=10, lookups_p99=300, claim_share=0.90,
        weekdays=(20, 19, 18, 18, 18, 7, 0),
        hours=_hours(h7_11=4, h11_13=2, h13_18=1.5), company="Laboratoire",
    ),
    Profession(
        name="hospital", share=0.04, lookups_median=30, lookups_p99=800, claim_share=0.70,
        weekdays=(17, 17, 17, 16, 16, 9, 8),
        hours=_hours(h0_7=0.5, h7_9=2, h9_18=4, h18_24=1), company="Clinique",
    ),
    Profession(
        name="nurse", share=0.04, lookups_median=0.5, lookups_p99=10, claim_share=0.70,
        weekdays=(16, 16, 16, 16, 16, 11, 9),
        hours=_hours(h7_12=2, h12_16=1, h16_20=2), company="Cabinet infirmier",
    ),
    # Those below hold no ordinary account: they are hard negatives, see PATTERNS.
    Profession(
        name="software", share=0, lookups_median=600, lookups_p99=600, claim_share=0.75, weekdays=EVERY_DAY,
        hours=_hours(h7_20=1, h20_22=0.3), company="Éditeur",
    ),
    Profession(
        name="concentrator", share=0, lookups_median=450, lookups_p99=450, claim_share=0.80,
        weekdays=(19, 17, 17, 16, 18, 12, 1),
        hours=_hours(h0_8=0.1, h8_10=2, h10_12=4, h12_14=1.5, h14_19=3.5, h19_21=0.8), company="Concentrateur",
    ),
    Profession(
        name="auditor", share=0, lookups_median=60, lookups_p99=60, claim_share=0, weekdays=OFFICE,
        hours=_hours(h9_12=3, h12_14=0.5, h14_18=3), company="Contrôle interne",
    ),
)  # fmt: skip
NAMES = tuple(profession.name for profession in PROFESSIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """An honest way of working that is easily taken for a robot's (all UE).

    per_thousand: accounts for a thousand ordinary ones, at least one an operator where at_least_one.
    lookups_a_day: None for what the profession has. claim_share: likewise. stations: places worked from.
    queue_gap_s: median wait between two patients of one queue. kind: of account.
    """

    name: str
    profession: str
    kind: str
    per_thousand: float
    lookups_a_day: float | None = None
    claim_share: float | None = None
    stations: int = 2
    queue_gap_s: float = 180.0
    at_least_one: bool = False
    about: str


ORDINARY = "ordinary"
PATTERNS = (
    Pattern(
        name="billing_desk", profession="hospital", kind="practice", per_thousand=3, lookups_a_day=180,
        stations=6, queue_gap_s=40, at_least_one=True,
        about="a hospital's billing desk: several clerks under one login, one address, patient after patient",
    ),
    Pattern(
        name="multi_shop", profession="optician", kind="practice", per_thousand=4, lookups_a_day=90,
        stations=12, queue_gap_s=60, at_least_one=True, about="an optician's chain: one login, a dozen shops",
    ),
    Pattern(
        name="nightly_batch", profession="software", kind="software", per_thousand=1, stations=1, at_least_one=True,
        about="a vendor's batch that checks tomorrow's patients at a machine's pace; claims follow",
    ),
    Pattern(
        name="concentrator", profession="concentrator", kind="concentrator", per_thousand=1, stations=1,
        queue_gap_s=25, at_least_one=True, about="one login that forwards the lookups of many professionals",
    ),
    Pattern(
        name="new_practice", profession="optician", kind="person", per_thousand=8, at_least_one=True,
        about="a practice that opens in the course of the log, without a history",
    ),
    Pattern(
        name="seldom_bills", profession="dentist", kind="person", per_thousand=8, lookups_a_day=6,
        claim_share=0.04, at_least_one=True, about="carers who look people up and seldom bill through the operator",
    ),
    Pattern(
        name="auditor", profession="auditor", kind="person", per_thousand=1, stations=1, queue_gap_s=90,
        at_least_one=True, about="the operator's own controller: looks people up at random and bills nothing",
    ),
)  # fmt: skip
FULL_SIZE_ACCOUNTS = 1000  # smaller presets have smaller hard negatives, in proportion

# Honest visits (UE unless said).
OWN_DEPARTMENT_SHARE = 0.85
PANEL_OVER_VISITS = 2.0  # people an account knows, over the visits it receives in three weeks
PANEL_DAYS = 21
MISTYPED_SHARE = 0.05  # of visits: a wrong number first, the right one within a minute
UNKNOWN_SHARE = 0.025  # of visits: no rights found, not tried again (misses come to 5-10 % of lookups)
REPEATED_SHARE = 0.06  # of visits: the same patient looked up again some minutes later
SEARCHED_SHARE = 0.15  # of lookups on portals with a search: found by name, or in the list of people
LEAFED_SHARE = 0.03  # of lookups there: in the list
ABORTED_SHARE = 0.004  # of lookups: the page was left before the answer
TIMED_OUT_SHARE = 0.003  # of lookups: no answer in time; tried again a few seconds later
CHAINED_SHARE = 0.5  # of visits: follow the one before at the pace of a queue
QUEUE_GAP_SIGMA = 1.1
QUEUE_GAP_LEAST_S = 8.0
CLAIM_AT_ONCE_SHARE = 0.45
CLAIM_DELAY_MEAN_DAYS = 8.0
CLAIM_DELAY_DAYS_MAX = 28
CLAIM_SHARE_CONCENTRATION = 18.0  # of the beta around the profession's share, account by account
DAILY_SIGMA_MOST = 0.4  # of the log of an account's lookups from day to day; the rest is between accounts
ABANDONED_LOGIN_SHARE = 0.03  # of logins: nothing follows
LOGOUT_SHARE = 0.3
ACCOUNT_PAGE_SHARE = 0.02
CLAIMS_LIST_SHARE = 0.06  # of logins: the list of claims is paged through
CLAIMS_LIST_PAGES = 4
BATCH_HOURS = (1, 5)  # local hours between which a nightly batch starts
BATCH_GAP_S = (0.4, 1.6)  # mean wait between two of its lookups, one figure an account
