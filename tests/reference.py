"""Slow, obvious twins of the rules that SQL and arrays hold: no query engine, no frames, one thing after another."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

Row = dict[str, Any]


def client(request: Row) -> tuple[Any, ...]:
    """Return who asked: the account, from which address, with which agent, at which operator."""
    return request["operator"], request["account_id"], request["client_ip"], request["user_agent"]


def lanes(asked: Sequence[Row], gap: timedelta) -> dict[str | None, list[Row]]:
    """Return the requests of one client by the session token each goes with; None where none is near.

    Without a token of its own a request goes with the last one before it, else the next one after it, as long as the
    client is never silent for longer than the gap between them.
    """
    order = sorted(asked, key=lambda row: (row["requested_at"], row["session_token"] is None, row["session_token"]))
    stretches: list[list[Row]] = []
    for request in order:
        if not stretches or request["requested_at"] - stretches[-1][-1]["requested_at"] > gap:
            stretches.append([])
        stretches[-1].append(request)
    found: dict[str | None, list[Row]] = {}
    for stretch in stretches:
        token = next((row["session_token"] for row in stretch if row["session_token"] is not None), None)
        for request in stretch:
            token = token if request["session_token"] is None else request["session_token"]
            found.setdefault(token, []).append(request)
    return found


def sessions(requests: Iterable[Row], gap: timedelta, cap: timedelta) -> set[frozenset[int]]:
    """Return the sessions, each the numbers of its requests: a silence strictly longer than the gap begins another.

    What goes on for longer is cut at whole multiples of the cap, counted from its first request.
    """
    return cut_lanes([lane for asked in of_clients(requests) for lane in lanes(asked, gap).values()], gap, cap)


def of_clients(requests: Iterable[Row]) -> list[list[Row]]:
    """Return the requests of each client."""
    by_client: dict[tuple[Any, ...], list[Row]] = {}
    for request in requests:
        by_client.setdefault(client(request), []).append(request)
    return list(by_client.values())


def cut_lanes(of_lanes: Iterable[list[Row]], gap: timedelta, cap: timedelta) -> set[frozenset[int]]:
    """Cut each lane where it is silent for longer than the gap, and by the cap."""
    found = set()
    for lane in of_lanes:
        session: list[int] = []
        began = before = until = datetime.min
        for request in sorted(lane, key=lambda row: row["requested_at"]):
            at = request["requested_at"]
            if before == datetime.min or at - before > gap or at >= until:
                if before == datetime.min or at - before > gap:
                    began = at
                until = began + ((at - began) // cap + 1) * cap
                found |= {frozenset(session)} if session else set()
                session = []
            session.append(request["request_id"])
            before = at
        found.add(frozenset(session))
    return found


def is_lookup(request: Row) -> bool:
    """Tell whether a request asks for someone."""
    return request["subject_key"] is not None and request["action"] not in ("static", "login")


def is_hit(request: Row) -> bool:
    """Tell whether a lookup was answered in full."""
    if not is_lookup(request) or request["method"] == "HEAD":
        return False
    if request["records_returned"] is not None and request["records_returned"] <= 0:
        return False
    return request["status"] is None or 200 <= request["status"] <= 299


def busiest_window(lookups: Iterable[Row], minutes: int) -> int:
    """Return the most distinct subjects in one window of the hour: minutes 0 to 9, 10 to 19 and so on, for 10."""
    windows: dict[tuple[datetime, int], set[int]] = {}
    for request in lookups:
        at = request["requested_at"]
        hour = at.replace(minute=0, second=0, microsecond=0)
        windows.setdefault((hour, at.minute // minutes), set()).add(request["subject_key"])
    return max(len(subjects) for subjects in windows.values())


def week_of(moment: datetime) -> date:
    """Return the Monday of a moment's week."""
    return (moment - timedelta(days=moment.weekday())).date()


def patients(
    requests: Iterable[Row],
    cards_of_subject: dict[int, set[int]],
    cards_of_person: dict[int, set[int]],
    claims: Sequence[Row],
    before: timedelta,
    after: timedelta,
) -> dict[tuple[Any, ...], bool | None]:
    """Return, for each client, subject and week of a hit, whether a claim of the account explains it.

    None where the log names no account, so that there is nobody whose claims could.
    """
    first: dict[tuple[Any, ...], datetime] = {}
    for request in requests:
        if is_hit(request):
            key = (client(request), request["subject_key"], week_of(request["requested_at"]))
            first[key] = min(first.get(key, request["requested_at"]), request["requested_at"])
    explained: dict[tuple[Any, ...], bool | None] = {}
    for (who, subject, week), at in first.items():
        explained[who, subject, week] = (
            None
            if who[1] is None
            else any(
                claim["account_id"] == who[1]
                and cards_of_person.get(claim["person_key"], set()) & cards_of_subject.get(subject, set())
                and at - before <= claim["submitted_at"] <= at + after
                for claim in claims
            )
        )
    return explained


