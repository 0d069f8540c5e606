"""Access logs of AWS's Application Load Balancers, and of the Classic ones before them: one request a line.

A line that ends after `ssl_protocol` is of a Classic one; what AWS adds at the end of its lines later is not read.
`duration_ms` is the sum of the three processing times, nothing where one of them is -1: the request got no answer.

Layouts: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html and
https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/access-log-collection.html
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from forensics.evidence.formats.combined import REQUEST
from forensics.evidence.formats.lines import Batch, Parsed, batches, why_not

SECONDS = ("request_processing_time", "target_processing_time", "response_processing_time")
START = (
    r"^(?:(?P<type>[a-z0-9]+) )?(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}T\S+) (?P<elb>\S+) "
    r"(?:(?P<client>\S+):(?P<client_port>[0-9]+)|-) (?P<target>\S+) "
    r"(?P<request_processing_time>-|-?[0-9.]+) (?P<target_processing_time>-|-?[0-9.]+) "
    r"(?P<response_processing_time>-|-?[0-9.]+) (?P<elb_status_code>[0-9]{3}|-) (?P<target_status_code>[0-9]{3}|-) "
    r'(?P<received_bytes>-|-?[0-9]+) (?P<sent_bytes>-|-?[0-9]+) "(?P<request>(?:[^"\\]|\\.)*)"'
)
REST = (
    "user_agent", "ssl_cipher", "ssl_protocol", "target_group_arn", "trace_id", "domain_name", "chosen_cert_arn",
    "matched_rule_priority", "request_creation_time",
)  # fmt: skip
"""What follows the request, up to where AWS goes on adding; a line may end before any of them."""
ALB_COLUMNS = (
    "type", "time", "elb", "client", "client_port", "target", *SECONDS, "duration_ms", "elb_status_code",
    "target_status_code", "received_bytes", "sent_bytes", "method", "url", "protocol", *REST,
)  # fmt: skip
NOTHING = {"-": None, "-1": None}


def _pattern() -> str:
    """Return the whole layout: each part of the rest, in quotes or bare, only after the one before it."""
    rest = r"(?:\s|$)"
    for name in reversed(REST):
        rest = rf'(?: (?:"(?P<{name}>(?:[^"\\]|\\.)*)"|(?P<{name}_bare>[^\s"]+)){rest}|\s*$)'
    return START + rest


ALB = _pattern()


def read_alb(path: Path, columns: list[str]) -> Iterator[Batch]:
    """Read a load balancer's access log, plain or compressed, in blocks of bounded size."""
    return batches(path, columns, parse_alb)


def parse_alb(lines: pl.DataFrame) -> Parsed:
    """Part the lines into parsed ones and unreadable ones."""
    parsed = lines.with_columns(raw=pl.col("text").str.extract_groups(ALB)).unnest("raw")
    readable = pl.col("time").is_not_null()
    reason = why_not("not a request as a load balancer of AWS logs it")
    unreadable = parsed.filter(~readable).select("line", "byte_offset", reason=reason)
    seconds = [pl.col(name).cast(pl.Float64, strict=False) for name in SECONDS]
    answered = pl.all_horizontal(part >= 0 for part in seconds)
    asked = pl.when(~pl.col("request").str.starts_with("- ")).then("request")
    rows = (
        parsed.filter(readable)
        .with_columns(
            asked.str.extract_groups(REQUEST).alias("parts"),
            *(pl.coalesce(name, f"{name}_bare") for name in REST),
            pl.col("client").str.strip_chars("[]"),
            duration_ms=pl.when(answered).then(
                (pl.sum_horizontal(seconds) * 1000).round().cast(pl.Int64, strict=False)
            ),
        )
        .unnest("parts")
        .with_columns(pl.col(name).replace(NOTHING) for name in ALB_COLUMNS if name not in ("duration_ms", "url"))
    )
    return rows, unreadable
