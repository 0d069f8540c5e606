"""How many people were really affected by a scraped portal, and how sure we are.

    >>> import forensics as fx
    >>> case = fx.open_case("cases/demo/case")   # doctest: +SKIP
    >>> results = fx.run(case)                   # doctest: +SKIP
    >>> results.headline["certain"]              # doctest: +SKIP
    40033
"""

from __future__ import annotations

__version__ = "0.1.0"
