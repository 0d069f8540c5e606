"""Hiding: an agent, a token, a reference or a path may name somebody beside whoever was asked for.

What the register knows (numbers, cards, names) and what the log asks for is looked for in every distinct text that a
table keeps, however it is spaced, cut, accented or percent-encoded, and replaced under the case key: two texts that
differed still differ.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote

import polars as pl

from forensics.case import Case
from forensics.errors import CaseError
from forensics.evidence.pseudonyms import SEPARATOR, pseudonym

FIELDS = ("path", "user_agent", "session_token", "request_ref", "account_id", "client_ip", "server", "method")
NUMBERS_ALONE = ("request_ref", "account_id", "client_ip", "server", "method")
"""Where only numbers are looked for: a login is a professional's, whose own name it may be; references are too many."""
MOST_PIECES = 15
"""A number cut into single characters has so many pieces."""
NUMBER_CHARACTERS, MOST_CHARACTERS = 13, 64
LEAST_NAME, LEAST_IDENTIFIER_IN_A_PATH, LEAST_IDENTIFIER = 5, 5, 9
"""Shorter ones are also ordinary words and versions of browsers."""
END = 4
"""So many characters at the end of an identifier tell nearly all that are elsewhere from those that are not."""
RARE = 10
"""A last name alone says who somebody is where no more people than this bear it."""
NUMBER = r"^[0-9]{5}(?:[0-9]{2}|2[AB])[0-9]{6}(?:[0-9]{2})?$"
WORD = r"[\p{L}\p{N}]+"
NUMBER_LIKE = "[1-478][ .+_-]?[0-9]{2}[ .+_-]?[0-9]{2}[ .+_-]?(?:[0-9]{2}|2[AaBb])[ .+_-]?[0-9]{3}[ .+_-]?[0-9]{3}"
MANY = {"request_ref": NUMBER_LIKE, "session_token": f"{NUMBER_LIKE}|[A-Za-z]{{3,}}[^0-9A-Za-z]|[^ -~]"}
"""Where nearly every request has a text of its own, these alone are looked at: most are random."""
PIECE = re.compile("(?:[^\\W_]|[\u0300-\u036f])+")
RUN = re.compile(r"(?<![0-9])[0-9]{13}(?:[0-9]{2})?(?![0-9])")
GROUPED = re.compile(
    r"(?<![0-9A-Za-z])[1-478]([ .+_-]?)[0-9]{2}\1[0-9]{2}\1(?:[0-9]{2}|2[AaBb])\1[0-9]{3}\1[0-9]{3}"
    r"(?:[ .+_-]?[0-9]{2})?(?![0-9A-Za-z])"
)
"""A social-security number by its shape, in its usual groups or without any."""


