"""Writes build contexts as `truss push` does, without asking anyone. Runs in the process of `worker.main`."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import yaml
from truss.contexts.image_builder.serving_image_builder import ServingImageBuilder
from truss.truss_handle.truss_handle import TrussHandle

_ASKS = "model_cache"
"""For this setting, truss asks Hugging Face and others which files there are."""


class _OfflineBuilder(ServingImageBuilder):  # type: ignore[misc]  # truss is not typed
    """Leaves settings out while it writes the context."""

    def __init__(self, truss_dir: Path, left_out: Sequence[str]) -> None:
        super().__init__(truss_dir)
        config = self._spec.config
        for key in left_out:
            setattr(config, key, type(config).model_fields[key].get_default(call_default_factory=True))


def write_context(truss_dir: Path, context: Path, left_out: Sequence[str] | None) -> None:
    """Let truss write the context to `context`, as of a Truss without the settings that are `left_out`.

    The config.yaml of the context has all others. None: it is for an image, so truss asks. Raises what truss
    raises.
    """
    handle = TrussHandle(truss_dir)
    kept = handle.spec.config.to_dict(verbose=True).get(_ASKS)
    if left_out is None or not (kept or left_out):
        handle.build_docker_build_context(context)
    else:
        gathered = handle.gather() if handle.is_scattered() else truss_dir
        _OfflineBuilder(gathered, [_ASKS, *left_out]).prepare_image_build_dir(context)
        _set(context / "config.yaml", _ASKS, kept)
    shutil.rmtree(context / "build_hash", ignore_errors=True)  # a second copy of everything, for Docker


def _set(file: Path, key: str, value: object) -> None:
    config = yaml.safe_load(file.read_text(encoding="utf-8"))
    file.write_text(yaml.safe_dump({**config, key: value}), encoding="utf-8")
