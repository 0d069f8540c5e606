"""Documents: requests with the verdict on their session, as JSON in the words of Timesketch or of Elastic.

What a log says is hostile. It leaves as JSON strings in which every sign that a terminal obeys is escaped, and a
message begins with our own word, so that a spreadsheet takes it for text. What a request lacks has no name in its
document.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import TypeAlias

import polars as pl

Value: TypeAlias = "pl.Expr | str | list[str] | Mapping[str, Value]"
"""A value of a document: a column, a constant, or what stands inside it."""

ECS_VERSION = "8.11.0"
NS_A_MS = 1_000_000
LONGEST_MS = (2**63 - 1) // NS_A_MS
"""The longest duration that nanoseconds can hold as Elastic's `long`."""
OBEYED = [
    chr(sign)
    for first, last in ((0x7F, 0x9F), (0x200E, 0x200F), (0x2028, 0x202E), (0x2066, 0x2069))
    for sign in range(first, last + 1)
]
"""What JSON lets stand and a terminal, an editor or a reader of lines obeys: C1 controls, line and direction marks."""


def timesketch(rows: pl.DataFrame) -> pl.Series:
    """Return one event a request, under our own names.

    Args:
        rows: what `flagged_requests` selects.

    Returns:
        JSON texts, in the order of the rows: `message`, `datetime` (ISO 8601, UTC, microseconds), `timestamp`
        (microseconds since 1970), `timestamp_desc`, `data_type`, `tag`, and every column that holds something but
        the time.

    Source: Timesketch, https://timesketch.org/guides/user/import-from-json-csv/
    """
    at = pl.col("requested_at")
    fields: dict[str, Value] = {
        "message": _message(),
        "datetime": at.dt.strftime("%Y-%m-%dT%H:%M:%S.%6f+00:00"),
        "timestamp": at.dt.epoch("us"),
        "timestamp_desc": "Request Time",
        "data_type": "forensics:request",
        "tag": ["forensics"],
        **{name: pl.col(name) for name in rows.columns if name != "requested_at"},
    }
    return _documents(rows, fields)


def ecs(rows: pl.DataFrame) -> pl.Series:
    """Return one document a request, in the words of the Elastic Common Schema 8.

    `source.address` is the client as logged, and `source.ip` the same where it is an address. Labels are text, as the
    schema wants them. A duration of more than 292 years, which its nanoseconds cannot hold, is left out.

    Args:
        rows: what `flagged_requests` selects.

    Returns:
        JSON texts, in the order of the rows.

    Source: Elastic Common Schema 8.11, field reference, https://www.elastic.co/guide/en/ecs/8.11/
    """
    whole = pl.col("duration_ms") <= LONGEST_MS
    labels = ("operator", "action", "subject_kind", "subject", "records_returned", "session_id", "campaign_id")
    fields: dict[str, Value] = {
        "@timestamp": pl.col("requested_at").dt.strftime("%Y-%m-%dT%H:%M:%S.%6fZ"),
        "ecs": {"version": ECS_VERSION},
        "message": _message(),
        "event": {
            "kind": "event",
            "category": ["web"],
            "type": ["access"],
            "module": "forensics",
            "dataset": "forensics.request",
            "id": pl.col("request_id").cast(pl.String),
            "duration": pl.when(whole).then(pl.col("duration_ms") * NS_A_MS),
        },
        "source": {"address": pl.col("client_ip"), "ip": _address(rows["client_ip"]), "port": pl.col("client_port")},
        "user": {"name": pl.col("account_id")},
        "user_agent": {"original": pl.col("user_agent")},
        "url": {"path": pl.col("path")},
        "http": {
            "request": {"id": pl.col("request_ref"), "method": pl.col("method")},
            "response": {"status_code": pl.col("status"), "body": {"bytes": pl.col("response_bytes")}},
        },
        "host": {"name": pl.col("server")},
        "labels": {name: pl.col(name).cast(pl.String) for name in (*labels, "verdict")},
        "tags": ["forensics"],
    }
    return _documents(rows, fields)


def _message() -> pl.Expr:
    """Say what happened in one line, for people."""
    asked = [pl.col("method"), pl.col("path"), pl.col("status").cast(pl.String)]
    parts = [
        pl.concat_str([pl.col("verdict") + ":", *asked], separator=" ", ignore_nulls=True),
        pl.lit("account ") + pl.col("account_id"),
        pl.lit("from ") + pl.col("client_ip"),
        pl.lit("session ") + pl.col("session_id").cast(pl.String),
        pl.lit("campaign ") + pl.col("campaign_id").cast(pl.String),
    ]
    return pl.concat_str(parts, separator=", ", ignore_nulls=True)


def _address(clients: pl.Series) -> pl.Expr:
    """Return the clients that are addresses; a log may name a host, or anything."""
    known = [text for text in clients.drop_nulls().unique() if _is_address(text)]
    return pl.when(pl.col("client_ip").is_in(known)).then(pl.col("client_ip"))


@lru_cache(maxsize=2**17)
def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text  # a zone means something on one machine alone, and Elastic takes none


def _documents(rows: pl.DataFrame, fields: Mapping[str, Value]) -> pl.Series:
    texts = _object(rows, fields)
    is_odd = (texts.str.len_bytes() > texts.str.len_chars()) | texts.str.contains("\x7f", literal=True)
    if texts.filter(is_odd).str.contains_any(OBEYED).any():
        # Outside its strings a JSON text is ASCII, so that these can only stand inside one.
        texts = texts.str.replace_many(OBEYED, [f"\\u{ord(sign):04x}" for sign in OBEYED])
    return texts


def _object(rows: pl.DataFrame, fields: Mapping[str, Value]) -> pl.Series:
    """Return a JSON object a row, null where nothing in it has a value."""
    members = [pl.lit(f"{json.dumps(name)}:") + _json(rows, value) for name, value in fields.items()]
    inside = rows.with_columns(inside=pl.concat_str(members, separator=",", ignore_nulls=True)).select("inside")
    whole = pl.concat_str(pl.lit("{"), pl.col("inside"), pl.lit("}"))
    return inside.select(pl.when(pl.col("inside") != "").then(whole)).to_series()


def _json(rows: pl.DataFrame, value: Value) -> pl.Series | pl.Expr:
    """Return a value as JSON, null where there is none; what stands inside it is made first, and once."""
    if isinstance(value, str | list):
        return pl.lit(json.dumps(value))
    if isinstance(value, Mapping):
        return _object(rows, value)
    encoded = pl.struct("v").struct.json_encode().str.strip_prefix('{"v":').str.strip_suffix("}")
    return rows.select(v=value).select(pl.when(pl.col("v").is_not_null()).then(encoded)).to_series()


VOCABULARIES = {"ecs": ecs, "timesketch": timesketch}
"""The tools that a case can go on in: what makes a document for each."""