def shown(requests: Iterable[Row], subjects: Sequence[Row], register: Sequence[Row]) -> dict[str, set[int]]:
    """Return who was shown: `broad` on a card asked for; `strict` answered in full and on it by that day; `named`."""
    people: dict[str, set[int]] = {"broad": set(), "strict": set(), "named": set()}
    for request in requests:
        for subject in subjects:
            if not is_lookup(request) or subject["subject_key"] != request["subject_key"]:
                continue
            if subject["operator"] != request["operator"]:
                continue
            for line in register:
                on_card = (line["operator"], line["card_key"]) == (subject["operator"], subject["card_key"])
                if not on_card or subject["person_key"] not in (None, line["person_key"]):
                    continue
                people["broad"].add(line["person_key"])
                begun = line["covered_from"] is None or line["covered_from"] <= request["requested_at"].date()
                if is_hit(request) and begun:
                    people["strict"].add(line["person_key"])
                    if subject["person_key"] is not None or line["role"] == "holder":
                        people["named"].add(line["person_key"])
    return people


def perimeter(register: Iterable[Row], attacked: Iterable[str], first_day: date, last_day: date) -> dict[str, int]:
    """Return who could have been shown, under each definition, over the operators attacked."""
    lines = [
        line
        for line in register
        if line["operator"] in set(attacked) and (line["covered_from"] is None or line["covered_from"] <= last_day)
    ]
    covered = [line for line in lines if line["covered_until"] is None or line["covered_until"] >= first_day]
    return {
        "lines": len(lines),
        "contracts": len({line["card_key"] for line in lines}),
        "people": len({line["person_key"] for line in lines}),
        "people_covered": len({line["person_key"] for line in covered}),
    }


def holm(chances: Sequence[float], level: float, n_tests: int) -> set[int]:
    """Return which are rejected: the smallest against level / n, the next against level / (n - 1), until one fails."""
    rejected: set[int] = set()
    for index in sorted(range(len(chances)), key=lambda index: chances[index]):
        if chances[index] * (n_tests - len(rejected)) > level:
            break
        rejected.add(index)
    return rejected


def benjamini_hochberg(chances: Sequence[float], rate: float, n_tests: int) -> set[int]:
    """Return which are rejected: all up to the last whose chance is at most rate x rank / n."""
    order = sorted(range(len(chances)), key=lambda index: chances[index])
    passing = [rank for rank, index in enumerate(order, start=1) if chances[index] <= rate * rank / n_tests]
    return set(order[: max(passing, default=0)])


def client_behind(header: str | None, peer: str | None, hops: int | list[str]) -> str | None:
    """Return who asked, by a chain of addresses of which the last few proxies, or those in some networks, are ours."""
    chain = header.split(",") if header is not None else []
    if isinstance(hops, int):
        for entry in chain[-hops:]:  # what our proxies wrote, the farthest first
            if address_in(entry) is not None:
                return address_in(entry)
        return peer
    client, address = peer, address_in(peer or "")
    while address is not None and any(ipaddress.ip_address(address) in ipaddress.ip_network(one) for one in hops):
        address = address_in(chain.pop()) if chain else None
        client = address or client
    return client


