"""Draw the README's picture from a finished case: python -m benchmarks.pictures CASE FOLDER."""

from __future__ import annotations

import sys
from pathlib import Path

import forensics as fx
from forensics.figures import to_png


def main() -> None:
    """Write the three numbers of a case as a PNG."""
    case, folder = Path(sys.argv[1]), Path(sys.argv[2])
    picture = to_png(fx.three_numbers(fx.load(case), language="en"), dpi=100)
    (folder / "three-numbers.png").write_bytes(picture)


if __name__ == "__main__":
    main()
