"""Where the formats of which every line has the same columns keep our fields, and what tells one kind from another."""

from __future__ import annotations

from forensics.usual_fields import USUAL_FIELDS

APACHE = {
    "requested_at": "time", "account_id": "user", "client_ip": "host", "user_agent": "user_agent", "method": "method",
    "path": "url.path", "status": "status", "response_bytes": "bytes", "server": "virtual_host",
}  # fmt: skip
PLACES: dict[str, dict[str, str]] = {
    **USUAL_FIELDS,
    "combined": APACHE,
    "common": {field: name for field, name in APACHE.items() if field != "user_agent"},
    "alb": {
        "requested_at": "time", "client_ip": "client", "client_port": "client_port", "user_agent": "user_agent",
        "method": "method", "path": "url.path", "status": "elb_status_code", "response_bytes": "sent_bytes",
        "duration_ms": "duration_ms", "server": "elb", "request_ref": "trace_id",
    },
    "haproxy": {
        "requested_at": "time", "client_ip": "client", "client_port": "client_port", "method": "method",
        "path": "url.path", "status": "status", "response_bytes": "bytes", "duration_ms": "duration_ms",
        "server": "server",
    },
    "iis": {
        "requested_at": "date_time", "account_id": "cs-username", "client_ip": "c-ip",
        "user_agent": "cs(User-Agent)", "method": "cs-method", "path": "url.path", "status": "sc-status",
        "response_bytes": "sc-bytes", "duration_ms": "time-taken", "server": "s-computername",
    },
}  # fmt: skip
SIGNS: dict[str, dict[str, float]] = {
    "access_log": {
        "requested_at": 2, "client_ip": 2, "user_agent": 2, "path": 3, "method": 2, "status": 3, "response_bytes": 1,
        "duration_ms": 1, "account_id": 1, "session_token": 1, "client_port": 1, "request_ref": 1, "subject": 1,
        "records_returned": 1,
    },
    "audit_trail": {
        "requested_at": 2, "account_id": 2, "action": 3, "records_returned": 3, "returned_people": 3, "subject": 2,
        "request_ref": 1, "client_ip": 0.5, "session_token": 0.5, "subject_birth_date": 1,
    },
    "authentication": {
        "requested_at": 2, "account_id": 2, "session_token": 3, "client_ip": 1, "user_agent": 1, "request_ref": 1,
        "action": 1,
    },
    "register": {
        "beneficiary_number": 2, "holder_number": 2, "birth_date": 3, "birth_rank": 2, "last_name": 2,
        "first_name": 2, "card_number": 2, "member_number": 2, "insurer_id": 1, "role": 1, "sex": 2,
        "department": 0.5, "covered_from": 2, "covered_until": 2,
    },
    "accounts": {
        "account_id": 2, "account_kind": 1, "practice_id": 2, "profession": 3, "opened_at": 2, "company_name": 3,
        "siret": 3, "bank_identity": 3, "department": 0.5,
    },
    "claims": {
        "account_id": 2, "submitted_at": 3, "beneficiary_number": 2, "holder_number": 2, "birth_date": 1,
        "birth_rank": 1,
    },
    "counters": {
        "window_start": 2, "window_end": 2, "window_minutes": 3, "requests": 3, "response_bytes": 1, "server": 1,
    },
}  # fmt: skip
"""How much a field tells of the kind of a table."""
FILE_NAMES = {
    "register": {"register", "registre", "assures", "beneficiaires", "adherents", "fichier assures", "referentiel"},
    "accounts": {"accounts", "comptes", "professionnels", "utilisateurs", "users"},
    "claims": {"claims", "factures", "remboursements", "prestations", "feuilles", "soins"},
    "counters": {"counters", "compteurs", "metriques", "metrics", "trafic"},
    "authentication": {"auth", "authentication", "authentification", "connexions", "login", "logins", "sso"},
    "audit_trail": {"audit", "trace", "traces", "tracabilite"},
    "access_log": {"access", "acces", "proxy", "requetes"},
}
"""Words of a file's name that speak for a kind."""
