"""How many people were really affected by a scraped portal, and how sure we are.

>>> import forensics as fx
>>> results = fx.load(fx.case_folder())
>>> results.headline["perimeter"]
100000
>>> results.table("estimates").columns[:5]
['scope', 'operator', 'insurer', 'perimeter', 'certain']
"""

from __future__ import annotations

__version__ = "0.1.0"

from forensics import desk, figures
from forensics.case import Case
from forensics.case import load as open_case
from forensics.errors import CaseError, EvidenceError, ForensicsError, UnavailableError, VerificationError
from forensics.estimation.interval import Interval
from forensics.evidence.pseudonyms import pseudonym
from forensics.figures import three_numbers, timeline
from forensics.laboratory import case_folder
from forensics.pipeline import run
from forensics.reasons import sentences
from forensics.report import tables
from forensics.results import Results, load
from forensics.verification import verify

__all__ = [
    "Case",
    "CaseError",
    "EvidenceError",
    "ForensicsError",
    "Interval",
    "Results",
    "UnavailableError",
    "VerificationError",
    "case_folder",
    "desk",
    "figures",
    "load",
    "open_case",
    "pseudonym",
    "run",
    "sentences",
    "tables",
    "three_numbers",
    "timeline",
    "verify",
]
