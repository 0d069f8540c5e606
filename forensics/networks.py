"""Networks: the part of an address that one customer of a host usually holds."""

from __future__ import annotations

import ipaddress


def network(address: str) -> str | None:
    """Return the /24 of an IPv4 address or the /48 of an IPv6 one, None where the text is no address.

    An IPv4 address written as IPv6 (::ffff:192.0.2.1) is the IPv4 address: its /48 would be everyone's.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return None
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return str(ipaddress.ip_network((ip, 24 if ip.version == 4 else 48), strict=False))
