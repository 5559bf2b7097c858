from pathlib import Path

import pytest

from async_emulator.errors import MissingWeights, UnknownWeights, Unsupported
from async_emulator.settings.substitutes import Substitutes
from async_emulator.trusses.needs import IGNORABLE, needs_of
from async_emulator.trusses.weights import weights_of

NOTHING = Substitutes()
HERE = Path("/here")
OF_AN_IMAGE = {
    "base_image": {"image": "nvidia/cuda"},
    "bis_llm": {"engine": "x"},
    "build_commands": ["make"],
    "docker_server": {"start_command": "run"},
    "system_packages": ["ffmpeg"],
    "training_checkpoints": {"x": 1},
    "trt_llm": {"build": {}},
}
GPU = {"resources": {"accelerator": "L4"}}
WEIGHTS = {
    "weights": [{"source": "hf://a/b@main", "mount_location": "/models/b"}],
    "model_cache": [
        {"repo_id": "c/d", "volume_folder": "d", "use_volume": True},
        {"repo_id": "e/f", "use_volume": False},
        {"repo_id": "gs://bucket/g", "use_volume": False},
    ],
    "external_data": [{"url": "https://x/h.bin", "local_data_path": "h/h.bin"}],
}
PLACES = {
    "/models/b": "/models/b",
    "/app/model_cache/d": "/app/model_cache/d",
    "e/f": "e/f",
    "/app/model_cache/bucket/g": "/app/model_cache/bucket/g",
    "h/h.bin": "/app/data/h/h.bin",
}


@pytest.mark.parametrize("key", IGNORABLE)
def test_what_only_an_image_has_is_refused_left_out_where_ignored_and_needless_for_a_stub(key):
    config = {key: OF_AN_IMAGE[key]}
    with pytest.raises(
        Unsupported, match=rf"^t/config.yaml: {key}: .* by --ignore {key}, or .* --stub FILE.py$"
    ):
        needs_of(config, NOTHING, has_stub=False, place="t/config.yaml")
    for needs in (
        needs_of(config, Substitutes(ignored=frozenset({key})), has_stub=False),
        needs_of(config, NOTHING, has_stub=True),
    ):
        assert needs.left_out == (key,)
        assert needs.warnings == (f"config.yaml: {key} is left out",)


@pytest.mark.parametrize("kind", ["grpc", "websocket"])
def test_only_plain_http_is_served_whatever_stands_in(kind):
    config = {"runtime": {"transport": {"kind": kind}}}
    with pytest.raises(Unsupported, match="async requests need plain http"):
        needs_of(config, Substitutes(ignored=frozenset(IGNORABLE)), has_stub=True)


def test_an_accelerator_is_a_warning_unless_strict():
    assert needs_of(GPU, NOTHING, has_stub=False).warnings == (
        "config.yaml: resources.accelerator: L4: the model runs on what this machine has",
    )
    with pytest.raises(Unsupported, match=r"resources\.accelerator: 'L4' cannot be emulated"):
        needs_of(GPU, Substitutes(is_strict=True), has_stub=True)


@pytest.mark.parametrize(("name", "place"), PLACES.items())
def test_weights_are_named_by_their_place_or_their_index(name, place):
    index = str(list(PLACES).index(name))
    others = {each: HERE for each in PLACES if each != name}
    with pytest.raises(MissingWeights, match=rf": {name} is not downloaded: .* --weights {name}=DIR, or "):
        needs_of(WEIGHTS, Substitutes(weights=others), has_stub=False)
    for called in (name, index):
        weights = {**others, called: Path("/there")}
        given = needs_of(WEIGHTS, Substitutes(weights=weights), has_stub=False).weights
        assert [str(each.place) for each, local in given.items() if local == Path("/there")] == [place]


def test_a_stub_needs_no_weights():
    needs = needs_of(WEIGHTS, NOTHING, has_stub=True)
    assert needs.weights == {}
    assert needs.warnings[0] == "config.yaml: weights: /models/b is left out"
    assert len(needs.warnings) == len(PLACES)


def test_weights_that_the_truss_does_not_name_are_a_mistake_unless_others_may():
    weights = {"/model/b": HERE, **dict.fromkeys(PLACES, HERE)}
    with pytest.raises(UnknownWeights, match=r"^--weights /model/b: .* allowed is /models/b, "):
        needs_of(WEIGHTS, Substitutes(weights=weights), has_stub=False)
    needs_of(WEIGHTS, Substitutes(weights=weights, is_partial=True), has_stub=False)
    with pytest.raises(UnknownWeights, match="it names no weights: leave the option out"):
        needs_of({}, Substitutes(weights={"0": HERE}), has_stub=False)


@pytest.mark.parametrize(
    "config",
    [{"weights": "x"}, {"weights": [3]}, {"resources": 3}, {"external_data": [{}]}, {"base_image": 3}],
)
def test_what_truss_will_refuse_is_left_to_truss(config):
    weights_of(config)
    needs_of(config, NOTHING, has_stub=True)
