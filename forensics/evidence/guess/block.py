"""A guess as text to paste into `case.toml`, and as a document for machines; no value of the file is in either."""

from __future__ import annotations

import json
from typing import Any

from forensics.evidence.guess import Guess
from forensics.evidence.guess.shapes import Column

COMMENTS = {
    "operator": "to decide: the name of an [[operator]] block",
    "kind": "to decide: what was found speaks for it",
    "path": "where the file is to be put, inside the case",
}
BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
WHY = {"name": "by its name", "content": "by what it holds", "format": ""}
MOST_UNMAPPED = 60


def toml(guess: Guess) -> str:
    """Return the `[[source]]` with what is known of each field beside it; all comments where nothing is proposed."""
    lines = _heading(guess)
    if guess.block:
        body = _block(guess)
        lines += body if guess.is_proposed else [f"# {line}" for line in body]
        lines += _unmapped(guess)
    lines += [f"# to decide: {shown(one)}" for one in guess.decide]
    return "\n".join(lines) + "\n"


def _heading(guess: Guess) -> list[str]:
    of = "" if guess.total is None else f" of {'' if guess.is_whole else 'about '}{guess.total:,}"
    lines = [f"# {shown(guess.file)}: looked at {guess.lines:,} lines{of}"]
    if not guess.block:
        return [*lines, *(f"# of no format that is known: {shown(one)}" for one in guess.reasons)]
    trial = guess.trial
    lines[0] += f", format {guess.block['format']}"
    if trial and trial.lines:
        lines.append(f"# with this block {trial.accepted:,} of {trial.lines:,} lines are accepted")
        lines += [f"#   {n:,} refused: {shown(reason)}" for reason, n in trial.reasons]
    if trial and trial.first and trial.last:
        form = "%Y-%m-%d" if guess.block["kind"] == "claims" else "%Y-%m-%d %H:%M"
        lines.append(f"# from {trial.first.strftime(form)} to {trial.last.strftime(form)}, UTC")
    if not guess.is_proposed:
        lines += [f"# nothing is proposed: {shown(one)}" for one in guess.reasons]
    return lines


def _block(guess: Guess) -> list[str]:
    said = {name: value for name, value in guess.block.items() if name != "fields"}
    lines = ["[[source]]", *_aligned([(name, value, COMMENTS.get(name, "")) for name, value in said.items()])]
    columns = {column.name: column for column in guess.columns}
    told = [
        (name, theirs, _told(theirs, columns, guess.why.get(name, "")))
        for name, theirs in guess.block["fields"].items()
    ]
    return [*lines, "[source.fields]", *_aligned(told)]


def _told(theirs: object, columns: dict[str, Column], why: str) -> str:
    names = theirs if isinstance(theirs, list) else [str(theirs)]
    of = [columns[name] for one in names if (name := "url" if str(one).startswith("url.path") else str(one)) in columns]
    return "; ".join([*(profiled(column) for column in of), *([WHY[why]] if WHY.get(why) else [])])


def profiled(column: Column) -> str:
    """Return a column's type, shapes, share filled and count of different values."""
    parts = [column.nature if column.dtype == "text" else f"{column.nature} ({column.dtype})"]
    if column.is_checked:
        parts[0] += ", keys hold"
    if column.dates and column.dates.forms:
        parts[0] += f" {' or '.join(column.dates.forms)}"
    parts += [f"{shape} {_share(share)}" for shape, share in column.shapes]
    parts.append(f"filled {_share(column.filled)}")
    if column.filled:
        parts.append(f"at least {column.distinct:,} different" if column.distinct else "fewer than 10 different")
    if column.examples:
        parts.append("such as " + ", ".join(quoted(one) for one in column.examples))
    return ", ".join(parts)


def _share(share: float) -> str:
    return "100 %" if share == 1 else "under 1 %" if 0 < share < 0.01 else f"{int(share * 100)} %"


def _unmapped(guess: Guess) -> list[str]:
    used: set[str] = set()
    for theirs in guess.block["fields"].values():
        used |= set(theirs) if isinstance(theirs, list) else {str(theirs)}
    if any(one.startswith("url.") for one in used):
        used.add("url")
    left = [column for column in guess.columns if column.name not in used and column.filled]
    lines = [f"# not mapped: {quoted(column.name)}: {shown(profiled(column))}" for column in left[:MOST_UNMAPPED]]
    if len(left) > MOST_UNMAPPED:
        lines.append(f"# not mapped: {len(left) - MOST_UNMAPPED:,} more columns")
    if guess.hidden:
        lines.append(
            f"# not named: {guess.hidden:,} names that look like values, that few documents have, or that are too many"
        )
    return lines


def _aligned(said: list[tuple[str, Any, str]]) -> list[str]:
    left = max((len(name) for name, _, _ in said), default=0)
    values = [_value(value) for _, value, _ in said]
    right = min(max((len(value) for value in values), default=0), 40)
    return [
        f"{name:<{left}} = {value:<{right}}  # {shown(comment)}" if comment else f"{name:<{left}} = {value}"
        for (name, _, comment), value in zip(said, values, strict=True)
    ]


def _value(value: object) -> str:
    return f"[{', '.join(quoted(str(one)) for one in value)}]" if isinstance(value, list) else quoted(str(value))


def quoted(text: str) -> str:
    r"""Return a text as TOML and a terminal take it: in quotes, with `\u....` for what is not to be printed."""
    return '"' + "".join(_escaped(c) for c in text) + '"'


def _escaped(sign: str) -> str:
    if sign in '"\\':
        return f"\\{sign}"
    if sign.isprintable():
        return sign
    if "\ud800" <= sign <= "\udfff":
        return "\N{REPLACEMENT CHARACTER}"
    return f"\\u{ord(sign):04x}" if ord(sign) < 0x10000 else f"\\U{ord(sign):08x}"


def shown(text: str) -> str:
    """Return a text on one line, without what a terminal would obey."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def document(guess: Guess) -> str:
    """Return the guess for machines."""
    trial = guess.trial
    columns = [
        {
            "name": column.name, "nature": column.nature, "dtype": column.dtype, "rows": column.rows,
            "empty": column.empty, "distinct_at_least": column.distinct,
            "shapes": [{"shape": shape, "share": round(share, 4)} for shape, share in column.shapes],
            "date_formats": list(column.dates.forms) if column.dates else [],
            **({"examples": list(column.examples)} if column.examples else {}),
        }
        for column in guess.columns
    ]  # fmt: skip
    whole = {
        "file": shown(guess.file), "lines": guess.lines, "total": guess.total, "is_whole": guess.is_whole,
        "is_proposed": guess.is_proposed, "source": guess.block, "accepted": trial.accepted if trial else 0,
        "of": trial.lines if trial else 0,
        "refused": [{"reason": reason, "lines": n} for reason, n in trial.reasons] if trial else [],
        "decide": list(guess.decide), "reasons": list(guess.reasons), "columns": columns,
    }  # fmt: skip
    return json.dumps(whole, indent=1).replace("\x7f", "\\u007f")
