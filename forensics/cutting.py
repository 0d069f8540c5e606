"""Sessions by sorting numbers: the same that `forensics/sql/request_sessions.sql` cuts.

Texts become dense integers as the requests are read, clients are dealt into buckets that are small beside the log, and
each bucket is sorted alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]

CLIENT = ("operator", "account_id", "client_ip", "user_agent")
KEYS = ("requested_at", *CLIENT, "session_token")
MINUTE_US, HOUR_US = 60_000_000, 3_600_000_000
BUCKETS, AT_ONCE = 64, 2
SLOTS_BITS = 22
SPREAD = np.uint64(0x9E3779B97F4A7C15)
"""Fibonacci hashing: Knuth 1998, The Art of Computer Programming 3, section 6.4."""


def ahead(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Give the same tables, each read while the one before it is worked on."""
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(next, tables, None)
        while (table := coming.result()) is not None:
            coming = reader.submit(next, tables, None)
            yield table


class Interned:
    """Dense numbers for 64-bit integers, in the order of their first coming.

    A direct-mapped table answers for those that were seen; the others are looked up in a sorted list.
    """

    def __init__(self, slot_bits: int = SLOTS_BITS) -> None:
        """Begin without any."""
        self._shift = np.uint64(64 - slot_bits)
        self._slot_value = np.zeros(2**slot_bits, dtype=np.int64)
        self._slot_number = np.full(2**slot_bits, -1, dtype=np.int32)
        self._sorted = np.empty(0, dtype=np.int64)
        self._number = np.empty(0, dtype=np.int64)

    def numbers(self, values: Integers) -> Integers:
        """Return the number of each value, (n,)."""
        slot = ((values.view(np.uint64) * SPREAD) >> self._shift).view(np.int64)
        number = self._slot_number[slot].astype(np.int64)
        missed = np.flatnonzero((self._slot_value[slot] != values) | (number < 0))
        if len(missed):
            distinct, which = np.unique(values[missed], return_inverse=True)
            self._add(distinct)
            number[missed] = self._number[np.searchsorted(self._sorted, distinct)][which]
            self._slot_value[slot[missed]], self._slot_number[slot[missed]] = values[missed], number[missed]
        return number

    def _add(self, distinct: Integers) -> None:
        place = np.searchsorted(self._sorted, distinct)
        known = np.zeros(len(distinct), dtype=bool)
        if len(self._sorted):
            known = self._sorted[np.minimum(place, len(self._sorted) - 1)] == distinct
        fresh = np.arange(len(self._number), len(self._number) + int((~known).sum()))
        self._number = np.insert(self._number, place[~known], fresh)
        self._sorted = np.insert(self._sorted, place[~known], distinct[~known])

    def values(self) -> Integers:
        """Return the values in the order of their numbers."""
        inverse = np.empty_like(self._number)
        inverse[self._number] = np.arange(len(self._number))
        return self._sorted[inverse]


class Texts:
    """Dense numbers from 1 for the texts of one column; 0 for none."""

    def __init__(self) -> None:
        """Begin without any."""
        self._categories = pl.Categories.random(physical=pl.UInt32)
        self._type = pl.Categorical(self._categories)
        self._kept = pl.Series([], dtype=self._type)  # the numbers live as long as a series of the type does

    def numbers(self, column: pa.ChunkedArray) -> Integers:
        """Return the number of each text, (n,). Where the column is a dictionary, each of its texts is read once."""
        import pyarrow as pa

        if column.null_count == len(column):
            return np.zeros(len(column), dtype=np.int64)
        if not pa.types.is_dictionary(column.type):
            return self._numbers(pl.Series(column))
        parts = []
        for chunk in column.chunks:
            numbers = np.append(self._numbers(pl.Series(chunk.dictionary.cast(pa.large_string()))), 0)
            parts.append(numbers[chunk.indices.fill_null(len(numbers) - 1).to_numpy(zero_copy_only=False)])
        return np.concatenate(parts)

    def _numbers(self, texts: pl.Series) -> Integers:
        return (texts.cast(self._type).to_physical().cast(pl.Int64) + 1).fill_null(0).to_numpy()

    def texts(self) -> pl.Series:
        """Return none, and the texts in the order of their numbers."""
        return pl.concat([pl.Series([None], dtype=pl.String), self._categories.to_series().cast(pl.String)])

    def ranks(self) -> Integers:
        """Return, by number, the place of each text among all as they sort, from 1; 0 for none."""
        ranks = np.zeros(len(self.texts()), dtype=np.int64)
        ranks[self.texts().arg_sort(nulls_last=False).to_numpy()] = np.arange(len(ranks))
        return ranks


