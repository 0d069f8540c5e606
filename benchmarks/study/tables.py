"""What a study found, as Markdown tables. A figure that misses its target is bold."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from benchmarks.study import against
from benchmarks.study.plans import HARD, QUIET, UNDAMAGED, Incident
from synthetic_data.score import upper_limit

Found = dict[str, Any]

# What each figure must reach in every incident; a scenario of HARD must reach the recall with unclear sessions alone.
RECALL = PRECISION = 0.99
RECALL_SUSPECTED = 0.95
UNCLEAR_SHARE = 0.01
BCUBED = 0.95
ACCUSED_PER_100K = 1.0
FALLS = {"random_loss:0.2": 0.02, "random_loss:0.5": 0.05, "total_outage": 0.05}
SECONDS = 10.0


def every(there: Mapping[str, Sequence[Found]], planned: Mapping[str, Sequence[Incident]]) -> Iterator[str]:
    """Lines of all tables: how much of each plan is there, then its tables, then those of all plans together."""
    together = list({name_of(one): one for found in there.values() for one in found}.values())
    for plan, found in there.items():
        yield f"{plan}: {len(found)} of {len(planned[plan])} incidents"
    codes = {tuple(sorted(one["code"].items())) for one in together}
    if len(codes) > 1:
        yield f"**made by {len(codes)} versions of the code**"
    for plan, found in there.items():
        if not found or plan == QUIET:
            continue
        if any(one["incident"]["damage"] != UNDAMAGED for one in found):
            yield from titled(f"{plan.capitalize()}, recall on logged requests (median / worst)", damages(found))
        else:
            yield from titled(f"{plan.capitalize()}, found and accused (median / worst)", detection(found))
        yield from titled(f"{plan.capitalize()}, beside the baselines at equal accusations", against.beside(found))
    if together:
        yield from titled("Honest accounts, all incidents together", accused(there, together))
        yield from titled("Honest accounts by way of working", patterns(together))
        yield from titled("Seconds and memory (median / worst)", speed(together))


def name_of(found: Found) -> str:
    """Give the name of the incident that was studied."""
    return Incident(**found["incident"]).name()


def titled(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Put a title above lines."""
    yield from ("", f"## {title}", "", *lines)


def head(*columns: str) -> list[str]:
    """Begin a table."""
    return [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]


def row(*cells: str) -> str:
    """One row of a table."""
    return f"| {' | '.join(cells)} |"


def marked(text: str, held: bool) -> str:
    """Write a figure bold if it misses its target."""
    return text if held else f"**{text}**"


def by(found: Iterable[Found], *names: str) -> dict[tuple[str, ...], list[Found]]:
    """Group what was found by what the incidents are, in the order met."""
    groups: dict[tuple[str, ...], list[Found]] = defaultdict(list)
    for one in found:
        groups[tuple(one["incident"][name] for name in names)].append(one)
    return groups


def spread(values: Iterable[float | None], target: float | None = None, *, least: bool = True) -> str:
    """Median / worst of shares; a dash where none can be said. target: the least, or the most, each may be."""
    known = [round(value, 6) for value in values if value is not None]
    if not known:
        return "-"
    worst = min(known) if least else max(known)

    def shown(value: float) -> str:
        held = target is None or (value >= target if least else value <= target)
        return marked(f"{value:.4f}", held)

    return f"{shown(round(statistics.median(known), 6))} / {shown(worst)}"


def detection(found: Sequence[Found]) -> Iterator[str]:
    """One row a scenario."""
    yield from head(
        "scenario", "incidents", "recall (people)", "precision (people)", "recall, scraping or unclear",
        "unclear accounts", "sessions B³ F1", "campaigns B³ F1", "accused of honest accounts",
    )  # fmt: skip
    for (scenario,), rows in by(found, "scenario").items():
        scores, hard = [one["score"] for one in rows], scenario in HARD
        counts = Counter[str]()
        for score in scores:
            counts.update({name: score["accounts"][name] for name in ("accused", "honest")})
        yield row(
            scenario,
            str(len(rows)),
            spread((score["requests"]["recall_people"] for score in scores), None if hard else RECALL),
            spread((score["requests"]["precision_people"] for score in scores), PRECISION),
            spread((score["suspected"]["recall_people"] for score in scores), RECALL_SUSPECTED if hard else None),
            spread((unclear_share(score) for score in scores), UNCLEAR_SHARE, least=False),
            spread((score["sessions"]["bcubed_f1"] for score in scores), BCUBED),
            spread((score["campaigns"]["bcubed_f1"] for score in scores), BCUBED),
            marked(f"{counts['accused']} of {counts['honest']:,}", counts["accused"] == 0),
        )


