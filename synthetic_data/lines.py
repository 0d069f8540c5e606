"""From pages asked for to the lines of a log, and the sessions that the truth knows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.random import Generator
from numpy.typing import NDArray

from synthetic_data import portal, targets
from synthetic_data.identifiers import nir_text
from synthetic_data.operators import OPERATORS, SERVERS_EACH
from synthetic_data.population import Population
from synthetic_data.professionals import Professionals
from synthetic_data.shown import Answers, card_number
from synthetic_data.texts import hexadecimals, mixed
from synthetic_data.workstations import AGENTS

SILENCE = targets.SESSION_SILENCE_MINUTES * 60 * 1_000_000
ADDRESS_BITS, AGENT_BITS = 20, 6


@dataclass(slots=True)
class TrueSessions:
    """Sessions of one operator: an actor (account, address, agent) never silent for over 30 minutes.

    Goes on from piece to piece: actors seen so far, sorted, when each was last seen and in which session.
    """

    actor: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    last: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    session: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    started: int = 0

    def number(self, pages: pl.DataFrame) -> NDArray[np.int64]:
        """Number the sessions of pages in the order of time, from 1 within the operator."""
        account, address = (pages[name].to_numpy().astype(np.int64) for name in ("account", "address"))
        key = (account << ADDRESS_BITS | address) << AGENT_BITS | pages["agent"].to_numpy()
        time = pages["time"].to_numpy()
        order = np.argsort(key, kind="stable")
        key, time = key[order], time[order]
        first = np.diff(key, prepend=-1) != 0
        place = np.searchsorted(self.actor, key[first])
        place_there = np.minimum(place, max(0, len(self.actor) - 1))
        known = self.actor[place_there] == key[first] if len(self.actor) else np.zeros(len(place), dtype=bool)
        before = np.where(known, self.last[place_there] if len(self.actor) else 0, -(2**62))
        gap = np.diff(time, prepend=0)
        gap[first] = time[first] - before
        opens = gap > SILENCE
        fresh = self.started + np.cumsum(opens)
        run = np.cumsum(first) - 1
        # Until an actor's first own opening, the session of the piece before goes on.
        opened = np.cumsum(opens) - (np.cumsum(opens)[first] - opens[first])[run]
        carried = self.session[place_there] if len(self.actor) else np.zeros(len(place), dtype=np.int64)
        session = np.where(opened > 0, fresh, carried[run])
        self.started += int(opens.sum())
        last_row = np.append(np.flatnonzero(first)[1:], len(key)) - 1 if len(key) else np.empty(0, dtype=np.int64)
        self._remember(key[last_row], time[last_row], session[last_row])
        numbers = np.empty(len(session), dtype=np.int64)
        numbers[order] = session
        return numbers

    def _remember(self, actor: NDArray[np.int64], last: NDArray[np.int64], session: NDArray[np.int64]) -> None:
        gone = ~np.isin(self.actor, actor)
        actors = np.concatenate([self.actor[gone], actor])
        order = np.argsort(actors, kind="stable")
        self.actor = actors[order]
        self.last = np.concatenate([self.last[gone], last])[order]
        self.session = np.concatenate([self.session[gone], session])[order]


def written(
    pages: pl.DataFrame,
    answers: Answers,
    people: NDArray[np.int64],
    professionals: Professionals,
    salt: int,
    rng: Generator,
) -> pl.DataFrame:
    """Lines of one operator's log, one a page in the order given; columns as in `damages.plan.Plan.log`."""
    operator, asked, count = answers.operator, answers.asked, len(pages)
    answered = portal.answer(pages, people, operator, rng)
    page = pages["page"]
    servers = [f"{OPERATORS[operator].lower()}-web-{number}" for number in range(SERVERS_EACH + 1)]
    login = pages["login"].to_numpy().astype(np.uint64) + np.uint64(operator << 40)
    references = rng.integers(0, 2**64, count, dtype=np.uint64)
    lines = pl.DataFrame(
        {
            "row": pl.int_range(count, dtype=pl.Int64, eager=True),
            "requested_at": pages["time"].cast(pl.Datetime("us")),
            "account_id": professionals.accounts["account_id"].gather(pages["account"]),
            "client_ip": professionals.addresses.gather(pages["address"]),
            "client_port": rng.integers(1024, 65536, count, dtype=np.int32),
            "user_agent": pl.Series(AGENTS).gather(pages["agent"]),
            "method": pl.Series([entry.method for entry in portal.PAGES]).gather(page),
            "path": pl.Series([entry.path for entry in portal.PAGES]).gather(page),
            "status": answered["status"],
            "response_bytes": answered["response_bytes"],
            "duration_ms": answered["duration_ms"],
            "server": pl.Series(servers).gather(answered["server"]),
            "session_token": hexadecimals(mixed(login, salt)),
            "request_ref": hexadecimals(references),
            "subject": _subject_texts(pages, answers.population, operator, asked.subject_kind),
            "records_returned": answered["records_returned"],
        }
    )
    named = answers.names(pages) if asked.searchable else pl.lit(None, dtype=pl.String).alias("returned_people")
    return lines.with_columns(named, pl.lit(False).alias("torn"))


def _subject_texts(pages: pl.DataFrame, population: Population, operator: int, kind: str) -> pl.Series:
    """What was typed: 13 characters or a card's number; null where nothing was, or where a list was turned."""
    subject, page = pages["subject"].to_numpy(), pages["page"].to_numpy()
    typed = np.flatnonzero(np.isin(page, (portal.RIGHTS, portal.SEARCH)))
    code = subject[typed]
    held = np.maximum(code, 0)
    if kind == "card_number":
        register = population.registers[operator]
        number = np.where(code >= 0, register.serial[np.maximum(held - register.first_card, 0)], -code)
        text = card_number(pl.col("number"))
    else:
        number = np.where(code >= 0, population.holder_number[held], -code)
        text = nir_text(pl.col("number"), letters=len(population.numbers.places) > 1)
    texts = pl.DataFrame({"number": number}).select(text.alias("subject"))["subject"]
    place = np.full(len(subject), -1, dtype=np.int64)
    place[typed] = np.arange(len(typed))
    return texts.gather(pl.Series(place).set(pl.Series(place < 0), None))
