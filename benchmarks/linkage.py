"""How well keys of one person are linked: against the truth of invented registers, by the core alone and with splink.

    python -m benchmarks.linkage --seeds 1020-1024

Registers with defects (`register_defects`: slips in names and dates, missing ranks, second numbers) are generated,
their keys linked, and every pair of keys held against who they really are. A key may itself hold several people (twins
at an operator without birth ranks): no link can part them. Those counted are the people, plus those counted twice
(missed links), less those hidden (false links, and people who share a key); `expected` is what the table of links says
of both.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import polars as pl

from forensics.engine import private_folder
from forensics.evidence.identities import Identities, clear_register, identities, subject_rows
from forensics.evidence.interning import SubjectKeys
from forensics.evidence.links import link
from forensics.settings import Settings
from synthetic_data.__main__ import main as generate
from synthetic_data.operators import OPERATORS
from synthetic_data.registers import REGISTER
from synthetic_data.shown import member_number

KEY = bytes(range(32))
NOTHING_LOGGED = pl.DataFrame(
    schema={
        "operator": pl.String, "subject_kind": pl.String, "subject_message": pl.String, "shown": pl.Boolean,
        "has_register": pl.Boolean,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How one way of linking did on one register.

    true, found: pairs of keys of one person, and those of them that are linked. claimed, right: pairs that are linked,
    and those of them that are one person's. people, counted: human beings, and how many the links make of them.
    twice, hidden: people counted once more than they are, and people taken for others; expected_*: what the table of
    links says of both (`missed` is None where nothing measured it).
    """

    true: int
    found: int
    claimed: int
    right: int
    people: int
    counted: int
    twice: int
    hidden: int
    expected_missed: float | None
    expected_false: float

    @property
    def precision(self) -> float:
        """Share of the linked pairs that are one person's."""
        return self.right / self.claimed if self.claimed else 1.0

    @property
    def recall(self) -> float:
        """Share of the pairs of one person's keys that are linked."""
        return self.found / self.true if self.true else 1.0


def register(folder: Path) -> pl.DataFrame:
    """Read an invented case's registers, each entry with the person it really is (`human`)."""
    truth = pl.read_parquet(folder / "truth" / "people.parquet")
    parts = []
    for number, operator in enumerate(OPERATORS):
        file = folder / "case" / "evidence" / operator.lower() / "register.parquet"
        if not file.is_file():
            continue
        rows = pl.read_parquet(file)
        people = truth.filter(pl.col("operator") == operator).select(human="person").unique()
        parts.append(
            rows.select(pl.col(theirs).alias(ours) for ours, theirs in REGISTER.items())
            .with_columns(operator=pl.lit(operator))
            .join(people.with_columns(member_number=member_number(pl.col("human"), number)), on="member_number")
        )
    return pl.concat(parts)


def keyed(folder: Path) -> Identities:
    """Put an invented case's registers under keys; the entries keep `human`."""
    clear = clear_register(register(folder).lazy())
    nobody = SubjectKeys(KEY, pl.Series(dtype=pl.String))
    return identities(KEY, clear, subject_rows(clear, []), NOTHING_LOGGED, nobody)


def linked(known: Identities, way: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Link the keys in one way (`core` or `splink`); return `persons` and `links`."""
    with private_folder() as private:
        return link(known, KEY, Settings.model_validate({"linkage": way}), private)


def score(known: Identities, persons: pl.DataFrame, links: pl.DataFrame) -> Score:
    """Hold the links against the truth."""
    whose = known.entries.join(persons, on="person_key").select("person_key", "person_id", "human").unique()
    of_one = _pairs(whose, "human")
    linked = _pairs(whose, "person_id")
    ids, people = whose.select("person_id", "human").unique(), whose["human"].n_unique()
    return Score(
        true=of_one.height,
        found=of_one.filter(pl.col("person_id") == pl.col("person_id_right")).height,
        claimed=linked.height,
        right=linked.filter(pl.col("human") == pl.col("human_right")).height,
        people=people,
        counted=whose["person_id"].n_unique(),
        twice=ids.height - people,
        hidden=ids.height - whose["person_id"].n_unique(),
        expected_missed=sum(links["expected_missed"].drop_nulls()) if links["measured"].all() else None,
        expected_false=sum(links["expected_false"]),
    )


def _pairs(whose: pl.DataFrame, column: str) -> pl.DataFrame:
    """Return the pairs of keys with one value in a column."""
    return whose.join(whose, on=column).filter(pl.col("person_key") < pl.col("person_key_right"))


def made(preset: str, defects: float, seed: int, folder: Path) -> Path:
    """Generate one incident without a robot, unless it is there, and return its folder."""
    place = folder / f"{preset}-{defects:g}-{seed}"
    if not (place / "truth" / "people.parquet").is_file():
        damage = f"register_defects:{defects:g}"
        generate(["generate", "--preset", preset, "--scenario", "quiet", "--damage", damage, "--seed", str(seed),
                  "--format", "parquet", "--out", str(place)])  # fmt: skip
    return place


def table(scores: list[tuple[int, str, Score]]) -> Iterator[str]:
    """Lines of a Markdown table: one row a seed and way of linking."""
    names = ("seed", "links", "pairs of one person", "recall", "precision", "people", "counted", "twice (expected)",
             "hidden (expected)")  # fmt: skip
    yield f"| {' | '.join(names)} |"
    yield "|---:|---|---:|---:|---:|---:|---:|---:|---:|"
    for seed, way, one in scores:
        missed = "not measured" if one.expected_missed is None else f"{one.expected_missed:.1f}"
        yield (
            f"| {seed} | {way} | {one.true:,} | {one.recall:.4f} | {one.precision:.4f} | {one.people:,} | "
            f"{one.counted:,} | {one.twice} ({missed}) | {one.hidden} ({one.expected_false:.1f}) |"
        )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="tiny")
    parser.add_argument("--defects", type=float, default=0.1, help="share of the register's rows with a defect")
    parser.add_argument("--seeds", default="1020-1024", help="first-last, both included; from 1000 up for judging")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "forensics-linkage")
    options = parser.parse_args()
    ways = ["core", "splink"] if find_spec("splink") else ["core"]
    first, last = (int(part) for part in options.seeds.split("-"))
    scores = []
    for seed in range(first, last + 1):
        known = keyed(made(options.preset, options.defects, seed, options.folder))
        scores += [(seed, way, score(known, *linked(known, way))) for way in ways]
    print("\n".join(table(scores)))


if __name__ == "__main__":
    main()
