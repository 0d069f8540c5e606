"""Events of the Open Cybersecurity Schema Framework, a JSON document each, also as Elastic exports them.

Those about a request are HTTP Activity (4002), Web Resources Activity (6001) and, in older versions of the schema,
Web Resource Access Activity (6004); those of any other class are set aside. Besides the schema's own names a document
has, each where the first of them is missing:

- `time`: `time` (milliseconds since 1970), `time_dt`;
- `url`: `http_request.url.url_string` (`text` before version 1), with the query string where it lacks it; the path and
  the query string; the URL of the first web resource;
- `actor.user.name`: the user's name, its `uid`;
- `http_request.http_method`: the method, the one that an HTTP Activity is named after;
- `http_response.code`: the code, `http_status` of version 1.0;
- `dst_endpoint.hostname`: the server's hostname, its `name`, its `ip`;
- `activity`: what a Web Resources Activity did, in our words; nothing for another class;
- `web_resources.uid`, `.name`, `.type` and `.url_string`, and the same of `web_resources_result`: those of all
  resources, with `;` between them.

An event that stands for several requests (`count`) is one row.

Names: Open Cybersecurity Schema Framework, versions 1.0 to 1.7, https://schema.ocsf.io/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl

from forensics.evidence.formats.lines import Batch
from forensics.evidence.formats.ndjson import Words, first_filled, path_and_query, read_documents

HTTP, RESOURCES, RESOURCE_ACCESS = "4002", "6001", "6004"
METHODS = {
    "1": "CONNECT", "2": "DELETE", "3": "GET", "4": "HEAD", "5": "OPTIONS", "6": "POST", "7": "PUT", "8": "TRACE",
    "9": "PATCH",
}  # fmt: skip
"""What `activity_id` says of an HTTP Activity."""
ACTIVITIES = {
    "1": "other", "2": "detail", "3": "other", "4": "other", "5": "search", "6": "other", "7": "export", "8": "other",
}  # fmt: skip
"""What `activity_id` says of a Web Resources Activity: create, read, update, delete, search, import, export, share."""
MEMBERS = ("uid", "name", "type", "url_string")
LISTS = ("web_resources", "web_resources_result")
SHAPE = "[{" + ",".join(f'"{member}":"VARCHAR"' for member in MEMBERS) + "}]"
Made = tuple[tuple[str, ...], Callable[..., pl.Expr]]


def _url(whole: pl.Expr, text: pl.Expr, path: pl.Expr, query: pl.Expr, resources: pl.Expr) -> pl.Expr:
    given = first_filled(whole, text)
    lacks = ~given.str.contains("?", literal=True)
    of_resource = resources.list.first().struct.field("url_string")
    return first_filled(
        pl.when(lacks).then(path_and_query(given, query)).otherwise(given), path_and_query(path, query), of_resource
    )


def _method(method: pl.Expr, class_uid: pl.Expr, activity: pl.Expr) -> pl.Expr:
    return first_filled(method, pl.when(class_uid == HTTP).then(activity.replace_strict(METHODS, default=None)))


def _activity(class_uid: pl.Expr, activity: pl.Expr) -> pl.Expr:
    return pl.when(class_uid == RESOURCES).then(activity.replace_strict(ACTIVITIES, default=None))


def _all_of(member: str) -> Callable[[pl.Expr], pl.Expr]:
    def joined(resources: pl.Expr) -> pl.Expr:
        values = resources.list.eval(pl.element().struct.field(member).drop_nulls())
        return pl.when(values.list.len() > 0).then(values.list.join(";"))

    return joined


OF_RESOURCES: dict[str, Made] = {
    f"{of}.{member}": ((f"{of}[]",), _all_of(member)) for of in LISTS for member in MEMBERS
}
URL = "http_request.url"
OCSF = Words(
    made={
        "time": (("time", "time_dt"), first_filled),
        "url": ((f"{URL}.url_string", f"{URL}.text", f"{URL}.path", f"{URL}.query_string", "web_resources[]"), _url),
        "actor.user.name": (("actor.user.name", "actor.user.uid"), first_filled),
        "http_request.http_method": (("http_request.http_method", "class_uid", "activity_id"), _method),
        "http_response.code": (("http_response.code", "http_status"), first_filled),
        "dst_endpoint.hostname": (("dst_endpoint.hostname", "dst_endpoint.name", "dst_endpoint.ip"), first_filled),
        "activity": (("class_uid", "activity_id"), _activity),
        **OF_RESOURCES,
    },
    required="class_uid",
    meant=frozenset({HTTP, RESOURCES, RESOURCE_ACCESS}),
    lists={f"{of}[]": SHAPE for of in LISTS},
)


def read_ocsf(path: Path, columns: list[str]) -> Iterator[Batch]:
    """Read events of OCSF about requests, plain or compressed; every value is given as text."""
    yield from read_documents(path, columns, OCSF)