def unclear_share(score: Found) -> float | None:
    """Share of the honest accounts that have a session judged unclear and none judged scraping."""
    accounts = score["accounts"]
    return accounts["unclear"] / accounts["honest"] if accounts["honest"] else None


def damages(found: Sequence[Found]) -> Iterator[str]:
    """One row a damage, beside the same incident undamaged: how far recall on logged requests falls."""
    yield from head(
        "scenario", "damage", "incidents", "recall (people), scraping", "falls by", "recall, scraping or unclear",
        "accused of honest accounts",
    )  # fmt: skip
    whole = {
        (one["incident"]["scenario"], one["incident"]["seed"]): one["score"]["logged"]["recall_people"]
        for one in found
        if one["incident"]["damage"] == UNDAMAGED
    }
    for (scenario, damage), rows in by(found, "scenario", "damage").items():
        scores = [one["score"] for one in rows]
        recalls = [score["logged"]["recall_people"] for score in scores]
        before = [whole.get((scenario, one["incident"]["seed"])) for one in rows]
        falls = [
            max(0.0, undamaged - recall)
            for undamaged, recall in zip(before, recalls, strict=True)
            if undamaged is not None and recall is not None
        ]
        accused, honest = (sum(score["accounts"][name] for score in scores) for name in ("accused", "honest"))
        yield row(
            scenario,
            damage,
            str(len(rows)),
            spread(recalls),
            spread(falls, FALLS.get(damage), least=False),
            spread(score["suspected_logged"]["recall_people"] for score in scores),
            marked(f"{accused} of {honest:,}", accused == 0),
        )


def accused(there: Mapping[str, Sequence[Found]], together: Sequence[Found]) -> Iterator[str]:
    """One row a plan and one for all; the upper limit is that of Clopper and Pearson, one-sided, 95 %."""
    yield from head("plan", "incidents", "account-cases", "accused", "at most, per 100,000", "incidents with one")
    for plan, found in {**there, "all, each incident once": together}.items():
        counts = [one["score"]["accounts"] for one in found]
        wrong, honest = (sum(count[name] for count in counts) for name in ("accused", "honest"))
        limit = upper_limit(wrong, honest)
        yield row(
            plan,
            str(len(found)),
            f"{honest:,}",
            marked(f"{wrong:,}", wrong == 0),
            "-" if limit is None else marked(f"{limit:.2f}", plan in there or limit <= ACCUSED_PER_100K),
            str(sum(count["accused"] > 0 for count in counts)),
        )


def patterns(found: Sequence[Found]) -> Iterator[str]:
    """One row a way of working: the hard negatives, and the ordinary accounts."""
    yield from head("way of working", "account-cases", "accused", "unclear", "share unclear")
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for one in found:
        for pattern, these in one["score"]["accounts"]["patterns"].items():
            counts[pattern].update(these)
    for pattern, these in sorted(counts.items()):
        share = these["unclear"] / these["honest"]
        wrong = marked(f"{these['accused']:,}", these["accused"] == 0)
        yield row(pattern, f"{these['honest']:,}", wrong, f"{these['unclear']:,}", f"{share:.4f}")


def speed(found: Sequence[Found]) -> Iterator[str]:
    """One row a preset: to make an incident, and to ingest and analyse it without the report."""
    yield from head("preset", "incidents", "making, s", "analysis, s", "its processor seconds", "its peak, MB")
    for (preset,), rows in by(found, "preset").items():
        analyses = [one["used"]["analyse"] for one in rows]
        yield row(
            preset,
            str(len(rows)),
            figures([one["used"]["generate"]["seconds"] for one in rows]),
            figures([one["seconds"] for one in analyses], SECONDS if preset == "demo" else None),
            figures([one["processor_seconds"] for one in analyses]),
            figures([one["peak_mb"] for one in analyses], unit=0),
        )


def figures(values: Sequence[float], target: float | None = None, unit: int = 1) -> str:
    """Median / worst of seconds or megabytes, bold above the target."""
    return " / ".join(
        marked(f"{value:,.{unit}f}", target is None or value <= target)
        for value in (statistics.median(values), max(values))
    )