@dataclass(frozen=True, slots=True)
class Rules:
    """What ends a session: a silence longer than `gap_us`, and every whole multiple of `cap_us` since the last one."""

    gap_us: int
    cap_us: int

    def begins(self, same: NDArray[np.bool_], at_us: Integers) -> NDArray[np.bool_]:
        """Tell which requests begin a session.

        Args:
            same: (n,) whether a request is of the lane of the one before it.
            at_us: (n,) when, ascending within a lane.
        """
        begins = ~same
        begins[1:] |= np.diff(at_us) > self.gap_us
        first = np.flatnonzero(begins)
        last = np.append(first[1:], len(begins)) - 1
        long = at_us[last] - at_us[first] >= self.cap_us
        for low, high in zip(first[long].tolist(), (last[long] + 1).tolist(), strict=True):
            part = (at_us[low:high] - at_us[low]) // self.cap_us
            begins[low + 1 : high] |= np.diff(part) > 0
        return begins


@dataclass(frozen=True, slots=True)
class Cut:
    """What one bucket holds: of each request its session, and of each session who, when, and how many requests.

    Sessions are in the order of strands, time and tokens. `n_at` counts them under other rules.
    """

    of_request: Integers
    strand: Integers
    started_us: Integers
    ended_us: Integers
    n_requests: Integers
    n_at: list[int]


@dataclass(frozen=True, slots=True)
class Bucket:
    """The requests of some strands, in no order; `token` is the rank of its text, 0 for none, null where all are.

    `carried` are other columns of the same requests.
    """

    strand: Integers
    at_us: Integers
    token: Integers | None
    carried: list[NDArray]

    def cut(self, rules: Rules, others: Sequence[Rules] = ()) -> Cut:
        """Cut the sessions of the bucket, and count those of other rules from the same order of requests.

        Where nothing is carried nobody asks which session a request is of, and `of_request` is empty.
        """
        packed = self._packed() if self.token is None else None
        if packed is None:
            return self._cut_lanes(rules, others)
        key, bits = packed
        ordered = np.sort(key)
        strand, at_us = ordered >> bits, ordered & ((1 << bits) - 1)
        same = np.append(np.zeros(1, dtype=bool), strand[1:] == strand[:-1])
        first = np.flatnonzero(rules.begins(same, at_us))
        wanted = key if self.carried else key[:0]
        of_request = np.searchsorted(ordered[first], wanted, side="right") - 1
        last = np.append(first[1:], len(ordered)) - 1
        low = int(self.at_us.min())
        n_at = [int(other.begins(same, at_us).sum()) for other in others]
        return Cut(of_request, strand[first], at_us[first] + low, at_us[last] + low, last - first + 1, n_at)

    def _packed(self) -> tuple[Integers, int] | None:
        """Return strand and time in one number, and how many bits of it are the time; nothing where they are too many.

        One number sorts several times faster than two.
        """
        low = int(self.at_us.min())
        bits = max(1, (int(self.at_us.max()) - low).bit_length())
        if bits + int(self.strand.max()).bit_length() > 63:
            return None
        return self.strand.astype(np.int64) << bits | (self.at_us - low), bits

    def _cut_lanes(self, rules: Rules, others: Sequence[Rules]) -> Cut:
        """Cut where tokens tell lanes of a strand apart."""
        lane = self._lanes(rules.gap_us)
        order = np.lexsort((self.at_us, lane, self.strand))
        strand, lane, at_us = self.strand[order], lane[order], self.at_us[order]
        same = np.zeros(len(order), dtype=bool)
        same[1:] = (strand[1:] == strand[:-1]) & (lane[1:] == lane[:-1])
        begins = rules.begins(same, at_us)
        first = np.flatnonzero(begins)
        last = np.append(first[1:], len(order)) - 1
        in_time = np.lexsort((lane[first], at_us[first], strand[first]))
        place = np.empty_like(in_time)
        place[in_time] = np.arange(len(in_time))
        of_request = np.empty(len(order), dtype=np.int64)
        of_request[order] = place[np.cumsum(begins) - 1]
        first, last = first[in_time], last[in_time]
        n_at = [int(other.begins(same, at_us).sum()) for other in others]
        return Cut(of_request, strand[first], at_us[first], at_us[last], last - first + 1, n_at)

    def _lanes(self, gap_us: int) -> Integers:
        """Return the token that each request goes with (`forensics/sql/request_lanes.sql`)."""
        token = np.zeros(len(self.strand), dtype=np.int64) if self.token is None else self.token
        if token.all() or not token.any():
            return token
        order = np.lexsort((np.where(token == 0, np.iinfo(np.int64).max, token), self.at_us, self.strand))
        strand, at_us, asked = self.strand[order], self.at_us[order], token[order]
        begins = np.ones(len(order), dtype=bool)
        begins[1:] = (strand[1:] != strand[:-1]) | (np.diff(at_us) > gap_us)
        first = np.flatnonzero(begins)
        stretch = np.cumsum(begins) - 1
        place = np.arange(len(order))
        before = np.maximum.accumulate(np.where(asked > 0, place, -1))
        after = np.minimum.reduceat(np.where(asked > 0, place, len(order)), first)[stretch]
        source = np.where(before >= first[stretch], before, after)
        lane = np.empty_like(token)
        lane[order] = np.append(asked, 0)[source]
        return lane


