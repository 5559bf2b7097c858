"""The user's own package index, for uv.

pip reads `pip.conf` and `PIP_*`; uv reads neither. Whoever set up an index, a proxy's certificate or
a folder of wheels for pip expects every installer to use it, so this module says in uv's words what
pip was told. What is already set for uv wins.

Standard library only: `make setup` runs this file before anything is installed,

    python package_index.py COMMAND [ARGUMENT ...]

which becomes COMMAND with those settings in its environment.
"""

import os
import subprocess
import sys
from collections.abc import Mapping

# pip's setting -> uv's environment variable. A list in pip is separated by white space; so it is in uv.
_UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
    "trusted-host": "UV_INSECURE_HOST",
}
_COMMA_SEPARATED = {"UV_FIND_LINKS"}


def uv_environment(pip_config: str, environ: Mapping[str, str]) -> dict[str, str]:
    """What to add to `environ` so that uv uses the index that pip uses.

    `pip_config` is what `pip config list` prints: lines of `section.key='value'`. pip's own order holds:
    an environment variable beats a command's section, which beats `global`.
    """
    found: dict[str, tuple[int, str]] = {}
    rank = {"global": 0, "install": 1, ":env:": 2}
    for line in pip_config.splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.strip().rpartition(".")
        if section in rank and key in _UV_NAMES:
            # pip prints repr(value), with a newline between the items of a list.
            words = value.strip().strip("'\"").replace("\\n", " ").split()
            if rank[section] >= found.get(key, (-1, ""))[0]:
                found[key] = (rank[section], " ".join(words))
    added: dict[str, str] = {}
    for key, (_, value) in found.items():
        name = _UV_NAMES[key]
        if value and name not in environ:
            added[name] = value.replace(" ", ",") if name in _COMMA_SEPARATED else value
    if "UV_INDEX" in added:
        # pip takes the best version of all its indexes; uv by default stops at the first that has the name.
        added.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    return added


def environment_for_uv() -> dict[str, str]:
    """This process's environment, with pip's index settings added in uv's words."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    return {**os.environ, **uv_environment(listed.stdout, os.environ)}


if __name__ == "__main__":
    os.execvpe(sys.argv[1], sys.argv[1:], environment_for_uv())
