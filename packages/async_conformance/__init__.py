"""Holds a target, Baseten or the emulator, to the table in `packages/async_emulator/README.md`, from outside.

`truss-async conformance` calls one small Truss, examples/conformance, which does what its input asks.
"""
