import async_emulator


def test_the_public_names_are_these_and_sorted():
    assert async_emulator.__all__ == ["ControlRefused", "EmulatorControl", "EmulatorEnded", "EmulatorProcess"]
    assert all(hasattr(async_emulator, name) for name in async_emulator.__all__)
