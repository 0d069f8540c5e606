"""How much of what happened the log holds: what counters witness, what was declared, what the log itself gives away.

What no counter witnesses is unknown. A silence there that chance cannot explain, days on which a server logged far too
little, a file that a series lacks: each is a stretch of which the log says nothing, and nothing is not zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from forensics.case import Case
from forensics.engine import create, query
from forensics.estimation.shares import exact_limits
from forensics.evidence.line_counts import BIN_US, DAY, Lines, known_bins, lines_of_operator, runs
from forensics.evidence.rate_changes import low_days
from forensics.evidence.rotations import file_times, is_between_files, missing_files
from forensics.evidence.same_hours import SameHours
from forensics.evidence.silences import Silence, silences
from forensics.vocabulary import LINES_A_SOURCE

if TYPE_CHECKING:
    import duckdb

FOUND = {
    "operator": pl.String, "server": pl.String, "start": pl.Datetime("us"), "end": pl.Datetime("us"), "kind": pl.String,
}  # fmt: skip
Found = tuple[str, str | None, datetime, datetime, str]


def log_coverage(connection: duckdb.DuckDBPyConnection, case: Case, files: pl.DataFrame) -> pl.DataFrame:
    """Return each stretch of each log and the share kept (`forensics.schemas.LogCoverage`).

    Args:
        connection: reads `requests`, `counters`, `outages`.
        case: its operators, time zone, thresholds, and from when it is suspected.
        files: `source`, `path`, `first_line`, `lines` of every file read.
    """
    counters = connection.table("counters").pl()
    connection.register("bin_steps", bin_steps(counters, [operator.name for operator in case.declared.operator]))
    create(connection, "log_bins", {"lines_a_source": LINES_A_SOURCE})
    told = with_shares(query(connection, "log_coverage"), case.settings.interval_level)
    unseen = _Unseen(case, connection.table("log_bins").pl(), counters, connection.table("outages").pl(), files)
    found = pl.DataFrame(unseen.found(), schema=FOUND, orient="row").with_columns(
        windows_checked=pl.lit(0, dtype=pl.Int64),
        share_kept=pl.lit(None, dtype=pl.Float64),
        share_low=0.0,
        share_high=1.0,
    )
    whole = pl.concat([told.drop("kept", "counted"), found])
    return whole.sort("operator", "server", "start", "kind", "end", nulls_last=False)


def bin_steps(counters: pl.DataFrame, operators: Iterable[str]) -> pl.DataFrame:
    """Return for each operator the longest bin, ten minutes at most, of which each counter's window is a whole number.

    Returns:
        `operator`, `step_us` (microseconds).
    """
    windows = counters.filter(pl.col("requests").is_not_null())
    edges = pl.concat([windows.select("operator", edge=column) for column in ("window_start", "window_end")])
    edges = edges.unique().with_columns(pl.col("edge").dt.epoch("us"))
    of_operator = dict(edges.group_by("operator").agg("edge").iter_rows())
    steps = [(name, int(np.gcd.reduce(np.array([BIN_US, *of_operator.get(name, [])])))) for name in sorted(operators)]
    return pl.DataFrame(steps, schema={"operator": pl.String, "step_us": pl.Int64}, orient="row")


def with_shares(told: pl.DataFrame, level: float) -> pl.DataFrame:
    """Add the share kept with its interval: unknown is null, and lies between nothing and everything.

    Where a counter counted more than the log holds, the interval is that of a binomial share; where both agree there
    is nothing between. A counter that counted less than the log holds witnesses nothing.

    Args:
        told: `kind`, `kept`, `counted` (`sql/log_coverage.sql`).
        level: confidence.

    Returns:
        `told` with `share_kept`, `share_low`, `share_high`.

    References:
        Clopper C.J., Pearson E.S. 1934. The use of confidence or fiducial limits illustrated in the case of the
        binomial. Biometrika 26:404-413.
    """
    shares = []
    for kind, kept, counted in told.select("kind", "kept", "counted").iter_rows():
        low, high = 0.0, 1.0
        if counted and kind == "complete":
            low = 1.0
        elif counted and kind == "gap":
            low, high = exact_limits(kept, counted, level)
        # Rounded, so that no other arithmetic gives other bytes; the share itself is a quotient of integers.
        shares.append((min(kept / counted, 1.0) if counted else None, round(low, 6), round(high, 6)))
    columns = ("share_kept", "share_low", "share_high")
    return told.hstack(pl.DataFrame(shares, schema=[(name, pl.Float64) for name in columns], orient="row"))


class _Unseen:
    """What the log itself gives away, where nothing independent tells."""

    def __init__(
        self, case: Case, bins: pl.DataFrame, counters: pl.DataFrame, outages: pl.DataFrame, files: pl.DataFrame
    ) -> None:
        windows = counters.filter(pl.col("requests").is_not_null())
        windows = windows.select("operator", "server", start="window_start", end="window_end")
        self.told = pl.concat([windows, outages.select(windows.columns)])
        self.named = pl.concat([frame.select("operator", "server") for frame in (counters, outages)]).drop_nulls()
        self.case, self.bins = case, bins
        self.times = file_times(files, {source.id: number for number, source in case.logs()}, bins)
        zone = ZoneInfo(case.declared.case.timezone)
        self.operators = {
            name: lines_of_operator(name, own, self.told.filter(pl.col("operator") == name), zone)
            for (name,), own in bins.sort("operator", "server", "moment").group_by("operator", maintain_order=True)
        }

    def found(self) -> list[Found]:
        """Return the stretches that chance does not explain: operator, server, start, end, kind."""
        heard = [lines for whole, servers in self.operators.values() for lines in (whole, *servers)]
        tests = sum(len(runs(lines.silent())[0]) for lines in heard)
        level = self.case.settings.missing_lines_level
        found: list[Found] = []
        for name, (whole, servers) in self.operators.items():
            silent = silences(whole, servers, tests, level)
            found += [self._silence(one) for one in silent]
            found += self._late_start(whole, level / max(tests, 1))
            found += self._missing_files(name, found)
            found += self._never_logged(name, whole)
            slots = [(one.lines.server, one.lines.slots[one.start : one.end]) for one in silent]
            fall = self.case.settings.least_rate_fall
            for one in low_days(whole, servers, slots, len(heard), level, fall):
                bins = np.flatnonzero((one.lines.slots >= one.start) & (one.lines.slots < one.end))
                found.append(_row(one.lines, int(bins[0]), int(bins[-1]) + 1, "rate_change"))
        return found

    def _silence(self, one: Silence) -> Found:
        """Name a silence by the most particular thing it is."""
        operator, server, start, end, kind = _row(one.lines, one.start, one.end, "silence")
        rows = self.bins.filter(pl.col("operator") == operator)
        own = rows if server is None else rows.filter(pl.col("server") == server)
        if is_between_files(start, end, self.times, own["source_number"].unique().to_list()):
            kind = "rotation"
        elif one.end - one.start >= DAY and one.others_lines:
            kind = "missing_server"
        elif one.is_usual_hour:
            kind = "missing_hour"
        return operator, server, start, end, kind

    def _late_start(self, whole: Lines, limit: float) -> list[Found]:
        """Tell of a log that begins after the time from which the case is suspected, if lines should be there."""
        suspected = self.case.declared.case.suspected_from
        if suspected is None or suspected >= whole.moment(0):
            return []
        n = int((whole.moment(0) - suspected) / timedelta(microseconds=BIN_US))
        starts, ends = runs(
            ~known_bins(self.told.filter(pl.col("operator") == whole.operator), None, whole.first - n, n)
        )
        if not len(ends) or ends[-1] < n:
            return []
        length = np.array([min(n - int(starts[-1]), DAY)])
        if SameHours(whole).chances(whole.slots[:1] - length, length)[0] > limit:
            return []
        return [(whole.operator, None, max(suspected, whole.moment(int(starts[-1]) - n)), whole.ends_at(0), "rotation")]

    def _missing_files(self, operator: str, found: list[Found]) -> list[Found]:
        """Tell of the files that a series of names lacks, unless the silence they left is told already."""
        whole, servers = self.operators[operator]
        told = [(start, end) for name, _, start, end, kind in found if name == operator and kind == "rotation"]
        missing: list[Found] = []
        for number, start, end in missing_files(self.times):
            own = self.bins.filter(pl.col("operator") == operator, pl.col("source_number") == number)
            names = own["server"].unique().to_list()
            lines = next((one for one in servers if [one.server] == names), whole)
            if own.height and not any(start < until and since < end for since, until in told):
                missing += _open(lines, start, end, "rotation")
        return missing

    def _never_logged(self, operator: str, whole: Lines) -> list[Found]:
        """Tell of servers that counters or outages name and that never log, where no counter speaks for them."""
        logged = self.bins.filter(pl.col("operator") == operator)["server"].unique().to_list()
        named = self.named.filter(pl.col("operator") == operator, ~pl.col("server").is_in(logged))
        told = self.told.filter(pl.col("operator") == operator)
        found: list[Found] = []
        for server in named["server"].unique().sort():
            starts, ends = runs(~known_bins(told, server, whole.first, len(whole.counts)))
            found += [
                (operator, server, whole.moment(int(start)), whole.moment(int(end)), "missing_server")
                for start, end in zip(starts, ends, strict=True)
                if end - start >= DAY
            ]
        return found


def _row(lines: Lines, start: int, end: int, kind: str) -> Found:
    return lines.operator, lines.server, lines.starts_at(start), lines.ends_at(end), kind


def _open(lines: Lines, start: datetime, end: datetime, kind: str) -> list[Found]:
    """Return what nothing independent tells of between two times, at least a whole bin long."""
    inside = lines.between(start, end)
    starts, ends = runs(inside & ~lines.known)
    return [_row(lines, int(a), int(b), kind) for a, b in zip(starts, ends, strict=True)]
