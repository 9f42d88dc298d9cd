"""Whose forwarded headers are believed (TL3)."""

from collections.abc import Sequence
from ipaddress import IPv4Network, ip_interface, ip_network
from typing import Annotated, Final

from pydantic import AfterValidator

from tandem_platform.settings import CommaList

_MAPPED_PREFIX: Final = 96


def _networks(entries: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_network(entry) for entry in entries)


def _network(entry: str) -> str:
    try:
        interface = ip_interface(entry)
    except ValueError:
        raise ValueError(f"{entry!r} is neither an address nor a network such as 10.0.0.0/8") from None
    if "/" not in entry:
        return str(interface.ip)
    if interface.ip != interface.network.network_address:
        raise ValueError(f"{entry} is an address and a network; write {interface.network} or {interface.ip}")
    return str(interface.network)


TrustedProxies = Annotated[CommaList, AfterValidator(_networks)]
"""Addresses and networks. Anything else, ``*`` included, would be believed by nobody or believe everybody."""


def on_both_stacks(proxies: Sequence[str]) -> list[str]:
    """Return addresses and networks, the IPv4 ones also as a socket that listens on ``::`` sees them (RFC 4291)."""
    networks = [ip_network(proxy) for proxy in proxies]
    mapped = [
        f"::ffff:{network.network_address}/{_MAPPED_PREFIX + network.prefixlen}"
        for network in networks
        if isinstance(network, IPv4Network)
    ]
    return [*(str(network) for network in networks), *mapped]