def address_in(entry: str) -> str | None:
    """Return the address that one entry of a chain holds, whatever is around it."""
    text = entry.strip()
    for quote in ('\\"', "\\x22", '"'):
        text = text.replace(quote, "")
    if "=" in text:
        named = [part.strip()[4:] for part in text.split(";") if part.strip().lower().startswith("for=")]
        text = named[0] if named else ""
    if text.startswith("["):
        text = text[1:].split("]")[0].split("%")[0]
    elif text.count(":") == 1:
        text = text.split(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return str(getattr(address, "ipv4_mapped", None) or address)


def ranks_found(entries: Sequence[Row]) -> dict[int, set[int]]:
    """Return, for each key without a birth rank, the keys that say which rank it is; nothing where that is doubtful."""
    found = {}
    for key in {entry["person_key"] for entry in entries if not entry["rank"]}:
        mine = [entry for entry in entries if entry["person_key"] == key]
        partners = [
            entry
            for entry in entries
            if entry["rank"]
            and any(
                entry["born"] == one["born"] and {entry["holder"], entry["own"]} & {one["holder"], one["own"]}
                for one in mine
            )
        ]
        cards = {entry["card"] for entry in mine}
        beside = any(entry["card"] in cards for entry in entries if entry["person_key"] in
                     {partner["person_key"] for partner in partners})  # fmt: skip
        named = [{one["first_name"].upper() for one in mine if one["card"] == card and one["first_name"]}
                 for card in cards]  # fmt: skip
        if len({entry["rank"] for entry in partners}) == 1 and not beside and all(len(names) < 2 for names in named):
            found[key] = {key, *(entry["person_key"] for entry in partners)}
    return found


def witnessed_stretches(
    windows: Iterable[tuple[str | None, int, int, int | None]], requests: Sequence[tuple[str | None, int]]
) -> list[tuple[Any, ...]]:
    """Return what counters say of one operator's log, and the span of the requests that none of them covers.

    Args:
        windows: (server, start, end, counted); no server counts all of them, no count says nothing.
        requests: (server, at).

    Returns:
        (server, start, end, kind, windows that counted something, kept, counted), in any order.
    """
    told: dict[str | None, list[tuple[int, int, int]]] = {}
    for server, start, end, counted in set(windows):
        if counted is not None:
            told.setdefault(server, []).append((start, end, counted))
    stretches: list[list[Any]] = []
    for server, own in told.items():
        last = None
        for start, end, counted in sorted(own):
            kept = sum(start <= at < end and server in (None, of) for of, at in requests)
            kind = "complete" if kept == counted else "gap" if kept < counted else "surplus"
            if last is None or (last[3], last[2]) != (kind, start):
                last = [server, start, end, kind, 0, 0, 0]
                stretches.append(last)
            last[2] = end
            last[4:] = [last[4] + (counted > 0), last[5] + kept, last[6] + counted]
    outside = [
        at
        for of, at in requests
        if not any(start <= at < end and (server is None or server == of) for server, start, end, *_ in stretches)
    ]
    unwitnessed = [(None, min(outside), max(outside), "unwitnessed", 0, None, None)] if outside else []
    return [tuple(stretch) for stretch in stretches] + unwitnessed


def lot(request_id: int) -> int:
    """Return what orders requests by lot: the number to the power of five, modulo a prime."""
    prime = 2**31 - 1
    return pow(request_id % prime, 5, prime)


def clock_pairs(requests: Sequence[Row], server: str, other: str) -> list[tuple[datetime, datetime]]:
    """Return when a session's request met one server and when the other, one pair a session, both drawn by lot."""
    sessions: dict[tuple[Any, ...], list[Row]] = {}
    for request in requests:
        token = request["session_token"]
        who = (token,) if token else (*client(request), request["requested_at"].date())
        sessions.setdefault((request["operator"], *who), []).append(request)
    pairs = []
    for session in sessions.values():
        drawn: dict[str, dict[str, Row]] = {}
        for request in sorted(session, key=lambda request: (lot(request["request_id"]), request["request_id"])):
            drawn.setdefault(request["action"], {}).setdefault(request["server"], request)
        both = [of for of in drawn.values() if server in of and other in of]
        if both:
            first = min(both, key=lambda of: min(lot(of[name]["request_id"]) for name in (server, other)))
            pairs.append((first[server]["requested_at"], first[other]["requested_at"]))
    return sorted(pairs)


def alone(lines: Sequence[Row], neighbourhood_us: int) -> set[tuple[int, int]]:
    """Return the lines of an access log and of an audit trail that have nothing but each other around."""

    def around(line: Row) -> list[Row]:
        return [
            other
            for other in lines
            if other["id"] != line["id"]
            and (other["sender"], other["done"]) == (line["sender"], line["done"])
            and abs(other["at_us"] - line["at_us"]) <= neighbourhood_us
        ]

    found = set()
    for access in lines:
        near = around(access)
        is_one = access["kind"] == "access_log" and [line["kind"] for line in near] == ["audit_trail"]
        if is_one and around(near[0]) == [access]:
            found.add((access["id"], near[0]["id"]))
    return found


def nearest_in_time(lines: Sequence[Row], offset_us: int, low_us: int, high_us: int) -> set[tuple[int, int]]:
    """Join each line of an access log to one of an audit trail, the nearest pairs first; nobody where it is a guess."""
    told = ("session_token", "account_id", "client_ip")
    access = [line for line in lines if line["kind"] == "access_log"]
    audit = [line for line in lines if line["kind"] == "audit_trail"]
    candidates = [
        (abs(after["at_us"] - before["at_us"] - offset_us), before["at_us"], before["id"], after["at_us"], after["id"])
        for before in access
        for after in audit
        if (before["sender"], before["done"]) == (after["sender"], after["done"])
        and low_us <= after["at_us"] - before["at_us"] - offset_us <= high_us
        and all(before[name] == after[name] for name in told if before[name] and after[name])
    ]
    line_of = {line["id"]: line for line in lines}

    def senders(numbers: Iterable[int], names: Sequence[str]) -> int:
        return len({tuple(line_of[number][name] or "" for name in names) for number in numbers})

    refused: set[int] = set()
    for line in lines:
        pairs = [pair for pair in candidates if line["id"] in (pair[2], pair[4])]
        if senders((pair[2] for pair in pairs), (*told, "user_agent")) > 1 or senders((p[4] for p in pairs), told) > 1:
            refused |= {line["id"], *(pair[2] for pair in pairs), *(pair[4] for pair in pairs)}
    joined: dict[int, int] = {}
    for _, _, before_id, _, after_id in sorted(candidates):
        if not {before_id, after_id} & refused and before_id not in joined and after_id not in joined.values():
            joined[before_id] = after_id
    return set(joined.items())
