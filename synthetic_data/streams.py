"""Random numbers: one independent stream for each thing drawn, whatever is drawn beside it."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence


class RandomStreams:
    """The random numbers of a case: `streams("visits", operator, piece)` is always the same stream."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def __call__(self, name: str, *part: int) -> Generator:
        """Start the stream of one component and part."""
        return Generator(PCG64(SeedSequence([self.seed, zlib.crc32(name.encode()), *part])))

    def salt(self, name: str) -> int:
        """Give a 63-bit number for `texts.mixed`."""
        return int(self(name).integers(0, np.iinfo(np.int64).max))
