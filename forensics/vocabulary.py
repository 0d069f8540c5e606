"""The closed lists of words that evidence, tables and results use, and the fields a source can be mapped to."""

from __future__ import annotations

LINES_A_SOURCE = 2**40
"""A `request_id` is the source's number (from 1, in the order of `case.toml`) times this, plus the line."""

ACTIONS = ("login", "search", "detail", "rights", "claim", "export", "static", "other")
SUBJECT_KINDS = ("holder_number", "member_number", "card_number", "beneficiary_number", "name", "page")
ROLES = ("holder", "spouse", "child", "other")
ACCOUNT_KINDS = ("person", "practice", "software", "concentrator")
VERDICTS = ("scraping", "honest", "unclear")
TIES = ("account", "network", "agent", "list_shared_out", "list_walked_twice", "tempo")
SAME_ACTOR = ("compatible", "nothing_found", "not_measurable")
TIERS = ("displayed", "listed")

WITNESSED = ("complete", "gap", "surplus", "unwitnessed")
"""What independent counters and declared outages say of a stretch of log, or that nothing does."""
UNSEEN = ("silence", "missing_hour", "missing_server", "rotation", "rate_change")
"""What a log itself gives away where no counter speaks: stretches of which it says nothing, or too little."""

LOG_KINDS = ("access_log", "audit_trail", "authentication")
"""What a web server or proxy, the application, and whatever checks passwords keep of the same requests."""

JOINED_BY = ("request_ref", "session", "account_and_address", "account", "login", "address")
"""What makes one request of two logs' lines, in the order of preference; all but the first with time."""

LOG_FIELDS = {
    "requested_at": True,
    **dict.fromkeys(
        (
            "account_id", "client_ip", "client_port", "user_agent", "method", "path", "status",
            "response_bytes", "duration_ms", "server", "session_token", "request_ref", "action",
            "subject", "subject_birth_date", "subject_birth_rank", "records_returned", "returned_people",
            "forwarded_for",
        ),
        False,
    ),
}  # fmt: skip

# What a source can be mapped to, by kind of source: True where the field must be there.
EVIDENCE_FIELDS: dict[str, dict[str, bool]] = {
    **dict.fromkeys(LOG_KINDS, LOG_FIELDS),
    "register": {
        "beneficiary_number": True,
        **dict.fromkeys(
            (
                "holder_number", "birth_date", "birth_rank", "last_name", "first_name", "card_number",
                "member_number", "insurer_id", "role", "sex", "department", "covered_from", "covered_until",
            ),
            False,
        ),
    },
    "accounts": {
        "account_id": True,
        **dict.fromkeys(
            (
                "account_kind", "practice_id", "profession", "department", "opened_at", "company_name",
                "siret", "bank_identity",
            ),
            False,
        ),
    },
    "claims": {
        "account_id": True,
        "submitted_at": True,
        **dict.fromkeys(("beneficiary_number", "holder_number", "birth_date", "birth_rank"), False),
    },
    "counters": {
        "window_start": True,
        **dict.fromkeys(("window_end", "window_minutes", "requests", "response_bytes", "server"), False),
    },
}  # fmt: skip
