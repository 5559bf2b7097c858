"""The smallest Trusses there are. They tell where their server listens, so that it can be called directly."""

from pathlib import Path

_HEAD = """
import os, time

class TellsItsPort:
    def load(self):
        with open(f"{os.environ['PORTS']}/{os.getpid()}", "w") as file:
            file.write(os.environ["INFERENCE_SERVER_PORT"])

"""
ECHO = """
class Model(TellsItsPort):
    def predict(self, model_input):
        return model_input
"""


class BenchTruss:
    """A Truss below `folder`. Its model is a class `Model(TellsItsPort)`; `os` and `time` are imported."""

    def __init__(self, folder: Path, *, model: str = ECHO, concurrency: int = 1) -> None:
        self._ports = folder / "ports"
        self.data_dir = folder / "data"
        self.path = folder / "truss"
        (self.path / "model").mkdir(parents=True)
        (self.path / "model" / "model.py").write_text(_HEAD + model)
        runtime = f"runtime: {{predict_concurrency: {concurrency}}}\n"
        (self.path / "config.yaml").write_text(f"model_name: echo\npython_version: py311\n{runtime}")
        self._ports.mkdir()

    @property
    def arguments(self) -> tuple[str | Path, ...]:
        """Those of EmulatorProcess: what to serve, and the options that every benchmark wants."""
        options = ("--no-rate-limits", "--data-dir", self.data_dir, "--env", f"PORTS={self._ports}")
        return (self.path, *options)

    @property
    def server_pid(self) -> int:
        """The process of the replica that was loaded last."""
        return int(self._newest().name)

    def _newest(self) -> Path:
        return max(self._ports.iterdir(), key=lambda file: file.stat().st_mtime_ns)