class Dealt:
    """The requests of a log, dealt into buckets by client.

    Texts stay behind: 12 bytes a request, 16 with tokens, and what is carried.
    """

    def __init__(self, tables: Iterable[pa.Table], carried: Sequence[str] = ()) -> None:
        """Read the requests.

        Args:
            tables: pieces of the requests (columns KEYS, and those carried).
            carried: columns of whole numbers to keep beside (-1 where a number is not known).
        """
        self._carried = carried
        self._texts = {name: Texts() for name in (*CLIENT, "session_token")}
        self._accounts, self._places, self._strands = Interned(16), Interned(), Interned()
        self._parts: list[list[tuple[NDArray, ...]]] = [[] for _ in range(BUCKETS)]
        for table in tables:
            if table.num_rows:
                self._deal(table)

    def _deal(self, table: pa.Table) -> None:
        number = {name: texts.numbers(table[name]) for name, texts in self._texts.items()}
        account = self._accounts.numbers(number["operator"] << 32 | number["account_id"])
        place = self._places.numbers(number["client_ip"] << 32 | number["user_agent"])
        strand = self._strands.numbers(account << 32 | place)
        bucket = (strand % BUCKETS).astype(np.uint8)
        order = np.argsort(bucket, kind="stable")  # a radix sort, for numbers this small
        at_us = pl.Series(table["requested_at"]).cast(pl.Datetime("us")).to_physical().to_numpy()
        token = number["session_token"].astype(np.int32)
        columns = [
            (strand // BUCKETS).astype(np.int32)[order],
            at_us[order],
            token[order] if token.any() else token[:0],
            *(pl.Series(table[name]).fill_null(-1).to_numpy()[order] for name in self._carried),
        ]
        ends = np.cumsum(np.bincount(bucket, minlength=BUCKETS))
        for one, high in enumerate(ends.tolist()):
            mine = slice(int(ends[one - 1]) if one else 0, high)
            if mine.stop > mine.start:
                self._parts[one].append(tuple(column[mine] for column in columns))

    def buckets(self) -> Iterator[tuple[int, Bucket]]:
        """Give the buckets one after another, each with its number, and forget it."""
        ranks = self._texts["session_token"].ranks()
        for number, parts in enumerate(self._parts):
            if parts:
                strand, at_us, *others = (np.concatenate([part[n] for part in parts])
                                          for n in (0, 1, *range(3, 3 + len(self._carried))))  # fmt: skip
                token = None
                if len(ranks) > 1:
                    token = np.concatenate([ranks[part[2]] if len(part[2]) else np.zeros(len(part[0]), dtype=np.int64)
                                            for part in parts])  # fmt: skip
                parts.clear()
                yield number, Bucket(strand, at_us, token, others)

    def cut(self, rules: Rules, others: Sequence[Rules] = ()) -> Iterator[tuple[Bucket, Cut, Integers]]:
        """Cut bucket after bucket, two at a time; also give the `dealt` of each session's strand (`strands`)."""
        with ThreadPoolExecutor(AT_ONCE) as workers:
            buckets = self.buckets()
            while some := list(islice(buckets, AT_ONCE)):
                cuts = workers.map(lambda one: one[1].cut(rules, others), some)
                for (number, bucket), found in zip(some, cuts, strict=True):
                    yield bucket, found, found.strand.astype(np.int64) * BUCKETS + number

    def strands(self) -> pl.DataFrame:
        """Return `strand_id`, CLIENT, `dealt` of each strand, sorted as `strand_keys.sql` numbers them.

        `dealt` is its number here: of strand s of bucket b, s * BUCKETS + b.
        """
        account, place = self._strands.values() >> 32, self._strands.values() & 0xFFFFFFFF
        of_account, of_place = self._accounts.values()[account], self._places.values()[place]
        codes = (of_account >> 32, of_account & 0xFFFFFFFF, of_place >> 32, of_place & 0xFFFFFFFF)
        named = {name: self._texts[name].texts()[code] for name, code in zip(CLIENT, codes, strict=True)}
        frame = pl.DataFrame(named, schema=dict.fromkeys(CLIENT, pl.String)).with_row_index("dealt")
        ordered = frame.sort(CLIENT, nulls_last=False)
        return ordered.select(pl.int_range(1, pl.len() + 1).alias("strand_id"), *CLIENT, pl.col("dealt").cast(pl.Int64))
