import pytest

from async_emulator.replicas.exit_code import told


@pytest.mark.parametrize(
    ("exit_code", "expected"),
    [
        (0, "exit code 0"),
        (3, "exit code 3"),
        (-9, "exit code -9 (SIGKILL)"),
        (137, "exit code 137 (SIGKILL)"),
        (139, "exit code 139 (SIGSEGV)"),
        (255, "exit code 255"),
    ],
)
def test_an_exit_code_is_told_with_its_signal(exit_code, expected):
    assert told(exit_code) == expected
