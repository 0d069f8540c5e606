"""Interning: every distinct subject gets a dense key when it is first met, and is hashed once."""

from __future__ import annotations

import polars as pl

from forensics.evidence.pseudonyms import digests


class SubjectKeys:
    """Dense keys of subjects: those of the register in the order of their digests, then as the logs bring them up.

    The order in which logs ask tells nothing that the table of requests does not. What a key stands for is held in
    memory alone.
    """

    def __init__(self, key: bytes, registered: pl.Series) -> None:
        """Number what the register lets a log ask for.

        Args:
            key: the case key.
            registered: the messages of the register's subjects, in any order, also several times.
        """
        self._key = key
        self._known = pl.Categorical(pl.Categories.random())
        self._held = pl.Series(dtype=self._known)  # Polars forgets the categories that no series has
        hashed = digests(key, registered).sort("digest")
        self._digests = [hashed["digest"]]
        self._messages = [hashed["message"]]
        self._number(hashed["message"])
        self.size = hashed.height

    def _number(self, messages: pl.Series) -> pl.Series:
        return messages.rechunk().cast(self._known).to_physical().cast(pl.Int64)

    def keys_of(self, messages: pl.Series) -> pl.Series:
        """Return the keys of some messages, null for null; what was not met before gets the next ones."""
        keys = self._number(messages)
        new = (
            pl.DataFrame({"message": messages, "key": keys})
            .filter(pl.col("key") >= self.size)
            .unique("key")
            .sort("key")["message"]
        )
        if len(new):
            self._messages.append(new)
            self.size += len(new)
        return keys

    def table(self) -> pl.DataFrame:
        """Return all keys: `key`, `message` (in clear, never written into the case), `digest`."""
        fresh = self._messages[len(self._digests) :]
        if fresh:
            messages = pl.concat(fresh)
            hashed = digests(self._key, messages)
            ordered = messages.to_frame("message").join(hashed, on="message", how="left", maintain_order="left")
            self._messages = [pl.concat([self._messages[0], messages])]
            self._digests = [pl.concat([self._digests[0], ordered["digest"]])]
        message, digest = self._messages[0], self._digests[0]
        keys = pl.int_range(self.size, dtype=pl.Int64, eager=True)
        return pl.DataFrame({"key": keys, "message": message, "digest": digest})
