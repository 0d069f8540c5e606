"""What every table holds: one model a table.

Evidence is held against the models of `forensics.evidence.door` as it enters; the tables made from it are held against
these in the tests.

Times are naive UTC in microseconds. A `*_key` is a dense integer that stands for a keyed pseudonym
(the `keys` table turns it back into its 32 hex digits); results carry the hex digits.
"""

# pandera reads these annotations, types made at run time among them; a checker of types cannot.
# pyright: reportInvalidTypeForm=false, reportIncompatibleVariableOverride=false

from __future__ import annotations

from datetime import date, datetime

import pandera.polars as pa
import polars as pl
from pandera.engines.polars_engine import DateTime

from forensics.vocabulary import (
    ACCOUNT_KINDS,
    ACTIONS,
    JOINED_BY,
    LOG_KINDS,
    ROLES,
    SAME_ACTOR,
    SUBJECT_KINDS,
    TIERS,
    TIES,
    UNSEEN,
    VERDICTS,
    WITNESSED,
)
from forensics.vocabulary import EVIDENCE_FIELDS as EVIDENCE_FIELDS

Instant = DateTime(time_unit="us", time_zone=None, time_zone_agnostic=False)


class Table(pa.DataFrameModel):
    """A table whose columns are exactly those listed, in that order."""

    class Config:
        """Nothing missing, nothing extra, nothing converted in silence."""

        strict = True
        ordered = True
        coerce = False


class Requests(Table):
    """One portal request. `request_id` packs source number and line: source * 2**40 + line."""

    request_id: pl.Int64 = pa.Field(unique=True, ge=0)
    request_ref: pl.String = pa.Field(nullable=True)
    operator: pl.String
    server: pl.String = pa.Field(nullable=True)
    requested_at: Instant = pa.Field(ge=datetime(1990, 1, 1), lt=datetime(2100, 1, 1))
    account_id: pl.String = pa.Field(nullable=True)
    session_token: pl.String = pa.Field(nullable=True)
    client_ip: pl.String = pa.Field(nullable=True)
    client_port: pl.Int32 = pa.Field(nullable=True, ge=0, le=65535)
    user_agent: pl.String = pa.Field(nullable=True)
    method: pl.String = pa.Field(nullable=True)
    path: pl.String = pa.Field(nullable=True)
    action: pl.String = pa.Field(isin=ACTIONS)
    status: pl.Int16 = pa.Field(nullable=True, ge=100, le=599)
    response_bytes: pl.Int64 = pa.Field(nullable=True, ge=0)
    duration_ms: pl.Int64 = pa.Field(nullable=True, ge=0)
    subject_kind: pl.String = pa.Field(nullable=True, isin=SUBJECT_KINDS)
    subject_key: pl.Int64 = pa.Field(nullable=True, ge=0)
    records_returned: pl.Int32 = pa.Field(nullable=True, ge=0)


class Register(Table):
    """One person on one contract at one operator."""

    operator: pl.String
    insurer_id: pl.String = pa.Field(nullable=True)
    card_key: pl.Int64
    person_key: pl.Int64
    role: pl.String = pa.Field(nullable=True, isin=ROLES)
    birth_year: pl.Int16 = pa.Field(nullable=True, ge=1850, le=2100)
    sex: pl.String = pa.Field(nullable=True)
    department: pl.String = pa.Field(nullable=True)
    covered_from: pl.Date = pa.Field(nullable=True, ge=date(1900, 1, 1))
    covered_until: pl.Date = pa.Field(nullable=True)


class Subjects(Table):
    """What a log can ask for, and the card it opens; `person_key` is null for a whole card."""

    operator: pl.String
    subject_kind: pl.String = pa.Field(isin=SUBJECT_KINDS)
    subject_key: pl.Int64
    card_key: pl.Int64
    person_key: pl.Int64 = pa.Field(nullable=True)


class Persons(Table):
    """One key, and the human being it belongs to."""

    person_key: pl.Int64 = pa.Field(unique=True)
    person_id: pl.Int64
    link_probability: pl.Float64 = pa.Field(ge=0, le=1)


