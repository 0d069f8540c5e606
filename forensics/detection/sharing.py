"""Sharing: the chance that an honest account's work list meets the accused one as seldom, or as often, as this one."""

from __future__ import annotations

from dataclasses import replace

from forensics.detection.care import Peers, care


def sharing(n_asked: int, n_listed: int, law: Peers) -> float:
    """Return the chance that a list meets the accused one so far from what honest lists do, in either direction.

    A robot that works through one list on many accounts never asks for the same person twice: the lists meet too
    seldom. One that walks its list again meets it everywhere. Honest accounts see their own patients, who are on the
    accused list as often as anybody, more or less: how much more or less is measured, not assumed, so that a list
    drawn from one region or insurer, which some honest accounts serve and others do not, proves nothing.

    Args:
        n_asked: people that the client asked for.
        n_listed: those whom an accused client asked for too.
        law: how the share of listed people varies among honest accounts (`forensics.detection.care.peers`).
    """
    others = replace(law, share=1.0 - law.share, likely_shares=1.0 - law.likely_shares)
    seldom, often = care(n_asked, n_listed, law), care(n_asked, n_asked - n_listed, others)
    return min(2.0 * min(seldom, often), 1.0)
