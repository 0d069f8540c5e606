"""What everyone who asks a portal for a page leaves behind: the columns robots and honest people share."""

from __future__ import annotations

import polars as pl

NOTHING = -1  # a page that asks for nobody

# One page asked for. `subject` is what was asked for: the row of a household (portals that ask for a
# holder's number), of a card (portals that ask for a card's number) or of a listing page; NOTHING where
# the page asks for nobody; minus the digits, below NOTHING, for a number that nobody holds.
TRAFFIC = {
    "time": pl.Int64,  # microseconds since 1970, UTC
    "operator": pl.UInt8,
    "account": pl.Int32,  # row of professionals.accounts
    "address": pl.Int32,  # row of professionals.addresses
    "agent": pl.Int16,  # index in professionals.AGENTS
    "page": pl.Int8,  # index in portal.PAGES
    "subject": pl.Int64,
    "login": pl.Int32,  # one number a login, for the session token
    "campaign": pl.UInt8,  # 0 for honest, else the robot's number
    "fate": pl.UInt8,  # portal.ANSWERED, ABORTED (the client left before the answer) or TIMED_OUT
}