class Links(Table):
    """The links of one kind between keys of one person; each takes one from the number of people.

    kind: `operators`, people at two operators (`operator` and `other_operator`; whoever is at three is in three rows);
    `within`, keys of one operator; `children`, under both parents' numbers; `one_key`, people whom the register itself
    puts under one key (twins without a rank), each of whose hidden others is a false link.
    expected_false: links that join two people, the sum of 1 - probability (0 for those by number, taken as sure).
    expected_missed: links not found, each of which counts a person twice, and the limits between which chance leaves
    their number, were splink's model right; null where nothing measured it (`measured` is false).
    """

    kind: pl.String = pa.Field(isin=("operators", "within", "children", "one_key"))
    operator: pl.String = pa.Field(nullable=True)
    other_operator: pl.String = pa.Field(nullable=True)
    n_links: pl.Int64 = pa.Field(ge=0)
    expected_false: pl.Float64 = pa.Field(ge=0)
    expected_missed: pl.Float64 = pa.Field(nullable=True, ge=0)
    missed_low: pl.Int64 = pa.Field(nullable=True, ge=0)
    missed_high: pl.Int64 = pa.Field(nullable=True, ge=0)
    measured: pl.Boolean


class Keys(Table):
    """One pseudonym: the dense integer used inside and the 32 hex digits used at the edge."""

    kind: pl.String = pa.Field(isin=("subject", "card", "person"))
    key: pl.Int64
    digest: pl.String = pa.Field(str_matches=r"^[0-9a-f]{32}$")


class Accounts(Table):
    """One professional's login."""

    operator: pl.String
    account_id: pl.String
    account_kind: pl.String = pa.Field(nullable=True, isin=ACCOUNT_KINDS)
    practice_id: pl.String = pa.Field(nullable=True)
    profession: pl.String = pa.Field(nullable=True)
    department: pl.String = pa.Field(nullable=True)
    opened_at: Instant = pa.Field(nullable=True)


class Claims(Table):
    """One claim by an account for a person; `person_key` is null where the register lacks the person."""

    operator: pl.String
    account_id: pl.String
    submitted_at: Instant
    person_key: pl.Int64 = pa.Field(nullable=True)


class Counters(Table):
    """One window of an independent counter (gateway, load balancer, billing)."""

    operator: pl.String
    server: pl.String = pa.Field(nullable=True)
    window_start: Instant
    window_end: Instant
    requests: pl.Int64 = pa.Field(nullable=True, ge=0)
    response_bytes: pl.Int64 = pa.Field(nullable=True, ge=0)


class LeftOut(Table):
    """One line of a source that did not become a row of a table (rejected, duplicates)."""

    source: pl.String
    line: pl.Int64 = pa.Field(ge=1)
    byte_offset: pl.Int64 = pa.Field(nullable=True, ge=0)
    reason: pl.String


class Joins(Table):
    """One source of log lines, and how many of them found their counterpart in a log of another kind.

    `unnamed_lookups` found none, and show somebody without saying whom: they stand at evidence level C.
    """

    source: pl.String
    kind: pl.String = pa.Field(isin=LOG_KINDS)
    lines: pl.Int64 = pa.Field(ge=0)
    by_request: pl.Int64 = pa.Field(ge=0)
    by_time: pl.Int64 = pa.Field(ge=0)
    by_session: pl.Int64 = pa.Field(ge=0)
    alone: pl.Int64 = pa.Field(ge=0)
    unnamed_lookups: pl.Int64 = pa.Field(ge=0)


class JoinedLines(Table):
    """One more line that tells of a request: `line_id` is packed as a `request_id` is; `joined_by` says by what."""

    request_id: pl.Int64
    line_id: pl.Int64 = pa.Field(unique=True)
    joined_by: pl.String = pa.Field(isin=JOINED_BY)


class Clocks(Table):
    """How far a clock is from its reference: a server's from another's of its operator, or one log's from another's.

    `skew_s` is what the one shows more than the other at `measured_at`, null where it cannot be measured; it holds with
    `low_s` and `high_s` at the interval level. `n_sessions` are the sessions that both served, or the requests that
    both logs tell of; where logs are joined by time, `reference` is source/server.
    """

    operator: pl.String
    server: pl.String
    reference: pl.String
    skew_s: pl.Float64 = pa.Field(nullable=True)
    low_s: pl.Float64 = pa.Field(nullable=True)
    high_s: pl.Float64 = pa.Field(nullable=True)
    measured_at: Instant = pa.Field(nullable=True)
    drift_s_a_day: pl.Float64 = pa.Field(nullable=True)
    n_sessions: pl.Int64 = pa.Field(ge=0)
    method: pl.String = pa.Field(isin=("shared_sessions", "request_ref", "time"))


class ReturnedPeople(Table):
    """One person's key in one response that names its people; null where the register lacks who was named."""

    request_id: pl.Int64
    person_key: pl.Int64 = pa.Field(nullable=True)
    tier: pl.String = pa.Field(isin=TIERS)


