"""The user's own package index, for uv.

pip reads `pip.conf` and `PIP_*`; uv reads neither. A user who configured an index, a proxy's certificate or
a folder of wheels for pip expects every installer to use it, so this module translates pip's settings into
uv's. Variables that are already set for uv win.

Standard library only: `make setup` runs this file before anything is installed,

    python package_index.py COMMAND [ARGUMENT ...]

which executes COMMAND with those settings in its environment.
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
    """Return the variables to add to `environ` so that uv uses pip's index.

    `pip_config` is the output of `pip config list`: lines of `section.key='value'`. As in pip, an environment
    variable beats a command's section, which beats `global`.
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
        # pip takes the best version of all indexes; by default uv stops at the first index with the name.
        added.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    return added


def environment_for_uv() -> dict[str, str]:
    """Return this process's environment, with pip's index settings translated for uv."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    return {**os.environ, **uv_environment(listed.stdout, os.environ)}


if __name__ == "__main__":
    os.execvpe(sys.argv[1], sys.argv[1:], environment_for_uv())
