"""Every figure the invented world aims at, and where it comes from: the only place they are written.

Sources, by tag (the domain notes of the project give their addresses):
INED (ages, sexes, 2022), COG (residents by department), UE (an unsourced estimate of the project),
FREQ (pairs of glasses sold by opticians, 2014), SNDS (children and twins under a holder's number),
derived (arithmetic on cited figures).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

# The log: 21 days, Monday 8 to Sunday 28 January 2024, UTC. The clocks of Europe/Paris stood at
# UTC+1 from 29 October 2023 to 31 March 2024, so one offset serves logs and claims alike.
LOG_START = datetime(2024, 1, 8)
LOG_DAYS = 21
LOG_END = LOG_START + timedelta(days=LOG_DAYS)
CLEAN_DAYS = 7
LOCAL_OFFSET_HOURS = 1
CLAIM_DAYS_BEFORE = 60
CLAIM_DAYS_AFTER = 30
CLAIM_DELAY_DAYS_MAX = 28
SESSION_SILENCE_MINUTES = 30

# Cards. People per card and roles: UE (dependants 47 % of people, two thirds of them children).
PEOPLE_PER_CARD = {1: 0.55, 2: 0.20, 3: 0.10, 4: 0.11, 5: 0.03, 6: 0.01}
SPOUSE_SHARE_BY_SIZE = {1: 0.0, 2: 0.425, 3: 0.80, 4: 0.90, 5: 0.90, 6: 0.90}
TWIN_SHARE_OF_CHILDREN = 0.03  # UE; one number, one birth date, told apart by the rank (SNDS)
AGED_SHARE_OF_CHILDLESS = 0.56  # derived: makes 65+ 21.2 % of all people (INED)
WOMEN_AMONG_SINGLES = 0.567  # derived: makes women 51.6 % of all people (INED)
WOMEN_AMONG_CHILDREN = 0.488
AGE_SHARES = {"under 20": 0.234, "20 to 64": 0.553, "65 and over": 0.212}  # INED
WOMEN_SHARE = 0.516  # INED

# Operators. Overlap derived from 20 M + 20 M people claimed and 33 M announced.
FIRST_OPERATOR_ONLY = 0.46
BOTH_OPERATORS = 0.17
FORMER_CARD_SHARE = 0.12  # UE: an 8 % exit rate kept for about 18 months
FORMER_AMONG_BOTH = 0.30  # of the households at both operators, those whose card at one of them is former
CHANGED_INSURER_SHARE = 0.02  # households with a former card beside the current one, same operator
FORMER_SINCE_DAYS = (30, 730)
STARTING_CARD_SHARE = 0.015
STARTING_DAYS = (1, 12)  # day of the log on which such a card starts, both included

# Residents by department, % (COG); the departments not listed share the remainder equally.
DEPARTMENT_PERCENT = {
    "59": 3.79, "75": 3.05, "13": 3.03, "69": 2.78, "93": 2.47, "33": 2.45, "92": 2.40, "44": 2.16,
    "78": 2.15, "31": 2.13, "77": 2.13, "62": 2.11, "94": 2.07, "974": 1.29, "971": 0.56, "972": 0.52,
    "2B": 0.27, "2A": 0.24, "48": 0.11,
}  # fmt: skip
DEPARTMENTS = [
    *(f"{number:02}" for number in range(1, 96) if number != 20),
    "2A", "2B", "971", "972", "973", "974", "976",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Profession:
    """What one profession does on the portal.

    share: of the accounts (UE). lookups_median, lookups_p99: a working day's lookups of one account
    (UE, anchored on FREQ). claim_share: lookups followed by a claim within 30 days (UE). weekdays:
    Monday to Sunday, %. hours: relative weight of each local hour, 0 to 23 (UE).
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


OFFICE = (21, 21, 19, 20, 19, 0, 0)
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
)  # fmt: skip

# Honest visits (UE unless said).
OWN_DEPARTMENT_SHARE = 0.85
PANEL_OVER_VISITS = 2.0  # people an account knows, over the visits it receives in the log's 21 days
MISTYPED_SHARE = 0.05  # of visits: a wrong number first, the right one within a minute
UNKNOWN_SHARE = 0.025  # of visits: no rights found, not tried again (misses come to 5-10 % of lookups)
REPEATED_SHARE = 0.06  # of visits: the same patient looked up again some minutes later
CHAINED_SHARE = 0.5  # of visits: follow the one before at the pace of a queue
QUEUE_GAP_MEDIAN_S = 180.0
QUEUE_GAP_SIGMA = 1.1
QUEUE_GAP_LEAST_S = 8.0
CLAIM_AT_ONCE_SHARE = 0.45
CLAIM_DELAY_MEAN_DAYS = 8.0
CLAIM_SHARE_CONCENTRATION = 18.0  # of the beta around the profession's share, account by account
DAILY_SIGMA_MOST = 0.4  # of the log of an account's lookups from day to day; the rest is between accounts

# The robot of the list walk (UE; list-driven robots miss less than 5 %).
LIST_SHARE_OF_PEOPLE = 0.40
LIST_UNKNOWN_SHARE = 0.025
ROBOT_FIRST_DAYS = (10, 14)  # day of the log, both included: never before the clean days are over
ROBOT_DAYS = (3, 5)
ROBOT_LOOKUPS_PER_S = (0.3, 1.5)
ROBOT_LOOKUPS_PER_S_MEDIAN = 0.45
ROBOT_GAP_CV = 0.3
ROBOT_SESSION_HOURS = (1.0, 6.0)  # shorter only when an account's share of the list is
ROBOT_PAUSE_MINUTES = (2.0, 9.0)
ROBOT_LOOKUPS_BETWEEN_PAUSES = 600

OPERATOR_AWARE_AT = (datetime(2024, 1, 29, 14), datetime(2024, 2, 1, 9))
OLDEST_BIRTH = date(1927, 1, 1)
