"""An image's dominant colours, and the image in them. Your own model goes into `load` and `predict`."""

import io
import urllib.request
from typing import Any

import numpy as np
from fastapi import HTTPException
from PIL import Image
from starlette.requests import Request

from truss_outputs import Artifact, ModelOutputs, stores_failures


class Model:
    def __init__(self, config: dict[str, Any], secrets: Any, **kwargs: Any) -> None:
        self._outputs = ModelOutputs.from_truss(config, secrets, environment=kwargs.get("environment"))

    def load(self) -> None: ...  # load your weights here; k-means has none

    @stores_failures
    def predict(self, model_input: dict[str, Any]) -> dict[str, Any]:
        try:
            image, colors = read_image(model_input.get("image")), model_input.get("colors", 5)
            if type(colors) is not int or not 1 <= colors <= 16:
                raise ValueError("colors must be a whole number from 1 to 16")
        except Exception as error:  # the input's fault, and 422 says so: it is not tried again
            raise HTTPException(422, f"bad model_input: {error}") from error
        pixels = np.asarray(image, np.float32).reshape(-1, 3)
        centres = np.unique(pixels, axis=0)  # sorted: the same image always gives the same colours
        centres = centres[np.linspace(0, len(centres) - 1, min(colors, len(centres))).astype(int)]
        for _ in range(10):  # each pixel to the nearest centre, each centre to the mean of its pixels
            owner = (np.square(centres).sum(1) - 2 * pixels @ centres.T).argmin(1)
            used, owner = np.unique(owner, return_inverse=True)
            centres = np.stack([pixels[owner == i].mean(0) for i in range(len(used))])
        palette, share = centres.round().astype(np.uint8), np.bincount(owner) / len(owner)
        Image.fromarray(palette[owner].reshape(image.height, image.width, 3)).save(png := io.BytesIO(), "PNG")
        return {
            "colors": [{"hex": "#" + bytes(palette[i]).hex(), "share": share[i]} for i in np.argsort(-share)],
            "size": {"width": image.width, "height": image.height},
            "image": Artifact(png.getvalue(), "image/png"),
        }

    def postprocess(self, output: dict[str, Any], request: Request) -> Any:
        return self._outputs.store(output, request)


def read_image(source: object) -> Image.Image:
    """The image behind a data URI or an https URL, at most 512 pixels wide and high."""
    if not str(source).startswith(("data:", "https://")):
        raise ValueError("image must be a data URI or an https URL")
    opener = urllib.request.OpenerDirector()  # unlike urlopen it follows no redirect and reads no file
    opener.add_handler(urllib.request.DataHandler())
    opener.add_handler(urllib.request.HTTPSHandler())
    with opener.open(str(source), timeout=10) as response:
        image = Image.open(io.BytesIO(response.read(20_000_000)))
    if image.width * image.height > 25_000_000:
        raise ValueError(f"an image of {image.width} x {image.height} pixels is too large")
    image.thumbnail((512, 512))
    return image.convert("RGB")
