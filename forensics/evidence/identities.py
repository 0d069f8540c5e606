"""From names to keys: the register, what a log can ask for, and which keys are one human being."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from forensics.evidence.dependants import dependants
from forensics.evidence.interning import SubjectKeys
from forensics.evidence.persons import missing_ranks, persons_of
from forensics.evidence.pseudonyms import dense_keys, digests, message, normal_number, normal_subject, subject_message
from forensics.evidence.reading import narrowed

CLEAR_SUBJECTS = {
    "holder_number": pl.col("holder"),
    "beneficiary_number": pl.col("own"),
    "card_number": normal_subject("card_number", "card_number"),
    "member_number": normal_subject("member_number", "member_number"),
    "name": normal_subject("name", "full_name"),
}

KINDS = ("subject", "card", "person")


SEX = r"(?i)^(?:.|male|female|homme|femme|masculin|f[ée]minin|inconnu|unknown|other|autre|diverse?)$"
DEPARTMENT = r"^[0-9][0-9A-Za-z]{0,4}$"
"""A code: the name of a place may be somebody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identities:
    """The register under keys; the columns of the first four tables are those of `forensics.schemas`.

    Attributes:
        register: one person on one contract at one operator.
        subjects: what a log can ask for.
        persons: which keys are one human being, as numbers, ranks and children's traits say.
        keys: dense integers of subjects, cards and persons, with their digests.
        subject_keys: `subject_message`, `subject_key`; in clear, never written into the case.
        person_keys: `person_message`, `person_key`; in clear, never written into the case.
        entries: the register with its messages and keys; in clear, never written into the case.
        joined: what made one person of keys that differ in number or rank: `missing_ranks`, `children`
            (`forensics.evidence.persons.GROUPS`).
        by_number: which keys are one human being by numbers, birth dates and ranks alone; columns as `persons`.
    """

    register: pl.DataFrame
    subjects: pl.DataFrame
    persons: pl.DataFrame
    keys: pl.DataFrame
    subject_keys: pl.DataFrame
    person_keys: pl.DataFrame
    entries: pl.DataFrame
    joined: dict[str, pl.DataFrame]
    by_number: pl.DataFrame

    def joined_with(self, found: pl.DataFrame) -> pl.DataFrame:
        """Return `persons` with more keys joined (`forensics.evidence.persons.GROUPS`)."""
        return persons_of(_own_messages(self.entries), *self.joined.values(), found)


def clear_register(rows: pl.LazyFrame) -> pl.DataFrame:
    """Add the messages that are hashed: person, card, and the person's own number with birth date and rank."""
    rank = pl.col("birth_rank").cast(pl.String).str.strip_chars()
    born = pl.col("birth_date").cast(pl.Date)
    frame = rows.with_columns(
        own=normal_number("beneficiary_number"),
        holder=pl.coalesce(normal_number("holder_number"), normal_number("beneficiary_number")),
        full_name=pl.concat_str(["last_name", "first_name"], separator=" ", ignore_nulls=True),
        birth_date=born,
    )
    card = pl.coalesce("card_number", "member_number", "holder")
    return frame.with_columns(
        person_message=message("person", pl.col("holder"), born, rank),
        own_message=pl.when(born.is_not_null()).then(message("own", pl.col("own"), born, rank)),
        card_message=message("card", pl.col("operator"), pl.col("insurer_id"), card),
    ).collect()


def subject_rows(register: pl.DataFrame, kinds: list[str]) -> pl.DataFrame:
    """Return what the register lets a log ask for.

    Returns:
        One row a subject and card (and person, where the subject is one person's): `operator`,
        `subject_kind`, `subject_message`, `card_message`, `person_message` (null for a whole card).
    """
    found = [_empty_subjects()]
    for operator in register["operator"].unique().sort():
        rows = register.filter(pl.col("operator") == operator)
        for kind in kinds:
            if kind not in CLEAR_SUBJECTS:
                continue
            values = [CLEAR_SUBJECTS[kind]]
            if kind == "beneficiary_number":
                values.append(pl.when(pl.col("birth_date").is_not_null()).then(narrowed(pl.col("own"))))
            one_person = kind in ("beneficiary_number", "name")
            found += [
                rows.select(
                    "operator",
                    pl.lit(kind).alias("subject_kind"),
                    subject_message(operator, kind, value).alias("subject_message"),
                    "card_message",
                    pl.col("person_message") if one_person else pl.lit(None, dtype=pl.String).alias("person_message"),
                ).drop_nulls("subject_message")
                for value in values
            ]
    return pl.concat(found).unique()


def _empty_subjects() -> pl.DataFrame:
    names = ("operator", "subject_kind", "subject_message", "card_message", "person_message")
    return pl.DataFrame(schema=dict.fromkeys(names, pl.String))


