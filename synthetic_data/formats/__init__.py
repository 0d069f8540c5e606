"""Formats of access logs on offer, by name; a new one is one file and one line here."""

from synthetic_data.formats.combined import COMBINED
from synthetic_data.formats.ecs import ECS
from synthetic_data.formats.layout import Form, LogFile, Writer
from synthetic_data.formats.parquet import PARQUET
from synthetic_data.formats.partial import PARTIAL

__all__ = ["FORMATS", "Form", "LogFile", "Writer"]

FORMATS: dict[str, Form] = {form.name: form for form in (PARQUET, COMBINED, ECS, PARTIAL)}
