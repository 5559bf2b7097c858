import subprocess
import sys

from async_emulator.trusses.environment import package_index
from async_emulator.trusses.environment.package_index import uv_environment


def test_pips_settings_are_said_in_uvs_words():
    listed = "\n".join(
        [
            "global.index-url='https://index.example/simple'",
            "global.extra-index-url='https://a.example https://b.example'",
            "global.find-links='/wheels /more'",
            ":env:.cert='/ca.pem'",
            "global.timeout='60'",
        ]
    )
    assert uv_environment(listed, {}) == {
        "UV_DEFAULT_INDEX": "https://index.example/simple",
        "UV_INDEX": "https://a.example https://b.example",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": "/wheels,/more",
        "SSL_CERT_FILE": "/ca.pem",
    }


def test_pips_own_order_holds_whatever_the_order_of_lines():
    lines = [
        ":env:.index-url='https://env.example'",
        "install.index-url='https://install.example'",
        "global.index-url='https://global.example'",
        "download.index-url='https://download.example'",
    ]
    assert uv_environment("\n".join(lines), {}) == {"UV_DEFAULT_INDEX": "https://env.example"}
    assert uv_environment("\n".join(lines[1:]), {}) == {"UV_DEFAULT_INDEX": "https://install.example"}


def test_what_is_set_for_uv_wins():
    listed = "global.index-url='https://pip.example'"
    assert uv_environment(listed, {"UV_DEFAULT_INDEX": "https://uv.example"}) == {}


def test_nothing_is_added_where_pip_has_no_settings():
    assert uv_environment("", {}) == {}


def test_as_a_command_it_runs_another_with_the_settings():
    code = "import os; print(os.environ['UV_DEFAULT_INDEX'])"
    done = subprocess.run(
        [sys.executable, package_index.__file__, sys.executable, "-c", code],
        env={"PIP_INDEX_URL": "https://index.example/simple", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "https://index.example/simple"
