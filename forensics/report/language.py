"""One report's language: its words, its numbers, and what the case counts (people or pages)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from forensics.reasons import SUBJECTS, Language, Pair, Subject, counted, integer, phrase, share
from forensics.report.words import WORDS
from forensics.results import Results


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Says everything in one language about one kind of subject. A value that is not known is a dash."""

    language: Language
    subject: Subject
    synthetic: bool = False

    @classmethod
    def of(cls, results: Results, language: Language) -> Voice:
        """Return the voice in which a language speaks of a case."""
        summary = results.summary
        return cls(language=language, subject=summary["subject"], synthetic=summary["case"]["synthetic"])

    @property
    def stamp(self) -> str:
        """Return the words that mark what was made from a synthetic case; none for a real one."""
        return self.say("synthetic") if self.synthetic else ""

    def pair(self, words: Pair, **values: object) -> str:
        """Return a wording with its nouns and values filled in."""
        singular, plural = SUBJECTS[self.subject]
        nouns = {"person": phrase(singular, self.language), "people": phrase(plural, self.language)}
        return phrase(words, self.language, **nouns, **values)

    def say(self, key: str, **values: object) -> str:
        """Return the wording of a key, in its variant for people or pages where there is one."""
        variant = f"{key}_{self.subject}"
        return self.pair(WORDS[variant if variant in WORDS else key], **values)

    def count(self, value: int | None) -> str:
        """Return a count grouped by thousands."""
        return "—" if value is None else integer(value, self.language)

    def counted(self, value: int) -> str:
        """Return a count with its noun."""
        return counted(value, self.subject, self.language)

    def share(self, value: float | None) -> str:
        """Return a share as a percentage."""
        return "—" if value is None else share(value, self.language)

    def between(self, low: str, high: str) -> str:
        """Return a range of two written counts."""
        return self.say("range", low=low, high=high)

    def instant(self, when: datetime | str) -> str:
        """Return a time to the second, in UTC, in a form that can be searched for."""
        when = datetime.fromisoformat(when) if isinstance(when, str) else when
        return f"{when:%Y-%m-%d %H:%M:%S}"
