from pathlib import Path

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


def test_a_repository_in_the_image_is_where_the_hub_s_library_looks(tmp_path):
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "config.json").write_text("{}")
    [each] = weights_of({"model_cache": [{"repo_id": "org/name", "use_volume": False}]})
    hub = tmp_path / "hub"
    assert lay_out_weights({each: tmp_path / "local"}, tmp_path / "app", hub) == {}

    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache("org/name", "config.json", cache_dir=hub)
    assert isinstance(found, str)
    assert Path(found).read_text() == "{}"
