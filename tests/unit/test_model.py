"""The model at the root, as the Truss server calls it."""

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from fastapi import HTTPException
from PIL import Image
from starlette.requests import Request

from model.model import Model
from truss_outputs import OutputReader, from_url

ROOT = Path(__file__).parents[2]
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
REQUEST = "35643965636d4c3da6f54b5c3b354aa0"


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    monkeypatch.setenv("TRUSS_OUTPUTS_URL", tmp_path.as_uri())
    model = Model(config=CONFIG, secrets={}, environment=None)
    model.load()
    return model


def data_uri(image: Image.Image, format: str = "PNG") -> str:
    file = io.BytesIO()
    image.save(file, format)
    return f"data:image/{format.lower()};base64,{base64.b64encode(file.getvalue()).decode()}"


def flag() -> Image.Image:
    """Three quarters red, one quarter blue."""
    image = Image.new("RGB", (8, 4), "#ff0000")
    image.paste("#0000ff", (6, 0, 8, 4))
    return image


def redrawn(output: dict[str, Any]) -> Image.Image:
    image = output["image"]
    assert isinstance(image, Image.Image)
    return image


def test_the_dominant_colors_come_with_their_share(model: Model) -> None:
    output = model.predict({"image": data_uri(flag()), "colors": 2})
    assert output["colors"] == [{"hex": "#ff0000", "share": 0.75}, {"hex": "#0000ff", "share": 0.25}]
    assert output["size"] == {"width": 8, "height": 4}
    assert redrawn(output).tobytes() == flag().tobytes()


def test_an_image_of_few_colors_has_no_more(model: Model) -> None:
    output = model.predict({"image": data_uri(flag()), "colors": 16})
    assert [color["hex"] for color in output["colors"]] == ["#ff0000", "#0000ff"]


def test_fewer_colors_are_asked_for_than_there_are(model: Model) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    output = model.predict({"image": data_uri(Image.fromarray(pixels)), "colors": 3})
    assert len(output["colors"]) == 3
    assert sum(color["share"] for color in output["colors"]) == pytest.approx(1)
    assert len(redrawn(output).getcolors() or []) == 3


def test_the_same_image_has_the_same_colors(model: Model) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    uri = data_uri(Image.fromarray(pixels))
    assert model.predict({"image": uri}) == model.predict({"image": uri})


def test_a_large_image_is_made_smaller(model: Model) -> None:
    output = model.predict({"image": data_uri(Image.new("RGB", (2048, 1024), "white"), "JPEG")})
    assert output["size"] == {"width": 512, "height": 256}
    assert redrawn(output).size == (512, 256)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "LA", "I;16"])
def test_any_kind_of_image_is_taken(model: Model, mode: str) -> None:
    output = model.predict({"image": data_uri(Image.new(mode, (3, 3)))})
    assert output["colors"] == [{"hex": "#000000", "share": 1.0}]


@pytest.mark.parametrize(
    ("model_input", "problem"),
    [
        ({}, "image must be a data URI or an https URL"),
        ({"image": None}, "image must be a data URI or an https URL"),
        ({"image": "http://127.0.0.1/x.png"}, "image must be a data URI or an https URL"),
        ({"image": "file:///etc/passwd"}, "image must be a data URI or an https URL"),
        ({"image": "data:image/png;base64,bm8gaW1hZ2U="}, "cannot identify image file"),
        ({"image": "data:image/png;base64,@@@"}, "cannot identify image file"),
        ({"image": data_uri(flag())[:-30]}, ""),
        ({"image": "data:"}, ""),
        ({"image": data_uri(flag()), "colors": 0}, "colors must be a whole number from 1 to 16"),
        ({"image": data_uri(flag()), "colors": 17}, "colors must be a whole number from 1 to 16"),
        ({"image": data_uri(flag()), "colors": "5"}, "colors must be a whole number from 1 to 16"),
        ({"image": data_uri(flag()), "colors": True}, "colors must be a whole number from 1 to 16"),
        ([1, 2], ""),
        (None, ""),
    ],
)
def test_bad_input_is_answered_422_and_says_why(model: Model, model_input: Any, problem: str) -> None:
    with pytest.raises(HTTPException) as caught:
        model.predict(model_input)
    assert caught.value.status_code == 422
    assert caught.value.detail.startswith(f"bad model_input: {problem}")
    assert "\n" not in caught.value.detail


def test_an_image_of_too_many_pixels_is_not_decoded(model: Model) -> None:
    with pytest.raises(HTTPException, match="pixels is too large"):
        model.predict({"image": data_uri(Image.new("1", (6000, 6000)))})


def test_postprocess_stores_what_predict_returned(model: Model, tmp_path: Path) -> None:
    output = model.predict(CONFIG["model_metadata"]["example_model_input"])
    request = Request({"type": "http", "headers": [(b"x-baseten-request-id", REQUEST.encode())]})
    answer = model.postprocess(output, request)
    assert answer["url"] == f"{tmp_path.as_uri()}/{REQUEST}/result.json"
    reader = OutputReader(from_url(tmp_path.as_uri()))
    value = reader.value(reader.load(REQUEST))
    assert value["colors"] == output["colors"]
    assert [color["hex"] for color in value["colors"]] == ["#87ceeb", "#1e6fa8", "#e8d39e", "#ffc42e"]
    assert value["image"].tobytes() == output["image"].tobytes()
    assert [artifact["name"] for artifact in answer["artifacts"]] == ["image.png"]


def test_the_model_fits_on_a_page() -> None:
    assert len((ROOT / "model/model.py").read_text().splitlines()) <= 60
