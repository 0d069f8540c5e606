"""Where the formats that have words of their own keep our fields, for a log whose `[[source]]` declares none.

Only FHIR has a name for the subject; elsewhere whom a request asked for has to be declared.
"""

from __future__ import annotations

ECS_FIELDS = {
    "requested_at": "@timestamp", "account_id": "user.name", "client_ip": "source.ip", "client_port": "source.port",
    "user_agent": "user_agent.original", "method": "http.request.method", "path": "url.path",
    "status": "http.response.status_code", "response_bytes": "http.response.body.bytes",
    "duration_ms": "event.duration", "server": "host.name", "request_ref": "http.request.id",
}  # fmt: skip
"""Elastic Common Schema 8."""
NGINX_FIELDS = {
    "requested_at": "time_iso8601", "account_id": "remote_user", "client_ip": "remote_addr",
    "client_port": "remote_port", "user_agent": "http_user_agent", "method": "request_method", "path": "url.path",
    "status": "status", "response_bytes": "body_bytes_sent", "duration_ms": "request_time", "server": "hostname",
    "request_ref": "request_id",
}  # fmt: skip
"""nginx's variables."""
CADDY_FIELDS = {
    "requested_at": "ts", "account_id": "user_id", "client_ip": "request.client_ip",
    "client_port": "request.remote_port", "user_agent": "request.headers.User-Agent", "method": "request.method",
    "path": "url.path", "status": "status", "response_bytes": "size", "duration_ms": "duration",
}  # fmt: skip
"""Caddy 2. It does not say which server wrote the line."""
TRAEFIK_FIELDS = {
    "requested_at": "StartUTC", "account_id": "ClientUsername", "client_ip": "ClientHost",
    "client_port": "ClientPort", "user_agent": "request_User-Agent", "method": "RequestMethod", "path": "url.path",
    "status": "DownstreamStatus", "response_bytes": "DownstreamContentSize", "duration_ms": "Duration",
}  # fmt: skip
"""Traefik 3. The agent is there where the configuration keeps that header."""
OCSF_FIELDS = {
    "requested_at": "time", "account_id": "actor.user.name", "client_ip": "src_endpoint.ip",
    "client_port": "src_endpoint.port", "user_agent": "http_request.user_agent",
    "method": "http_request.http_method", "path": "url.path", "status": "http_response.code",
    "response_bytes": "http_response.length", "duration_ms": "duration", "server": "dst_endpoint.hostname",
    "session_token": "actor.session.uid", "request_ref": "metadata.uid", "action": "activity",
}  # fmt: skip
"""Open Cybersecurity Schema Framework 1. Times are in milliseconds, as ours."""
FHIR_AUDIT_FIELDS = {
    "requested_at": "recorded", "account_id": "account", "client_ip": "agent.address", "path": "url.path",
    "status": "status", "server": "observer", "request_ref": "id", "action": "interaction",
    "subject": "patient.identifier",
}  # fmt: skip
"""AuditEvent of HL7 FHIR, Releases 4 and 5. What the subject's number is, `subject_kind` says."""
USUAL_FIELDS = {
    "caddy": CADDY_FIELDS,
    "ecs": ECS_FIELDS,
    "fhir_audit": FHIR_AUDIT_FIELDS,
    "nginx_json": NGINX_FIELDS,
    "ocsf": OCSF_FIELDS,
    "splunk": {"requested_at": "_time"},
    "timesketch": {"requested_at": "datetime"},
    "traefik": TRAEFIK_FIELDS,
}
MILLISECONDS_A_UNIT = {
    ("caddy", "duration"): (1_000, 1),
    ("ecs", "event.duration"): (1, 1_000_000),
    ("nginx_json", "request_time"): (1_000, 1),
    ("traefik", "Duration"): (1, 1_000_000),
}
"""The names of a format whose unit is not ours: what makes milliseconds of them, as a fraction."""
