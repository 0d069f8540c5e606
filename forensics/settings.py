"""Every threshold of the analysis, its unit and where it comes from. `case.toml` may change any of them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

OF_INGEST = (
    "interval_level", "join_neighbourhood_s", "join_tolerance_s", "least_mixing", "least_pairs_alone",
    "least_rate_fall", "missing_lines_level", "most_rejected_share",
)  # fmt: skip
"""Those that the canonical tables depend on, whatever the others say."""


class Settings(BaseModel):
    """Thresholds that change a result, and the two (memory, threads) that must not."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    session_gap_minutes: int = Field(30, ge=1, le=1440)
    """Silence that ends a session. 30 minutes is the convention of web-log analysis since Catledge and
    Pitkow 1995 (25.5 minutes measured, rounded up by those who followed)."""

    session_cap_hours: int = Field(12, ge=1, le=720)
    """A session lasts no longer: what never falls silent is cut at whole multiples of this, counted from its first
    request. No working day is longer; a program that never stops would be one session of weeks."""

    pace_window_minutes: int = Field(10, ge=1, le=60)
    """Length of the windows in which distinct subjects are counted to measure pace."""

    crowd_quantile: float = Field(0.99, gt=0.5, lt=1)
    """Where the log has no clean weeks, the fastest 1 - q of the clients are not part of the crowd that pace
    is held against: some of them are what is looked for."""

    follow_up_days: int = Field(28, ge=1, le=365)
    """A lookup is explained by a claim of the same account at most this long after it. In optics and dental care an
    estimate comes weeks before the claim; whole weeks, so that every lookup is followed over the same days of the week
    (other numbers of days are rounded down to weeks)."""

    relation_days: int = Field(60, ge=0, le=730)
    """A lookup is explained by a claim of the same account at most this long before it: a known patient."""

    least_subjects: int = Field(20, ge=2)
    """Nobody is accused who asked for fewer distinct people than this."""

    least_peers: int = Field(10, ge=3)
    """Accounts of the same profession in the same weeks, without which care cannot be compared. Professions with fewer
    are taken together where unexplained patients are counted."""

    peer_window_days: int = Field(7, ge=1, le=90)
    """Peers are compared over the client's own days and this many on either side: the same season, and enough
    of them also where a robot works for one night."""

    enough_peers: int = Field(100, ge=3)
    """With fewer peers at its own operator a client is also held against other operators' accounts of the profession:
    the error of so few makes the chance of a client that bills nothing at all too large to accuse anyone (66 peers:
    1e-6 where 2e-7 is needed; seeds 11 and 13 of the demo incident)."""

    accusation_level: float = Field(2.5e-4, gt=0, le=0.05)
    """Chance, over the whole case, that even one honest client is accused (Holm 1979). One in 4,000."""

    unclear_level: float = Field(0.05, gt=0, lt=1)
    """False discovery rate of the verdict `unclear` (Benjamini and Hochberg 1995)."""

    accused_account_rate: float = Field(0.01, gt=0, lt=1)
    """False discovery rate among the other clients of an account one of whose clients is accused."""

    roles_without_claims: list[str] = ["auditor", "operator_staff"]
    """Professions, as the accounts table names them, whose holders look people up and never bill: no statistics tell
    them from a robot, so that they are unclear at most, unless a work list shared with an accused client says more."""

    link_level: float = Field(1e-3, gt=0, lt=1)
    """Chance, over all pairs of accused clients, that two work lists are linked by accident."""

    accidental_links: float = Field(0.01, gt=0, lt=1)
    """Others to which one accused account may be linked by accident by one kind of tie, expected, as honest pairs of
    the same case have such ties (the upper limit of their share). A kind that would link more is not used: what 6
    accounts have in common must be had by less than 1 honest pair in 500."""

    null_clients: int = Field(1000, ge=2)
    """Honest clients, those with the most lookups, all pairs of which say how often chance ties two. Half a million
    pairs measure shares of one in 100,000; more clients cost time with the square of their number."""

    tempo_gaps: int = Field(100, ge=40)
    """Silences that stand for a client's rhythm, evenly over its time: as many for honest clients as for robots, so
    that both are as exact. Of 100 the quartiles are known to a tenth of the spread."""

    tempo_level: float = Field(0.01, gt=0, lt=1)
    """Two clients whose rhythms all their silences tell apart at this level are not linked by tempo (two-sample test of
    Kolmogorov and Smirnov)."""

    missing_lines_level: float = Field(1e-3, gt=0, le=0.05)
    """Chance, over the whole case, that a log which lost nothing is said to be silent where lines should be; and as
    much again for rates that fell (Bonferroni over all silences of ten minutes, and over all stretches of days)."""

    least_rate_fall: float = Field(0.25, gt=0, lt=1)
    """A server's rate is said to have fallen if it lost at least this share: load that moves between servers by less is
    daily business. A convention of ours, not a measured value."""

    interval_level: float = Field(0.95, gt=0.5, lt=1)
    """Confidence of the intervals."""

    linkage: Literal["core", "splink"] = "core"
    """How keys of one person are linked: `core`, by equal numbers, birth dates and ranks, and children under both
    parents' numbers by their names; `splink` adds what is nearly equal, and measures the errors of links (it needs the
    extra `linkage`: pip install 'forensics[linkage]')."""

    link_probability: float = Field(0.9, gt=0.5, lt=1)
    """Probability from which splink's links are taken (the upper threshold of Fellegi and Sunter 1969). Our choice, not
    measured: most pairs of an invented register (seed 7) lie far from it on either side."""

    join_neighbourhood_s: int = Field(300, ge=1, le=86_400)
    """Lines of two logs measure how their clocks differ where no other line of the sender is this near: as long a skew
    as can be found. Larger finds larger skews, and fewer lines that are alone."""

    join_tolerance_s: float = Field(2.0, gt=0, le=60)
    """Two lines without a common reference are never one request if they are further apart than this, once the measured
    difference of the clocks is taken off. A cap: what decides is the measured scatter, where it is less."""

    least_pairs_alone: int = Field(20, ge=6)
    """Pairs of lines that are alone, without which two logs are not joined by time. Our choice: of six the extremes are
    the interval of the median at 95 %; of 20 it leaves out five on either side."""

    least_mixing: float = Field(0.5, gt=0, le=1)
    """Two servers' clocks are compared where two requests of a session meet different servers at least this often, as
    a share of what dealing at random gives. Where sessions stay, those that moved did so for a reason (a server that
    was drained), all in one direction, and the time they had spent on the first would pass for a skew."""

    most_rejected_share: float = Field(0.05, ge=0, le=1)
    """Above this share of lines that cannot be read the source is refused: its format is not what
    `case.toml` says."""

    memory_limit: str = Field("4GB", pattern=r"^\d+(\.\d+)? ?[KMGT]i?B$")
    """Memory that the query engine may take before it spills to the private temporary folder."""

    threads: int = Field(0, ge=0)
    """Threads of the query engine; 0 takes all cores."""

    def of_ingest(self) -> dict[str, object]:
        """Return the settings on which the canonical tables depend."""
        linking = {"linkage", "link_probability"} if self.linkage == "splink" else {"linkage"}
        return self.model_dump(include={*OF_INGEST, *linking})

    def extras(self) -> tuple[str, ...]:
        """Return the packages beside the usual ones that these settings need."""
        return ("splink",) if self.linkage == "splink" else ()

    def that_change_results(self) -> dict[str, object]:
        """Return the settings that belong in the manifest: all but memory and threads."""
        return self.model_dump(exclude={"memory_limit", "threads"})
