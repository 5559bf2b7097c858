"""Tells a public internet address from one of the network that this process runs in."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# Each of these embeds an IPv4 address, which is the one that is connected to (RFC 6052).
_TRANSLATED = IPv6Network("64:ff9b::/96")

# Python calls these global, or did in some of its versions.
_NOT_PUBLIC_V4 = (
    IPv4Network("168.63.129.16/32"),  # Azure's virtual machines ask it for their keys (IMDS's "wire server")
    IPv4Network("192.0.0.0/24"),  # of protocols; 192.0.0.192 is the metadata service of Oracle's cloud
    IPv4Network("192.88.99.0/24"),  # relays of 6to4 (RFC 7526)
)
# All that is routed in public is in here (iana.org/assignments/ipv6-address-space).
_UNICAST_V6 = IPv6Network("2000::/3")
_NOT_PUBLIC_V6 = (
    IPv6Network("2001::/23"),  # of protocols: Teredo, ORCHID
    IPv6Network("2001:db8::/32"),  # of documentation
    IPv6Network("2002::/16"),  # 6to4
    IPv6Network("3fff::/20"),  # of documentation (RFC 9637)
)
# The second half of an ISATAP address, before the IPv4 address that it is a tunnel to (RFC 5214).
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)


def is_public(text: str) -> bool:
    """Whether `text` is an address that means the same machine everywhere on the internet.

    Not public are loopback, private and link-local addresses (a cloud's metadata service above all), those
    shared by carriers, multicast, reserved and unspecified ones, also when embedded in an IPv6 address, and
    those of tunnels.
    """
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return _is_public_v4(address.ipv4_mapped)
        if address in _TRANSLATED:
            return _is_public_v4(IPv4Address(int(address) & 0xFFFF_FFFF))
        return _is_public_v6(address)
    return _is_public_v4(address)


def _is_public_v4(address: IPv4Address) -> bool:
    is_special = address.is_multicast or address.is_reserved
    return address.is_global and not (is_special or any(address in network for network in _NOT_PUBLIC_V4))


def _is_public_v6(address: IPv6Address) -> bool:
    is_tunnel = int(address) >> 32 & 0xFFFF_FFFF in _ISATAP
    is_routed = address in _UNICAST_V6 and not any(address in network for network in _NOT_PUBLIC_V6)
    return address.is_global and is_routed and not is_tunnel
