from pathlib import Path

import pytest

from async_emulator.trusses.weights import lay_out_weights, weights_of


def entries(**config: object):
    return {each.names[0]: each for each in weights_of(config)}


def test_what_lies_below_app_is_a_link_and_all_absolute_places_are_told(tmp_path):
    local = tmp_path / "local"
    local.mkdir()
    (local / "x").write_text("heavy")
    found = entries(
        weights=[
            {"source": "hf://a/b", "mount_location": "/models/b"},
            {"source": "hf://a/c", "mount_location": "/app/weights/c"},
        ],
        external_data=[{"url": "https://x/h.bin", "local_data_path": "deep/h.bin"}],
    )
    app = tmp_path / "app"
    given = {
        found["/models/b"]: local,
        found["/app/weights/c"]: local,
        found["deep/h.bin"]: local / "x",
    }
    places = lay_out_weights(given, app, tmp_path / "hub")
    assert places == {
        "/models/b": str(local),
        "/app/weights/c": str(local),
        "/app/data/deep/h.bin": str(local / "x"),
    }
    assert (app / "weights" / "c" / "x").read_text() == "heavy"
    assert (app / "data" / "deep" / "h.bin").read_text() == "heavy"
    assert not (tmp_path / "hub").exists()


@pytest.mark.parametrize("revision", ["", "main", "refs/pr/1", "v1.0", "0123456789" * 4])
def test_a_repository_in_the_image_is_where_the_hub_s_library_looks(tmp_path, revision):
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "config.json").write_text("{}")
    [each] = weights_of({"model_cache": [{"repo_id": "org/name", "revision": revision}]})
    hub = tmp_path / "hub"
    assert lay_out_weights({each: tmp_path / "local"}, tmp_path / "app", hub) == {}

    from huggingface_hub import try_to_load_from_cache

    for asked in {revision or "main", "main"}:
        found = try_to_load_from_cache("org/name", "config.json", cache_dir=hub, revision=asked)
        assert isinstance(found, str)
        assert Path(found).read_text() == "{}"


def test_what_is_loaded_comes_before_a_file_of_the_truss(tmp_path):
    (tmp_path / "app" / "data").mkdir(parents=True)
    (tmp_path / "app" / "data" / "y").write_text("of the Truss")
    (tmp_path / "local").write_text("loaded")
    [each] = weights_of({"external_data": [{"url": "https://x", "local_data_path": "y"}]})
    lay_out_weights({each: tmp_path / "local"}, tmp_path / "app", tmp_path / "hub")
    assert (tmp_path / "app" / "data" / "y").read_text() == "loaded"
