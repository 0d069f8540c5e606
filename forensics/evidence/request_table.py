"""The table of requests in the making: rows are keyed and written as they come; memory does not grow with the log."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Self

import polars as pl

from forensics.evidence.interning import SubjectKeys
from forensics.vocabulary import LINES_A_SOURCE

if TYPE_CHECKING:
    import pyarrow.parquet as pq

COLUMNS = (
    "request_id", "request_ref", "operator", "server", "requested_at", "account_id", "session_token", "client_ip",
    "client_port", "user_agent", "method", "path", "action", "status", "response_bytes", "duration_ms", "subject_kind",
    "subject_key", "records_returned",
)  # fmt: skip
UNREPEATED = ("request_id", "request_ref", "requested_at", "subject_key")
"""Columns whose values hardly recur: a dictionary of them is larger than they are."""
MOST_NOTED = 2_000_000
RISING = ("request_id", "requested_at")
"""Columns of which the steps are smaller than the values."""
DICTIONARY_BYTES = 32 * 2**20
SUBJECT = ["operator", "subject_kind", "subject_key"]
ASKED = {"operator": pl.String, "subject_kind": pl.String, "subject_key": pl.Int64, "shown": pl.Boolean}


class RequestTable:
    """Writes the table of requests (`forensics.schemas.Requests`) under a temporary name; it goes if the block fails.

    Rows come in the order of their lines, and stay in it: the table is sorted by `request_id`.
    """

    def __init__(self, path: Path, subject_keys: SubjectKeys) -> None:
        """Begin a table at `path`."""
        self.path = path.with_name(f".{path.name}.unfinished")
        self._target = path
        self._subject_keys = subject_keys
        self._writer: pq.ParquetWriter | None = None
        self._asked = [pl.DataFrame(schema=ASKED)]

    def __enter__(self) -> Self:
        """Begin the block at whose end the table is published or gone."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        """Delete what was not published."""
        self.close()
        self.path.unlink(missing_ok=True)

    def add(self, rows: pl.DataFrame) -> None:
        """Key some lines of a log and write them.

        Args:
            rows: `source_number`, `line`, `subject_message`, and the table's columns but `request_id`, `subject_key`.
        """
        keyed = rows.with_columns(
            (pl.col("source_number") * LINES_A_SOURCE + pl.col("line")).alias("request_id"),
            self._subject_keys.keys_of(rows["subject_message"]).alias("subject_key"),
        ).select(COLUMNS)
        self._note(keyed)
        self._write(keyed)

    def _note(self, keyed: pl.DataFrame) -> None:
        """Note what was asked for; a subject that is asked for often is noted once in a while."""
        self._asked.append(_asked(keyed.filter(pl.col("subject_key").is_not_null())))
        if sum(one.height for one in self._asked) > 2 * self._asked[0].height + MOST_NOTED:
            self._asked = [self.asked()]

    def _write(self, keyed: pl.DataFrame) -> None:
        import pyarrow.parquet as pq

        table = keyed.to_arrow(compat_level=pl.CompatLevel.oldest())
        if self._writer is None:
            self._writer = pq.ParquetWriter(
                self.path,
                table.schema,
                compression="zstd",
                compression_level=1,
                use_dictionary=[name for name in COLUMNS if name not in UNREPEATED],  # type: ignore[arg-type]
                dictionary_pagesize_limit=DICTIONARY_BYTES,
                column_encoding=dict.fromkeys(RISING, "DELTA_BINARY_PACKED"),
                write_statistics=list(RISING),  # type: ignore[arg-type]
            )
        self._writer.write_table(table, row_group_size=max(1, table.num_rows))

    def close(self) -> None:
        """End the file, so that it can be read."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def references(self) -> pl.LazyFrame:
        """Return `source_number`, `line`, `request_ref` of what is written."""
        return pl.scan_parquet(self.path, glob=False).select(
            source_number=pl.col("request_id") // LINES_A_SOURCE, line=pl.col("request_id") % LINES_A_SOURCE,
            request_ref="request_ref",
        )  # fmt: skip

    def leave_out(self, repeated: pl.DataFrame) -> None:
        """Write the table again without some lines.

        Args:
            repeated: `source_number`, `line`.
        """
        self.close()
        if not repeated.height:
            return
        gone = repeated.select(request_id=pl.col("source_number") * LINES_A_SOURCE + pl.col("line"))
        whole = self.path.rename(self.path.with_suffix(".whole"))
        try:
            self._again(whole, lambda rows: rows.join(gone, on="request_id", how="anti", maintain_order="left"))
        finally:
            whole.unlink()

    def _again(self, whole: Path, chosen: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
        import pyarrow.parquet as pq

        self._asked = [self._asked[0].clear()]
        with pq.ParquetFile(whole) as file:
            for group in range(file.num_row_groups):
                rows = chosen(pl.DataFrame(file.read_row_group(group)))
                self._note(rows)
                self._write(rows)
        self.close()

    def asked(self) -> pl.DataFrame:
        """Return what was asked for: `operator`, `subject_kind`, `subject_key`, `shown` (to exist, by an answer)."""
        return pl.concat(self._asked).group_by(SUBJECT).agg(pl.col("shown").any()).sort(SUBJECT)

    def publish(self) -> None:
        """Give the finished table its name."""
        self.close()
        self.path.replace(self._target)


def _asked(lookups: pl.DataFrame) -> pl.DataFrame:
    """Return each subject of some requests once, and whether an answer showed that it exists."""
    shown = (
        pl.col("status").is_between(200, 299).fill_null(value=True)
        & (pl.col("records_returned") > 0).fill_null(value=True)
        & (pl.col("method") != "HEAD").fill_null(value=True)
        & ~pl.col("action").is_in(["static", "login"])
    )
    return lookups.group_by(SUBJECT).agg(shown=shown.any())
