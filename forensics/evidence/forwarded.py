"""Who stands behind the proxies: X-Forwarded-For, believed as far as the declared trusted hops reach.

Each proxy appends the address that it saw. So the chain of a request is what the header says, and last of all the
peer of the server that logged. What our own proxies appended can be believed; what stands before it anybody can have
sent, and it decides nothing.

Layouts: RFC 7239 (2014), Forwarded HTTP Extension, section 6, and the older list of addresses that it replaces.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

import polars as pl

from forensics.declaration import Source

OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
PLAIN = rf"^{OCTET}(?:\.{OCTET}){{3}}$"
FOR = re.compile(r"(?:^|;)\s*for=([^;]*)", re.IGNORECASE)
NODE = re.compile(
    r"\[*(?:(?P<four>[0-9.]+)(?::[0-9]{1,5})?|(?P<six>[0-9A-Fa-f:.]+)(?:%[^\]]*)?(?:\](?::[0-9]{1,5})?)?)\]*"
)
"""An address with or without a port; brackets may also be those of a list in JSON."""
LONGEST_ENTRY = 200


def with_clients(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Put the client in the place of the proxy that the server saw.

    Args:
        rows: `client_ip` (the peer as logged), `client_port`, `account_id`, `forwarded_for`.
        source: its `trusted_hops`, and whether an account begins with the client's address.

    Returns:
        The rows without `forwarded_for`. Where the chain names the client, `client_ip` is its address and
        `client_port`, which was the proxy's, is null; elsewhere both are as logged.
    """
    hops = source.trusted_hops
    if hops is None:
        return rows.drop("forwarded_for")
    entries = rows["forwarded_for"].str.split(",")
    found = _behind(entries, hops) if isinstance(hops, int) else _outside(entries, rows["client_ip"], hops)
    client = pl.coalesce(found, pl.col("client_ip"))
    changed = {"client_ip": client, "client_port": pl.when(found.is_null()).then(pl.col("client_port"))}
    if source.is_account_an_address:
        rest = pl.col("account_id").str.strip_prefix(pl.col("client_ip").fill_null(""))
        changed["account_id"] = client.fill_null("") + rest
    return rows.with_columns(**changed).drop("forwarded_for")


def _behind(entries: pl.Series, hops: int) -> pl.Series:
    """Return the address that the farthest of a number of proxies saw; where it wrote none, the next one's.

    The peer is the nearest proxy, so the farthest one wrote the entry that is `hops` from the right. A shorter chain
    has none there, and its leftmost one is taken.
    """
    nth = [addresses(entries.list.get(-hop, null_on_oob=True)) for hop in range(hops, 0, -1)]
    return pl.select(pl.coalesce(nth)).to_series()


def _outside(entries: pl.Series, peers: pl.Series, networks: Sequence[str]) -> pl.Series:
    """Return the first address from the right that is not one of our own; null where that is the peer.

    Where the chain ends, or goes on with something that is no address, the last of our own stands.
    """
    own = [ipaddress.ip_network(network) for network in networks]
    rows = pl.DataFrame({"entries": entries, "at": addresses(peers)}).with_row_index("row")
    walking, hop, reached = rows.filter(_is_own(rows["at"], own)), 0, [rows.clear().select("row", "at")]
    while walking.height:
        hop += 1
        before = addresses(walking["entries"].list.get(-hop, null_on_oob=True))
        walking = walking.with_columns(at=before).drop_nulls("at")
        reached.append(walking.select("row", "at"))
        walking = walking.filter(_is_own(walking["at"], own))
    last = pl.concat(reached).unique("row", keep="last", maintain_order=True)
    return rows.select("row").join(last, on="row", how="left", maintain_order="left")["at"]


def _is_own(found: pl.Series, own: list[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> pl.Series:
    distinct = found.drop_nulls().unique()
    inside = [text for text in distinct if any(ipaddress.ip_address(text) in network for network in own)]
    return found.is_in(inside).fill_null(value=False)


def addresses(entries: pl.Series) -> pl.Series:
    """Return the addresses that entries of a chain hold, in their usual spelling; null where one holds none."""
    text = entries.str.strip_chars()
    is_plain = text.str.contains(PLAIN)
    odd = text.filter(~is_plain & text.is_not_null()).unique()
    read = {entry: address for entry in odd if (address := _address(entry))}
    other = text.replace_strict(list(read), list(read.values()), default=None, return_dtype=pl.String)
    return pl.select(pl.when(is_plain).then(text).otherwise(other)).to_series()


def _address(entry: str) -> str | None:
    """Return the address of one entry: without port, brackets, zone, quotes (logs escape them) or RFC 7239's names."""
    if len(entry) > LONGEST_ENTRY:
        return None
    bare = entry.replace(r"\x22", "").replace('"', "").replace("\\", "").strip()
    if "=" in bare:
        named = FOR.search(bare)
        bare = named[1].strip() if named else ""
    node = NODE.fullmatch(bare)
    try:
        address = ipaddress.ip_address((node["four"] or node["six"]) if node else "")
    except ValueError:
        return None
    four = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(four or address)
