"""Invented cases with a known truth, for testing the analysis: no real person, company or address.

Nothing in `forensics` may read this package. From the project it imports `forensics.schemas` alone.
"""

VERSION = "1"
