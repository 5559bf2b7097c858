"""Tells a public internet address from one of the network that this process runs in."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

# Each of these embeds an IPv4 address, which is the one that is connected to (RFC 6052).
_TRANSLATED = IPv6Network("64:ff9b::/96")


def is_public(text: str) -> bool:
    """Whether `text` is an address that means the same machine everywhere on the internet.

    Not public are loopback, private and link-local addresses (a cloud's metadata service above all), those
    shared by carriers, multicast, reserved and unspecified ones, also when embedded in an IPv6 address.
    """
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        elif address in _TRANSLATED:
            address = IPv4Address(int(address) & 0xFFFF_FFFF)
        elif address.sixtofour is not None or address.teredo is not None:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved)
