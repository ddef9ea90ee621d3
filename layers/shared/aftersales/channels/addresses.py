"""Which addresses a webhook may be sent to.

A webhook's address comes from a setting that more people may write than may reach the network we
run in. So before each call the host is resolved, and private, loopback, link-local (the cloud's
metadata service), multicast and reserved addresses are refused, as is any port but 443.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from aftersales.errors import Misconfigured, Unreachable

HTTPS_PORT = 443
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Resolver = Callable[[str], Sequence[str]]


def resolve_host(host: str) -> Sequence[str]:
    """All IP addresses of `host`. Raises `Unreachable` where it has none now."""
    try:
        found = socket.getaddrinfo(host, HTTPS_PORT, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unreachable("the host name could not be resolved") from None
    return [str(entry[4][0]) for entry in found]


def require_public_https(url: str, resolve: Resolver = resolve_host) -> None:
    """Raise `Misconfigured` where `url` is not https on port 443 of a public host.

    Raises `Unreachable` where the host cannot be resolved. No error repeats the address.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or HTTPS_PORT
    except ValueError:
        raise Misconfigured("The address is not a valid URL.") from None
    if parts.scheme != "https" or not parts.hostname:
        raise Misconfigured("The address must begin with https:// and name a host.")
    if port != HTTPS_PORT:
        raise Misconfigured("The address names a port other than 443.", what_to_do=_ALLOW)
    if any(not is_public(address) for address in resolve(parts.hostname)):
        raise Misconfigured("The address leads into a private network.", what_to_do=_ALLOW)


_ALLOW = "If that is meant, set allow_private_address: true for this target."


def is_public(address: str) -> bool:
    """Is this IP address reachable from everywhere, also when it wraps an IPv4 address?"""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved
