"""Baseten's async inference service on one machine, around the real Truss server.

`truss-async serve` is the way in; EmulatorProcess is the same from Python.
"""

from async_emulator.testing.emulator_control import ControlRefused, EmulatorControl
from async_emulator.testing.emulator_process import EmulatorEnded, EmulatorProcess

__all__ = ["ControlRefused", "EmulatorControl", "EmulatorEnded", "EmulatorProcess"]
