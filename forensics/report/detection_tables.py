"""Tables about the verdicts themselves: were the clean weeks clean, and what does care alone say was scraped?"""

from __future__ import annotations

from forensics.reasons import Language, p_value, visible
from forensics.report.language import Voice
from forensics.report.table import Table, made_table
from forensics.results import Results


def baseline(results: Results, language: Language = "fr") -> Table:
    """Return one row an operator: whether its clean weeks are clean."""
    voice = Voice.of(results, language)
    keys = ("operator_name", "raised", "p", "accused_clients", "accused_early", "finding")
    return made_table(
        voice,
        caption="baseline_caption",
        source="baseline.parquet",
        head=[voice.say(key) for key in keys],
        rows=[
            [
                visible(row["operator"], 40),
                voice.between(str(row["raised_from"]), str(row["raised_until"])) if row["raised_from"] else "—",
                "—" if row["p_raised"] is None else p_value(row["p_raised"], language),
                voice.count(row["n_accused"]),
                voice.count(row["n_accused_in_clean_weeks"]),
                voice.say(f"finding_{row['finding']}"),
            ]
            for row in results.table("baseline").iter_rows(named=True)
        ],
        figures=frozenset({3, 4}),
        note=voice.say("baseline_note"),
    )


def care_check(results: Results, language: Language = "fr") -> Table:
    """Return one row an operator: what care alone says was scraped, beside the clients accused."""
    voice = Voice.of(results, language)
    keys = ("operator_name", "used_accounts", "patients", "explained", "usual_share", "scraped_at_least", "by_accused")
    return made_table(
        voice,
        caption="care_check_caption",
        source="care_check.parquet",
        head=[voice.say(key) for key in keys],
        rows=[
            [
                visible(row["operator"], 40),
                *(voice.count(row[name]) for name in ("n_accounts", "n_patients", "n_explained")),
                "—" if row["usual_share_low"] is None else voice.share(row["usual_share_low"]),
                voice.count(row["scraped_at_least"]),
                voice.count(row["n_by_accused"]),
            ]
            for row in results.table("care_check").iter_rows(named=True)
        ],
        figures=frozenset(range(1, 7)),
        note=voice.say("care_check_note"),
    )
