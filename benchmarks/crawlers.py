"""Do the addresses of one crawler end in one campaign? A real web log, its agents blanked before it is analysed.

    python -m benchmarks.crawlers LOG.gz

The truth is what the clients call themselves, which the analysis does not see. An operator's addresses are those most
of whose lines name it. Two groupings are held against it, pair by pair: the campaigns, and for comparison the network
alone (/24, /48) over all addresses, accused or not: what linking by network could reach if verdicts were right.
"""

from __future__ import annotations

import argparse
import gzip
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from math import comb
from pathlib import Path

import polars as pl

from forensics.campaigns.units import network

DECLARED = ("AhrefsBot", "bingbot", "Googlebot", "Baiduspider")
CASE = Path(__file__).parents[1] / "examples" / "own-log" / "case.toml"
AGENT = re.compile(r'"((?:[^"\\]|\\.)*)"\s*$')
NAMED = re.compile(r"(?i)[\w.\-]*(?:bot|crawler|spider|megaindex)[\w.\-]*")
"""How a client that says it is a robot calls itself: the word, its version left off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Pairs of addresses that are one operator's (true), that are put together (found), and both."""

    true: int
    found: int
    both: int


def blank(log: Path, copy: Path) -> dict[str, str]:
    """Write a copy of the log whose agents are "-", and return who each address says it is."""
    names: defaultdict[str, Counter[str]] = defaultdict(Counter)
    with gzip.open(log, "rt", encoding="latin-1") as lines, gzip.open(copy, "wt", encoding="latin-1") as blanked:
        for line in lines:
            agent = AGENT.search(line)
            names[line.split(" ", 1)[0]][agent.group(1) if agent else ""] += 1
            blanked.write(AGENT.sub('"-"', line.rstrip("\n")) + "\n")
    return {address: operator_of(agents) for address, agents in names.items()}


def operator_of(agents: Mapping[str, int]) -> str:
    """Return the operator that most lines of an address name; the whole agent where it names none."""
    lines: Counter[str] = Counter()
    for agent, n in agents.items():
        declared = next((name for name in DECLARED if name in agent), None)
        word = NAMED.search(agent)
        lines[declared or (word.group().lower() if word else agent)] += n
    return min(lines, key=lambda name: (-lines[name], name))


def compared(operators: Mapping[str, str], groups: Mapping[str, object], operator: str | None = None) -> Pairs:
    """Count the pairs of the addresses that have a group; of one operator, or of all.

    Of one operator, the pairs put together are those with at least one of its addresses.
    """
    cells = Counter((operators[address], group) for address, group in groups.items())
    true, found = Counter[str](), Counter[object]()
    for (name, group), n in cells.items():
        true[name] += n
        found[group] += n
    wanted = list(true) if operator is None else [operator]
    both = sum(comb(n, 2) for (name, _), n in cells.items() if name in wanted)
    if operator is None:
        together = sum(comb(n, 2) for n in found.values())
    else:
        mine = {group: n for (name, group), n in cells.items() if name == operator}
        together = sum(comb(n, 2) + n * (found[group] - n) for group, n in mine.items())
    return Pairs(true=sum(comb(true[name], 2) for name in wanted), found=together, both=both)


def analyse(log: Path, folder: Path) -> tuple[dict[str, str], pl.DataFrame, pl.DataFrame]:
    """Blank the agents, run the analysis, and return who is who, the accused strands and what linked them."""
    case = folder / "case"
    (case / "evidence").mkdir(parents=True)
    shutil.copy(CASE, case)
    operators = blank(log, case / "evidence" / log.name)
    command = [sys.executable, "-m", "forensics", "run", str(case)]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 (our own command)
    results = case / "results"
    sessions = pl.read_parquet(results / "sessions.parquet").drop_nulls("campaign_id")
    return (
        operators,
        sessions.select("client_ip", "campaign_id").unique().sort("client_ip"),
        pl.read_parquet(results / "campaign_ties.parquet"),
    )


def _row(name: str, addresses: int, accused: int, counted: Pairs) -> str:
    def share(part: int, whole: int) -> str:
        return f"{part / whole:.1%} ({part:,} of {whole:,})" if whole else "no pair"

    precision, recall = share(counted.both, counted.found), share(counted.both, counted.true)
    return f"| {name} | {addresses:,} | {accused:,} | {precision} | {recall} |"


def main() -> None:
    """Print the tables, in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", type=Path)
    log = parser.parse_args().log
    with tempfile.TemporaryDirectory() as folder:
        operators, accused, ties = analyse(log, Path(folder))
    of_operator = Counter(operators.values())
    campaigns = dict(accused.iter_rows())
    networks = {address: network(address) for address in operators}
    alone = {address: of_address or address for address, of_address in networks.items()}
    whole = {address: campaigns.get(address, address) for address in operators}
    head = "| operator | addresses | accused | pair precision | pair recall |\n|---|---|---|---|---|"
    for title, groups in (("Campaigns, agents blanked", whole), ("The network alone, all addresses", alone)):
        print(f"\n{title}:\n\n{head}")
        for name in DECLARED:
            n_accused = sum(operators[address] == name for address in campaigns)
            print(_row(name, of_operator[name], n_accused, compared(operators, groups, name)))
    found = {address: operators[address] for address in campaigns}
    print(f"\nThe {len(campaigns)} accused addresses, by what they call themselves:\n\n{head}")
    for name, n in sorted(Counter(found.values()).items(), key=lambda item: (-item[1], item[0])):
        print(_row(name[:40], of_operator[name], n, compared(operators, campaigns, name)))
    print(_row("all accused", len(campaigns), len(campaigns), compared(operators, campaigns)))
    print("\n| tie | links | honest pairs | linked | used |\n|---|---|---|---|---|")
    for row in ties.iter_rows(named=True):
        told = [row[name] for name in ("tie", "n_links", "honest_pairs", "honest_linked", "is_used")]
        print(f"| {' | '.join('none' if value is None else str(value) for value in told)} |")


if __name__ == "__main__":
    main()