class Hiding:
    """Knows the register, and replaces in tables what names somebody of it."""

    def __init__(self, case: Case, key: bytes, register: pl.DataFrame) -> None:
        """Take the clear register with its messages (`forensics.evidence.identities.clear_register`)."""
        self._case, self._key, self._register = case, key, register
        asks_for_people = any(source.subject_kind not in (None, "page") for _, source in case.logs())
        self._nobody_known = not register.height and not asks_for_people
        lasts = register.select("last_name").drop_nulls().unique()
        self._lasts = lasts.with_columns(last=_bare(pl.col("last_name")))
        self._seen = {field: pl.Series([], dtype=pl.String) for field in FIELDS}
        self._hidden: dict[str, dict[str, str]] = {field: {} for field in FIELDS}

    def within(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return some rows of a table with their texts hidden; each text is looked at when it first comes.

        What rows of a log ask for (`subject_message`, `subject_kind`) is known too, also where no register has it.

        Raises:
            CaseError: a screen is only known by somebody's name or card in its path.
        """
        fields = [field for field in FIELDS if field in rows.columns]
        texts = (
            rows.lazy().select(_looked_at(field, self._nobody_known).implode() for field in fields).collect()
        )  # all at once, in parallel
        fresh = pl.concat([self._fresh(field, texts[field].explode()) for field in fields])
        if fresh.height:
            self._look_at(fresh, rows)
        named = {field: self._hidden[field] for field in fields if self._hidden[field]}
        return rows.with_columns(pl.col(field).replace(texts) for field, texts in named.items())

    def _fresh(self, field: str, texts: pl.Series) -> pl.DataFrame:
        """Return the texts of a field that were not looked at yet: `field`, `text`, `decoded`."""
        fresh = texts.drop_nulls().filter(~texts.drop_nulls().is_in(self._seen[field].implode())).sort()
        self._seen[field] = pl.concat([self._seen[field], fresh])
        return pl.DataFrame({"text": fresh, "decoded": _decoded(fresh)}).select(pl.lit(field).alias("field"), pl.all())

    def _look_at(self, fresh: pl.DataFrame, rows: pl.DataFrame) -> None:
        named = self._named(_grams(fresh), rows)
        for field, text, decoded in fresh.iter_rows():
            hidden = _replaced(self._key, decoded, named.get(field, frozenset()), field)
            if hidden != decoded:
                self._hidden[field][text] = hidden
        paths = fresh.filter(pl.col("field") == "path")["text"]
        _refuse_screens_that_need_a_name(self._case, paths, paths.replace(self._hidden["path"]))

    def _named(self, grams: pl.DataFrame, rows: pl.DataFrame) -> dict[str, frozenset[str]]:
        """Return for each field which of its grams are somebody's number, card or name.

        Only grams that can be one are held against the register, so that a log without any costs little.
        """
        in_full = ~pl.col("field").is_in(NUMBERS_ALONE)
        least = pl.when(pl.col("field") == "path").then(LEAST_IDENTIFIER_IN_A_PATH).otherwise(LEAST_IDENTIFIER)
        has_digit = pl.col("gram").str.contains("[0-9]")
        wide = grams.filter(in_full & has_digit & (pl.col("gram").str.len_chars() >= least))
        words = grams.filter(in_full & ~has_digit)
        numbers = grams.filter(pl.col("gram").str.contains(NUMBER))
        found = [self._of_numbers(numbers, rows), self._of_identifiers(wide), self._of_names(words, rows)]
        return {
            field: frozenset(of_field) for field, of_field in pl.concat(found).group_by("field").agg("gram").iter_rows()
        }

    def _of_numbers(self, grams: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the grams that are a number of the register or one that these lines ask for."""
        if not grams.height:
            return grams
        short = grams.with_columns(short=pl.col("gram").str.slice(0, NUMBER_CHARACTERS))
        wanted = short["short"].unique().implode()
        asked = _asked(rows).str.split("|").list.first()
        held = [
            one.filter(one.is_in(wanted)).alias("short")
            for one in (self._register["own"], self._register["holder"], asked)
        ]
        return short.join(pl.concat(held).unique().to_frame(), on="short", how="semi").select("field", "gram")

    def _of_identifiers(self, grams: pl.DataFrame) -> pl.DataFrame:
        if not grams.height:
            return grams
        columns = [self._register.select(value=name).drop_nulls() for name in ("card_number", "member_number")]
        end = pl.col("value").str.slice(-END).str.to_uppercase()
        ends = grams["gram"].str.slice(-END).unique()
        may_be = pl.concat(columns).filter(end.is_in(ends.implode()) | end.str.contains("[^0-9A-Z]"))
        bare = may_be.select(gram=pl.col("value").str.replace_all("[^0-9A-Za-z]", "").str.to_uppercase())
        return grams.join(bare, on="gram", how="semi")

    def _of_names(self, grams: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
        """Return last and first names that stand together, and in paths also the last names that few people bear."""
        if not grams.height:
            return grams
        there = self._lasts.join(grams.select(last="gram"), on="last", how="semi")
        bearers = self._register.select("last_name", "first_name", "person_message").join(there, on="last_name")
        firsts = bearers.with_columns(first=_bare(pl.col("first_name").fill_null("")))
        both = [firsts.select(gram=pl.concat_str(*pair)) for pair in (("last", "first"), ("first", "last"))]
        asked = _asked(rows, "name").to_frame("name").select(gram=_bare(pl.col("name")))
        rare = (
            bearers.group_by("last").agg(pl.col("person_message").n_unique()).filter(pl.col("person_message") <= RARE)
        )
        of_path = grams.filter(pl.col("field") == "path").join(rare.select(gram="last"), on="gram", how="semi")
        return pl.concat([grams.join(pl.concat([*both, asked]), on="gram", how="semi"), of_path]).unique()


def _looked_at(field: str, numbers_alone: bool) -> pl.Expr:
    """Return the texts of a field that may name somebody, each once; by its shape alone, where nobody is known."""
    text = pl.col(field).cast(pl.String).drop_nulls()
    if field in MANY:
        return text.filter(text.str.contains(MANY[field])).unique()
    distinct = text.unique()
    return distinct.filter(distinct.str.contains(NUMBER_LIKE)) if numbers_alone or field in NUMBERS_ALONE else distinct


def _asked(rows: pl.DataFrame, kind: str | None = None) -> pl.Series:
    """Return what some lines of a log ask for, of one kind or of any, each once."""
    if "subject_message" not in rows.columns:
        return pl.Series([], dtype=pl.String)
    of_kind = rows if kind is None else rows.filter(pl.col("subject_kind") == kind)
    return of_kind["subject_message"].drop_nulls().unique().str.split(SEPARATOR).list.last()


def _refuse_screens_that_need_a_name(case: Case, before: pl.Series, after: pl.Series) -> None:
    """Refuse a screen that only matches what is hidden: later steps know paths without it."""
    for number, screen in enumerate(case.declared.screen, start=1):
        if (before.str.contains(screen.match) != after.str.contains(screen.match)).any():
            raise CaseError(
                f"screen no. {number} matches only while the path names somebody of the register",
                where="case.toml",
                expected="an expression that also matches the path with {hidden} in the name's or card's place",
                remedy="match what stands before it, for instance '^/rights/'",
            )


def _decoded(texts: pl.Series) -> pl.Series:
    """Return texts with their percent escapes resolved, also where they were escaped twice or not as UTF-8."""
    encoded = texts.filter(texts.str.contains("%", literal=True))
    clear = pl.Series([_unquoted(_unquoted(text)) for text in encoded], dtype=pl.String)
    return texts.replace(encoded, clear) if len(encoded) else texts


def _unquoted(text: str) -> str:
    clear = unquote(text)
    return unquote(text, encoding="cp1252") if "\N{REPLACEMENT CHARACTER}" in clear else clear


def _folded(text: pl.Expr) -> pl.Expr:
    return text.str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.to_uppercase()


def _bare(text: pl.Expr) -> pl.Expr:
    """Return a name without what spellings differ in: accents, case, and all that is no letter or digit."""
    return _folded(text).str.replace_all(r"[^\p{L}\p{N}]", "")


def _grams(clear: pl.DataFrame) -> pl.DataFrame:
    """Return what stands in some texts once the marks between up to `MOST_PIECES` neighbouring words are gone.

    Returns:
        `field`, `gram`, each once, as long as a name or number can be.
    """
    words = (
        clear.with_row_index("number")
        .select("number", "field", word=_folded(pl.col("decoded")).str.extract_all(WORD))
        .explode("word")
        .drop_nulls()
    )
    runs = clear.select("field", gram=pl.col("decoded").str.extract_all(r"[0-9]{13,15}")).explode("gram").drop_nulls()
    grams, joined = [words.select("field", gram="word"), runs], words.with_columns(gram="word")
    for ahead in range(1, MOST_PIECES):
        goes_on = pl.col("number") == pl.col("number").shift(-ahead)
        longer = pl.when(goes_on).then(pl.concat_str("gram", pl.col("word").shift(-ahead)))
        joined = joined.with_columns(gram=longer)
        grams.append(joined.select("field", "gram").drop_nulls())
    size = pl.col("gram").str.len_chars()
    return pl.concat(grams).filter(size.is_between(LEAST_NAME, MOST_CHARACTERS)).unique()


def _replaced(key: bytes, text: str, named: frozenset[str], field: str) -> str:
    """Put a keyed word in the place of each piece of a text that names somebody, the longest first."""

    def word(bare: str) -> str:
        return f"{{{pseudonym(key, 'hidden', bare)[:12]}}}" if field != "path" else "{hidden}"

    def number(found: re.Match[str]) -> str:
        bare = re.sub(r"[^0-9AB]", "", found[0].upper())
        is_one = bare in named or (field != "path" and (bool(found[1]) or _has_its_key(bare)))
        return word(bare[:13]) if is_one else found[0]

    def run(found: re.Match[str]) -> str:
        return word(found[0][:13]) if found[0] in named else found[0]

    text = RUN.sub(run, GROUPED.sub(number, text))
    if not named:
        return text
    spans = [(piece.start(), piece.end(), _plain(piece[0])) for piece in PIECE.finditer(text)]
    parts, at, begin = [], 0, 0
    while begin < len(spans):
        for end in range(min(len(spans), begin + MOST_PIECES), begin, -1):
            bare = "".join(plain for _, _, plain in spans[begin:end])
            if bare in named:
                parts += [text[at : spans[begin][0]], word(bare)]
                at, begin = spans[end - 1][1], end
                break
        else:
            begin += 1
    return "".join([*parts, text[at:]])


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).upper()


def _has_its_key(bare: str) -> bool:
    """Tell whether 15 characters end with the two check digits of the first 13: 97 - (number mod 97)."""
    if len(bare) != 15:
        return False
    digits = bare.replace("2A", "19").replace("2B", "18")
    return digits.isdigit() and int(digits[13:]) == 97 - int(digits[:13]) % 97
