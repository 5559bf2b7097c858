"""An image's dominant colours, and the image in them. Your own model goes into `load` and `predict`."""

from typing import Any

from fastapi import HTTPException
from starlette.requests import Request

from dominant_colors import find_colors, read_image
from truss_outputs import ModelOutputs, stores_failures


class Model:
    def __init__(self, config: dict[str, Any], secrets: Any, **kwargs: Any) -> None:
        self._outputs = ModelOutputs.from_truss(config, secrets, environment=kwargs.get("environment"))

    def load(self) -> None: ...  # load your weights here; k-means has none

    @stores_failures
    def predict(self, model_input: dict[str, Any]) -> dict[str, Any]:
        try:
            image = read_image(model_input.get("image"))
            colors, redrawn = find_colors(image, model_input.get("colors", 5))
        except Exception as error:  # a bad input fails every attempt, so 422: no retry
            raise HTTPException(422, f"bad model_input: {error}") from error
        size = {"width": image.width, "height": image.height}
        return {"colors": colors, "size": size, "image": redrawn}

    def postprocess(self, output: dict[str, Any], request: Request) -> Any:
        return self._outputs.store(output, request)