class LogCoverage(Table):
    """One stretch of one server's log (null: of all servers) and the share of its requests that was kept.

    A share is null where it is unknown; then it lies between `share_low` 0 and `share_high` 1.
    """

    operator: pl.String
    server: pl.String = pa.Field(nullable=True)
    start: Instant
    end: Instant
    kind: pl.String = pa.Field(isin=WITNESSED + UNSEEN)
    windows_checked: pl.Int64 = pa.Field(ge=0)
    share_kept: pl.Float64 = pa.Field(nullable=True, ge=0, le=1)
    share_low: pl.Float64 = pa.Field(ge=0, le=1)
    share_high: pl.Float64 = pa.Field(ge=0, le=1)


class Strands(Table):
    """One client of one account (operator, account, address, agent), tested once a case."""

    strand_id: pl.Int64 = pa.Field(unique=True)
    operator: pl.String
    account_id: pl.String
    client_ip: pl.String = pa.Field(nullable=True)
    user_agent: pl.String = pa.Field(nullable=True)
    profession: pl.String = pa.Field(nullable=True)
    first_seen_at: Instant
    last_seen_at: Instant
    n_sessions: pl.Int64
    n_lookups: pl.Int64
    n_subjects: pl.Int64
    busiest_subjects: pl.Int64
    crowd_busiest: pl.Int64 = pa.Field(nullable=True)
    crowd_strands: pl.Int64
    p_pace: pl.Float64 = pa.Field(nullable=True, ge=0, le=1)
    gap_median_s: pl.Float64 = pa.Field(nullable=True)
    p_regularity: pl.Float64 = pa.Field(nullable=True, ge=0, le=1)
    busiest_day: pl.Int64 = pa.Field(nullable=True)
    p_breadth: pl.Float64 = pa.Field(nullable=True, ge=0, le=1)
    n_asked: pl.Int64 = pa.Field(nullable=True)
    n_missed: pl.Int64 = pa.Field(nullable=True)
    p_misses: pl.Float64 = pa.Field(nullable=True, ge=0, le=1)
    n_later_sessions: pl.Int64 = pa.Field(nullable=True)
    n_strange_sessions: pl.Int64 = pa.Field(nullable=True)
    p_hours: pl.Float64 = pa.Field(nullable=True, ge=0, le=1)
    new_network: pl.Boolean = pa.Field(nullable=True)
    new_agent: pl.Boolean = pa.Field(nullable=True)
    p_new: pl.Float64 = pa.Field(nullable=True, ge=0, le=1)
    n_patients: pl.Int64 = pa.Field(nullable=True)
    n_lists: pl.Int64 = pa.Field(nullable=True)
    n_followed: pl.Int64 = pa.Field(nullable=True)
    peers_share_followed: pl.Float64 = pa.Field(nullable=True, ge=0, le=1)
    peers: pl.Int64 = pa.Field(nullable=True)
    n_before: pl.Int64 = pa.Field(nullable=True)
    followed_before: pl.Int64 = pa.Field(nullable=True)
    follow_up_days: pl.Int64 = pa.Field(nullable=True)
    p_care: pl.Float64 = pa.Field(nullable=True, ge=0, le=1)
    list_asked: pl.Int64 = pa.Field(nullable=True, ge=0)
    n_listed: pl.Int64 = pa.Field(nullable=True, ge=0)
    peers_share_listed: pl.Float64 = pa.Field(nullable=True, ge=0, le=1)
    list_peers: pl.Int64 = pa.Field(nullable=True, ge=0)
    p_list: pl.Float64 = pa.Field(nullable=True, ge=0, le=1)
    p_combined: pl.Float64 = pa.Field(nullable=True, ge=0, le=1)
    honest_expected: pl.Float64 = pa.Field(nullable=True, ge=0)
    verdict: pl.String = pa.Field(isin=VERDICTS)
    why_not: pl.String = pa.Field(nullable=True)


class Baseline(Table):
    """One operator: whether its clean weeks are clean (`forensics.detection.baseline`)."""

    operator: pl.String = pa.Field(unique=True)
    n_days: pl.Int64 = pa.Field(ge=0)
    raised_from: pl.Date = pa.Field(nullable=True)
    raised_until: pl.Date = pa.Field(nullable=True)
    p_raised: pl.Float64 = pa.Field(nullable=True, gt=0, le=1)
    n_accused: pl.Int64 = pa.Field(ge=0)
    n_accused_in_clean_weeks: pl.Int64 = pa.Field(ge=0)
    finding: pl.String