def identities(
    key: bytes, register: pl.DataFrame, subjects: pl.DataFrame, logged: pl.DataFrame, subject_keys: SubjectKeys
) -> Identities:
    """Put keys in the place of everything that names a person or a card.

    Args:
        key: the case key.
        register: the clear register with its messages (`clear_register`).
        subjects: what the register lets a log ask for (`subject_rows`).
        logged: `operator`, `subject_kind`, `subject_message` of every subject in a log; `shown`, true where a
            hit shows that it exists; `has_register`, false where no register says whom it stands for, so that
            it can only stand for itself.
        subject_keys: has numbered every subject of both.
    """
    alone = logged.filter(pl.col("shown") & ~pl.col("has_register")).select(
        "operator",
        "subject_kind",
        "subject_message",
        card_message="subject_message",
        person_message="subject_message",
    )
    register = pl.concat([register, alone.drop("subject_kind", "subject_message")], how="diagonal_relaxed")
    subjects = pl.concat([subjects, alone])
    messages = {"card": register["card_message"], "person": register["person_message"]}
    hashed = digests(key, pl.concat(list(messages.values())))
    keys = {kind: _numbered(kind, of_kind, hashed) for kind, of_kind in messages.items()}
    keys["subject"] = subject_keys.table().with_columns(kind=pl.lit("subject"))
    keyed = _keyed(_keyed(register, keys, "person"), keys, "card")
    joined = {
        "missing_ranks": missing_ranks(keyed),
        "children": _keyed(dependants(register), keys, "person").select(
            "person_key", pl.col("child").alias("group"), "probability"
        ),
    }
    return Identities(
        register=_register_table(keyed),
        subjects=_keyed(_keyed(_keyed(subjects, keys, "subject"), keys, "card"), keys, "person")
        .select("operator", "subject_kind", "subject_key", "card_key", "person_key")
        .unique()
        .sort(pl.all(), nulls_last=True),
        persons=persons_of(_own_messages(keyed), *joined.values()),
        keys=pl.concat(
            [keys[kind].select("kind", "key", "digest").sort("key") for kind in ("subject", "card", "person")]
        ),
        subject_keys=keys["subject"].select(subject_message="message", subject_key="key"),
        person_keys=keys["person"].select(person_message="message", person_key="key"),
        entries=keyed,
        joined=joined,
        by_number=persons_of(_own_messages(keyed), joined["missing_ranks"]),
    )


def _own_messages(entries: pl.DataFrame) -> pl.DataFrame:
    return entries.select("person_key", "own_message").unique()


def _numbered(kind: str, messages: pl.Series, hashed: pl.DataFrame) -> pl.DataFrame:
    """Return `kind`, `message`, `digest`, `key` for the distinct messages of one kind."""
    used = hashed.join(messages.drop_nulls().unique().to_frame("message"), on="message")
    return used.join(dense_keys(kind, used["digest"]), on="digest")


def _keyed(frame: pl.DataFrame, keys: dict[str, pl.DataFrame], kind: str) -> pl.DataFrame:
    """Add the dense key of one kind; a missing message gets a missing key."""
    numbers = keys[kind].select(pl.col("message").alias(f"{kind}_message"), pl.col("key").alias(f"{kind}_key"))
    return frame.join(numbers, on=f"{kind}_message", how="left")


def _register_table(keyed: pl.DataFrame) -> pl.DataFrame:
    return keyed.select(
        "operator",
        "insurer_id",
        "card_key",
        "person_key",
        "role",
        pl.col("birth_date").dt.year().cast(pl.Int16).alias("birth_year"),
        _only(pl.col("sex"), SEX),
        _only(pl.col("department"), DEPARTMENT),
        "covered_from",
        "covered_until",
    ).sort(pl.all(), nulls_last=True)


def _only(text: pl.Expr, form: str) -> pl.Expr:
    """Keep of a column what is surely of its kind: in a register whose columns changed it may hold a name or number."""
    return pl.when(text.cast(pl.String).str.contains(form)).then(text)


def claimed_persons(claims: pl.LazyFrame, register: pl.DataFrame, person_keys: pl.DataFrame) -> pl.DataFrame:
    """Find whom each claim is for: by holder, birth date and rank, else by the person's own number.

    Args:
        claims: clear claims.
        register: the clear register with its messages.
        person_keys: `person_message`, `person_key`.

    Returns:
        `operator`, `account_id`, `submitted_at`, `person_key` (null where the register lacks the person).
    """
    rank = pl.col("birth_rank").cast(pl.String).str.strip_chars()
    born = pl.col("birth_date").cast(pl.Date)
    own = normal_number("beneficiary_number")
    clear = claims.select(
        "operator",
        "account_id",
        "submitted_at",
        by_holder=pl.when(pl.col("holder_number").is_not_null()).then(
            message("person", normal_number("holder_number"), born, rank)
        ),
        own=own,
        own_message=pl.when(born.is_not_null()).then(message("own", own, born, rank)),
    ).collect()
    exact = (
        register.drop_nulls("own_message")
        .group_by("operator", "own_message")
        .agg(by_own=pl.col("person_message").min())
    )
    by_number = register.group_by("operator", "own").agg(by_number=pl.col("person_message").min())
    found = clear.join(exact, on=["operator", "own_message"], how="left").join(
        by_number, on=["operator", "own"], how="left"
    )
    known = pl.col("by_holder").is_in(person_keys["person_message"].implode())
    return (
        found.with_columns(person_message=pl.coalesce(pl.when(known).then("by_holder"), "by_own", "by_number"))
        .join(person_keys, on="person_message", how="left")
        .select("operator", "account_id", "submitted_at", "person_key")
        .sort(pl.all(), nulls_last=True)
    )
