"""Sources of `case.toml` that made-up cases share: a combined log with numbers in its queries, and the counters."""

LOG_SOURCE = """\
[[source]]
id = "log"
operator = "Viareso"
kind = "access_log"
path = "evidence/*.log"
format = "combined"
subject_kind = "holder_number"
[source.fields]
requested_at = "time"
account_id = "user"
client_ip = "host"
user_agent = "user_agent"
method = "method"
path = "url.path"
status = "status"
response_bytes = "bytes"
subject = "url.query.numero"
"""

COUNTERS_SOURCE = """\
[[source]]
id = "counters"
operator = "Viareso"
kind = "counters"
path = "evidence/counters.parquet"
format = "parquet"
timezone = "UTC"
[source.fields]
window_start = "start"
window_minutes = "minutes"
requests = "requests"
"""
