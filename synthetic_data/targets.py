"""Every figure that the invented people, cards and registers aim at, and where it comes from.

What professionals do is in `professions`, what robots do beside each robot: nothing else is a figure.

Sources, by tag (the domain notes of the project give their addresses): INED (ages and sexes, 2022),
COG (residents by department), SNDS (children and twins under a holder's number), OP22, ACU-OC and FIL
(concentration of insurers, 2018-2022), UE (an unsourced estimate of the project), derived (arithmetic
on cited figures).
"""

from __future__ import annotations

from datetime import date, datetime

# The clocks of Europe/Paris stood at UTC+1 from 29 October 2023 to 31 March 2024: one offset serves all.
LOCAL_OFFSET_HOURS = 1
CLAIM_DAYS_BEFORE = 60
CLAIM_DAYS_AFTER = 30
SESSION_SILENCE_MINUTES = 30
OPERATOR_AWARE_AT = (datetime(2024, 1, 29, 14), datetime(2024, 2, 1, 9), datetime(2024, 2, 2, 9))

# People. Ages in years on 1 January 2024.
AGE_SHARES = {"under 20": 0.234, "20 to 64": 0.553, "65 and over": 0.212}  # INED
WOMEN_SHARE = 0.516  # INED
WOMEN_AMONG_CHILDREN = 0.488
WOMEN_AMONG_SINGLES = 0.567  # derived: makes women 51.6 % of all people
# Holders without children on the card: relative weight of each age from 18 on, between the ages given
# a straight line. Derived: what must be added to parents, spouses and children to give AGE_SHARES.
CHILDLESS_AGES = {19: 3.1, 22.5: 0.1, 27.5: 2.15, 32.5: 4.6, 37.5: 1.1, 42.5: 1.0, 47.5: 0.3, 52.5: 2.4, 57.5: 6.5,
                  62.5: 9.5, 67.5: 10.0, 72.5: 9.55, 77.5: 6.4, 82.5: 4.8, 87.5: 3.6, 92.5: 1.8, 97.5: 0.25,
                  99.5: 0.25}  # fmt: skip
OLDEST_BIRTH = date(1924, 1, 2)

# Cards. People per card and roles: UE (dependants 47 % of people, two thirds of them children).
PEOPLE_PER_CARD = {1: 0.55, 2: 0.20, 3: 0.10, 4: 0.11, 5: 0.03, 6: 0.01}
SPOUSE_SHARE_BY_SIZE = {1: 0.0, 2: 0.425, 3: 0.80, 4: 0.90, 5: 0.90, 6: 0.90}
OTHER_SHARE_OF_SPOUSES = 0.02  # UE: adult dependants who are no spouse
ADULTS_UNDER_HOLDER_SHARE = 0.75  # UE: adult dependants known by the holder's number alone
TWIN_SHARE_OF_CHILDREN = 0.03  # UE; one number, one birth date, told apart by the rank (SNDS)
SAME_SEX_TWINS = 0.65  # UE: one pair in three is identical, the others are of one sex every other time
BOTH_PARENTS_SHARE_OF_CHILDREN = 0.10  # UE: on the cards of two parents, under two holders' numbers

# Operators. Overlap derived from 20 M + 20 M people claimed and 33 M announced.
FIRST_OPERATOR_ONLY = 0.46
BOTH_OPERATORS = 0.17
THIRD_OPERATOR_SHARE = 0.10  # UE: of contracts, beside what they have elsewhere
# Exits of 8 % a year (UE), kept for two and three years: 0.08 x 2 / 1.16, 0.08 x 3 / 1.24, before returns.
EXIT_RATE_A_YEAR = 0.08
KEPT_YEARS = (2, 3, 2)
FORMER_SHARE = (0.119, 0.169, 0.119)  # derived: of the cards of each operator
FORMER_SINCE_DAYS_LEAST = 30
CHANGED_INSURER_SHARE = 0.02  # of contracts: a former card at another insurer of the same operator
TWO_INSURERS_SHARE = 0.02  # UE: of contracts: a second current card, at another insurer of the same operator
STARTING_CARD_SHARE = 0.015  # UE
STARTING_DAYS = (1, 12)  # day of the log on which such a card starts, both included
WAITING_SHARE = 0.08  # UE: cards whose optical and dental cover starts three months after the rest
WAITING_DAYS = 90
CARD_HOLES_SHARE = 0.03  # UE: card numbers issued and withdrawn

# Insurers: share of the ten and twenty largest (FIL 36 %, ACU-OC 58 %); the hundred largest are all here
# (OP22: 91 % of premiums). Sizes fall by these ratios within the three groups (UE).
TOP_10_SHARE = 0.36
TOP_20_SHARE = 0.58
INSURER_FALL = ((2.0, 1.0), (1.4, 1.0), (4.0, 1.0))

# Residents by department, % (COG). The others share the remainder in proportion to OTHER_RESIDENTS.
DEPARTMENT_PERCENT = {
    "59": 3.79, "75": 3.05, "13": 3.03, "69": 2.78, "93": 2.47, "33": 2.45, "92": 2.40, "44": 2.16,
    "78": 2.15, "31": 2.13, "77": 2.13, "62": 2.11, "94": 2.07, "974": 1.29, "971": 0.56, "972": 0.52,
    "2B": 0.27, "2A": 0.24, "48": 0.11,
}  # fmt: skip
# Thousands of residents, rounded, from memory of the census of 2021: to be checked before it is quoted.
OTHER_RESIDENTS = {
    "01": 660, "02": 525, "03": 335, "04": 165, "05": 140, "06": 1105, "07": 330, "08": 270, "09": 155, "10": 310,
    "11": 375, "12": 280, "14": 700, "15": 145, "16": 350, "17": 660, "18": 300, "19": 240, "21": 535, "22": 605,
    "23": 115, "24": 415, "25": 545, "26": 520, "27": 600, "28": 430, "29": 920, "30": 755, "32": 190, "34": 1200,
    "35": 1100, "36": 215, "37": 615, "38": 1285, "39": 260, "40": 420, "41": 330, "42": 770, "43": 230, "45": 685,
    "46": 175, "47": 330, "49": 825, "50": 495, "51": 565, "52": 170, "53": 305, "54": 730, "55": 180, "56": 770,
    "57": 1050, "58": 200, "60": 830, "61": 275, "63": 660, "64": 695, "65": 230, "66": 485, "67": 1155, "68": 770,
    "70": 235, "71": 550, "72": 565, "73": 440, "74": 845, "76": 1255, "79": 375, "80": 565, "81": 395, "82": 265,
    "83": 1095, "84": 565, "85": 700, "86": 440, "87": 370, "88": 360, "89": 335, "90": 140, "91": 1310, "95": 1265,
    "973": 290, "976": 300,
}  # fmt: skip
DEPARTMENTS = [
    *(f"{number:02}" for number in range(1, 96) if number != 20),
    "2A", "2B", "971", "972", "973", "974", "976",
]  # fmt: skip
BORN_ELSEWHERE_SHARE = 0.45  # UE: born in another department than the one lived in
