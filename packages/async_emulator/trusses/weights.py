"""Where the files of `weights`, `model_cache` and `external_data` belong, and the local ones in their place.

The places are those of truss 0.18: `WeightsSource.mount_location`, `ModelRepo.runtime_path`, and those in the
Dockerfile that it renders.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

APP = PurePosixPath("/app")
_MODEL_CACHE = APP / "model_cache"
_MAIN = "main"
_COMMIT = re.compile("[0-9a-f]{40}")
_BUCKETS = ("gs://", "s3://")


@dataclass(frozen=True, kw_only=True, slots=True)
class Weights:
    """One entry of config.yaml. `place` is its absolute path in the image, or below the hub's cache.

    `names` are what `--weights` may call it by; the first is shown. With a `revision`, it is a repository
    that the image keeps in the cache of Hugging Face's hub, and `place` is the repository's id.
    """

    key: str
    place: PurePosixPath
    names: tuple[str, ...]
    revision: str | None = None

    def given(self, folders: Mapping[str, Path]) -> Path | None:
        """Return the local folder or file that stands for it; None: none was given."""
        return next((folders[name] for name in self.names if name in folders), None)


def weights_of(config: Mapping[str, Any]) -> list[Weights]:
    """Return every entry, in one numbering: `weights`, then `model_cache`, then `external_data`."""
    return [
        Weights(key=key, place=place, names=(*names, str(index)), revision=revision)
        for index, (key, place, names, revision) in enumerate(_entries(config))
    ]


def lay_out_weights(weights: Mapping[Weights, Path], app: Path, hub: Path) -> dict[str, str]:
    """Link each local folder or file from where the image has it, as far as that is below /app.

    Writes a cache of the hub to `hub` where one is needed. Returns the places by their absolute paths.
    """
    places = {}
    for each, local in weights.items():
        if each.revision is not None:
            _lay_out_in_hub(hub, str(each.place), each.revision, local)
            continue
        places[str(each.place)] = str(local)
        if each.place.is_relative_to(APP):
            link = app / each.place.relative_to(APP)
            link.parent.mkdir(parents=True, exist_ok=True)
            if link.is_file():
                link.unlink()  # what is loaded comes before what the Truss has of the same name
            if not link.exists():
                link.symlink_to(local)
    return places


def _entries(config: Mapping[str, Any]) -> Iterator[tuple[str, PurePosixPath, tuple[str, ...], str | None]]:
    for entry in _dicts(config, "weights"):
        mount = str(entry.get("mount_location"))
        yield "weights", PurePosixPath(mount), (mount, str(entry.get("source"))), None
    for key in ("model_cache", "hf_cache"):
        for entry in _dicts(config, key):
            repository = str(entry.get("repo_id"))
            if folder := entry.get("volume_folder"):
                place = _MODEL_CACHE / str(folder)
                yield key, place, (str(place), str(folder), repository), None
            elif repository.startswith(_BUCKETS):
                place = _MODEL_CACHE / repository.partition("://")[2]
                yield key, place, (str(place), repository), None
            else:
                yield key, PurePosixPath(repository), (repository,), str(entry.get("revision") or _MAIN)
    for entry in _dicts(config, "external_data"):
        path = str(entry.get("local_data_path"))
        yield "external_data", APP / "data" / path, (path, str(entry.get("url"))), None


def _dicts(config: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    found = config.get(key)
    yield from (entry for entry in found if isinstance(entry, dict)) if isinstance(found, list) else ()


def _lay_out_in_hub(hub: Path, repository_id: str, revision: str, local: Path) -> None:
    """Write the repository as the hub's library keeps it.

    The layout is that of huggingface.co/docs/huggingface_hub/guides/manage-cache.
    """
    commit = revision if _COMMIT.fullmatch(revision) else "0" * 40
    repository = hub / f"models--{repository_id.replace('/', '--')}"
    for name in {_MAIN, revision} - {commit}:
        reference = repository / "refs" / name
        reference.parent.mkdir(parents=True, exist_ok=True)
        reference.write_text(commit, encoding="utf-8")
    (repository / "snapshots").mkdir(exist_ok=True)
    (repository / "snapshots" / commit).symlink_to(local)