class CareCheck(Table):
    """One operator with used accounts: patients that care alone leaves over, beside those of the accused clients."""

    operator: pl.String = pa.Field(unique=True)
    n_accounts: pl.Int64 = pa.Field(ge=1)
    n_patients: pl.Int64 = pa.Field(ge=0)
    n_explained: pl.Int64 = pa.Field(ge=0)
    usual_share_low: pl.Float64 = pa.Field(nullable=True, ge=0, le=1)
    scraped_at_least: pl.Int64 = pa.Field(ge=0)
    n_by_accused: pl.Int64 = pa.Field(ge=0)


class Sessions(Table):
    """One session: requests of one strand under one token, not silent for longer than the gap, nor beyond the cap."""

    session_id: pl.Int64 = pa.Field(unique=True)
    operator: pl.String
    account_id: pl.String
    client_ip: pl.String = pa.Field(nullable=True)
    user_agent: pl.String = pa.Field(nullable=True)
    started_at: Instant
    ended_at: Instant
    n_requests: pl.Int64 = pa.Field(ge=1)
    n_lookups: pl.Int64 = pa.Field(ge=0)
    n_hits: pl.Int64 = pa.Field(ge=0)
    n_subjects: pl.Int64 = pa.Field(ge=0)
    n_people: pl.Int64 = pa.Field(ge=0)
    explained_share: pl.Float64 = pa.Field(nullable=True, ge=0, le=1)
    score: pl.Float64 = pa.Field(nullable=True, ge=0)
    verdict: pl.String = pa.Field(isin=VERDICTS)
    reasons: pl.List(pl.String)
    campaign_id: pl.Int64 = pa.Field(nullable=True)
    strand_id: pl.Int64


class RequestSessions(Table):
    """One request and the session it belongs to."""

    request_id: pl.Int64 = pa.Field(unique=True)
    request_ref: pl.String = pa.Field(nullable=True)
    session_id: pl.Int64


class SessionSensitivity(Table):
    """How many sessions there would be if a silence of `gap_minutes` ended them, all else being as it is."""

    gap_minutes: pl.Int64 = pa.Field(unique=True, ge=1)
    n_sessions: pl.Int64 = pa.Field(ge=0)


class Campaigns(Table):
    """One robot, as far as the evidence shows: strands joined by account, network, agent, work list or tempo."""

    campaign_id: pl.Int64 = pa.Field(unique=True)
    n_strands: pl.Int64 = pa.Field(ge=1)
    n_accounts: pl.Int64 = pa.Field(ge=1)
    n_sessions: pl.Int64 = pa.Field(ge=1)
    n_lookups: pl.Int64
    n_hits: pl.Int64
    started_at: Instant
    ended_at: Instant


class CampaignTies(Table):
    """One kind of tie between accused clients, and how often it would link honest clients of the same case.

    n_units: accused accounts (clients, where the log names no account); n_pairs: their pairs. n_links: pairs linked by
    this kind; for `account`, clients joined to another of their account, which is taken as it is. honest_pairs:
    comparable pairs of honest ones; honest_linked: those that the tie would link (by tempo, before all
    their silences are compared); honest_upper: one-sided 95 % limit of
    their share. cut: what a pair must be closer than (`forensics.campaigns.ties`), null where any tie will do, or none.
    is_used: false where honest clients have such ties too often, or are too few to tell.
    """

    tie: pl.String = pa.Field(unique=True, isin=TIES)
    n_units: pl.Int64 = pa.Field(ge=0)
    n_pairs: pl.Int64 = pa.Field(nullable=True, ge=0)
    n_links: pl.Int64 = pa.Field(ge=0)
    honest_pairs: pl.Int64 = pa.Field(nullable=True, ge=0)
    honest_linked: pl.Int64 = pa.Field(nullable=True, ge=0)
    honest_upper: pl.Float64 = pa.Field(nullable=True, ge=0, le=1)
    cut: pl.Float64 = pa.Field(nullable=True, ge=0)
    is_used: pl.Boolean


class CampaignPairs(Table):
    """One pair of operators that were attacked, or of campaigns, and whether the evidence fits one actor.

    n_pairs: pairs of accused units across the two; n_linked: those linked, by the kinds in `ties`. closest: the kind of
    the closest pair across; chance: that unrelated clients had a pair as close by any kind (at most; null where no kind
    could be measured). answer: `compatible` (one campaign has clients of both: they are joined, directly or through
    others), `nothing_found` (what was measured does not connect them, which is no proof of two actors),
    `not_measurable`.
    """

    scope: pl.String = pa.Field(isin=("operators", "campaigns"))
    a: pl.String
    b: pl.String
    n_pairs: pl.Int64 = pa.Field(ge=1)
    n_linked: pl.Int64 = pa.Field(ge=0)
    ties: pl.List(pl.String)
    closest: pl.String = pa.Field(nullable=True, isin=TIES)
    chance: pl.Float64 = pa.Field(nullable=True, ge=0, le=1)
    answer: pl.String = pa.Field(isin=SAME_ACTOR)


