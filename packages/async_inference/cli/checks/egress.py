"""Check that a replica may call the bucket, where config.yaml says which hosts it may call."""

import fnmatch
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, ip_address, ip_network
from typing import TYPE_CHECKING, Any

from async_inference.cli.checks.finding import Finding
from async_inference.cli.checks.outputs import all_urls

if TYPE_CHECKING:
    from truss_outputs.settings.outputs import OutputSettings

_SUBJECT = "settings"
_KEY = "runtime.egress_restrictions"  # truss.base.truss_config.EgressRestrictions
_NAMES, _ADDRESSES = "fqdn_allow_list", "ip_allow_list"


def check_egress(config: Mapping[str, Any], settings: "OutputSettings") -> Iterator[Finding]:
    """Find the hosts of buckets that the restrictions leave out. Without restrictions all may be called."""
    restrictions = (config.get("runtime") or {}).get("egress_restrictions")
    if restrictions is None:
        return
    if not isinstance(restrictions, Mapping):
        problem = f"{_KEY}: found {type(restrictions).__name__}; write {_NAMES} and {_ADDRESSES}, each a list"
        yield Finding(subject=_SUBJECT, problem=problem)
        return
    lists = {}
    for key in (_NAMES, _ADDRESSES):
        found = restrictions.get(key) or []
        if not isinstance(found, list):
            yield Finding(
                subject=_SUBJECT, problem=f"{_KEY}.{key}: found {type(found).__name__}; write a list"
            )
            return
        lists[key] = [str(each) for each in found]
    for host in dict.fromkeys(host for url in all_urls(settings) for host in settings.hosts(url)):
        address = _address(host)
        key = _ADDRESSES if address else _NAMES
        is_allowed = (
            any(address in ip_network(each, strict=False) for each in lists[key] if _is_network(each))
            if address
            else any(fnmatch.fnmatchcase(host, each.lower()) for each in lists[key])
        )
        if not is_allowed:
            problem = (
                f"{_KEY}.{key}: found no {host}, which storing results calls, so that none could be stored; "
                f"write - {host}"
            )
            yield Finding(subject=_SUBJECT, problem=problem)


def _address(host: str) -> IPv4Address | None:
    try:
        found = ip_address(host)
    except ValueError:
        return None
    return found if isinstance(found, IPv4Address) else None  # truss takes no others


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True