class Requisitions(Table):
    """One address and port from which one session of a campaign was driven: what an access provider is asked for.

    Behind a shared address only the port at that moment, where the log has it, tells subscribers apart (RFC 6302).
    """

    campaign_id: pl.Int64
    operator: pl.String
    client_ip: pl.String = pa.Field(nullable=True)
    client_port: pl.Int32 = pa.Field(nullable=True, ge=0, le=65535)
    session_id: pl.Int64
    started_at: Instant
    ended_at: Instant
    n_requests: pl.Int64 = pa.Field(ge=1)


class Exposure(Table):
    """One person at one operator and insurer, shown to a scraping session."""

    person_id: pl.String
    operator: pl.String
    insurer_id: pl.String = pa.Field(nullable=True)
    tier: pl.String = pa.Field(isin=TIERS)
    certainty: pl.String = pa.Field(isin=("logged", "inferred"))
    fields: pl.List(pl.String)
    first_seen_at: Instant
    last_seen_at: Instant
    n_views: pl.Int64 = pa.Field(ge=1)
    campaign_id: pl.Int64
    first_request_id: pl.Int64


class Professionals(Table):
    """One professional's login whose own data a scraping session displayed."""

    operator: pl.String
    account_id: pl.String
    fields: pl.List(pl.String)
    first_seen_at: Instant
    first_request_id: pl.Int64


class Perimeter(Table):
    """What could have been shown, counted under one definition."""

    scope: pl.String = pa.Field(isin=("all", "operator", "insurer"))
    operator: pl.String = pa.Field(nullable=True)
    insurer_id: pl.String = pa.Field(nullable=True)
    definition: pl.String
    n: pl.Int64 = pa.Field(ge=0)


class Timeline(Table):
    """Lookups in one hour at one operator by sessions of one verdict."""

    operator: pl.String
    hour: Instant
    verdict: pl.String = pa.Field(isin=VERDICTS)
    lookups: pl.Int64 = pa.Field(ge=1)


class Estimates(Table):
    """The three numbers of one scope, with the interval, the envelope and how they were reached."""

    scope: pl.String = pa.Field(isin=("all", "operator", "insurer"))
    operator: pl.String = pa.Field(nullable=True)
    insurer: pl.String = pa.Field(nullable=True)
    perimeter: pl.Int64
    certain: pl.Int64
    certain_logged: pl.Int64
    certain_inferred: pl.Int64
    certain_doubt: pl.Int64
    estimate: pl.Int64 = pa.Field(nullable=True)
    low: pl.Int64 = pa.Field(nullable=True)
    high: pl.Int64 = pa.Field(nullable=True)
    level: pl.Float64 = pa.Field(nullable=True)
    envelope_low: pl.Int64
    envelope_high: pl.Int64
    evidence_level: pl.String = pa.Field(isin=("A", "B", "C", "D", "mixed"))
    method: pl.String
    width_from_definitions: pl.Int64 = pa.Field(ge=0)
    width_from_unclear: pl.Int64 = pa.Field(ge=0)
    width_from_unexplained: pl.Int64 = pa.Field(ge=0)
    width_from_lost_lines: pl.Int64 = pa.Field(ge=0)
    width_from_accused: pl.Int64 = pa.Field(ge=0)
    envelope_from_others: pl.Int64 = pa.Field(ge=0)


class Trials(Table):
    """One different analysis that the journal tells of, in the order in which it first does.

    What tells analyses apart is digests, and settings and versions as JSON; numbers are those of the whole case.
    """

    trial: pl.Int64 = pa.Field(unique=True, ge=1)
    is_this: pl.Boolean
    journal_broken: pl.Boolean
    evidence_digest: pl.String = pa.Field(nullable=True)
    labels: pl.String = pa.Field(nullable=True)
    declaration: pl.String = pa.Field(nullable=True)
    settings: pl.String = pa.Field(nullable=True)
    code: pl.String = pa.Field(nullable=True)
    versions: pl.String = pa.Field(nullable=True)
    certain: pl.Int64 = pa.Field(nullable=True)
    estimate: pl.Int64 = pa.Field(nullable=True)
    low: pl.Int64 = pa.Field(nullable=True)
    high: pl.Int64 = pa.Field(nullable=True)
    envelope_low: pl.Int64 = pa.Field(nullable=True)
    envelope_high: pl.Int64 = pa.Field(nullable=True)
    perimeter: pl.Int64 = pa.Field(nullable=True)
