"""Many images' dominant colours: one kind of worker reads, another counts, and one result is stored."""

import asyncio
from typing import Any

import truss_chains as chains
from fastapi import HTTPException
from pydantic import BaseModel, Field

from dominant_colors import find_colors, from_png, read_image, to_png
from truss_outputs import Artifact, ModelOutputs, error_reason, stores_failures

IMAGE = chains.DockerImage(
    base_image=chains.BasetenImage.PY311,
    pip_requirements=["boto3==1.44.5", "numpy==1.26.4", "pillow==13.0.0", "pydantic==2.14.3"],
    external_package_dirs=[chains.make_abs_path_here("../packages")],
)
# A folder, so that the chain runs on your machine as it is. Before a push, name a bucket as in config.yaml.
OPTIONS = chains.ChainletOptions(metadata={"truss_outputs": {"url": "file:///tmp/truss-outputs"}})


class Item(BaseModel):
    image: str  # a data URI or an https URL
    colors: int = Field(default=5, ge=1, le=16)


class Picture(BaseModel):
    png: bytes
    colors: list[dict[str, Any]] = []


class Stored(BaseModel, extra="allow"): ...  # the reference to the result, or as the setting `response` says


class Reader(chains.ChainletBase):
    remote_config = chains.RemoteConfig(docker_image=IMAGE, compute=chains.Compute(predict_concurrency=8))

    async def run_remote(self, source: str) -> Picture:
        try:
            return Picture(png=to_png(await asyncio.to_thread(read_image, source)))
        except (ValueError, OSError) as error:  # a bad input fails every attempt, so 422: no retry
            raise HTTPException(422, f"bad image: {error}") from error


class Counter(chains.ChainletBase):
    remote_config = chains.RemoteConfig(docker_image=IMAGE)

    async def run_remote(self, picture: Picture, count: int) -> Picture:
        colors, redrawn = await asyncio.to_thread(find_colors, from_png(picture.png), count)
        return Picture(png=to_png(redrawn), colors=colors)


@chains.mark_entrypoint("Dominant Colors")
class DominantColors(chains.ChainletBase):
    remote_config = chains.RemoteConfig(docker_image=IMAGE, options=OPTIONS)

    def __init__(
        self,
        reader: Reader = chains.depends(Reader, retries=2, concurrency_limit=8, use_binary=True),
        counter: Counter = chains.depends(Counter, retries=2, concurrency_limit=4, use_binary=True),
        context: chains.DeploymentContext = chains.depends_context(),
    ) -> None:
        self._reader, self._counter = reader, counter
        self._outputs = ModelOutputs.from_chainlet(self.remote_config, context)

    @stores_failures
    async def run_remote(self, items: list[Item]) -> Stored:
        ended = await asyncio.gather(*map(self._colors, items), return_exceptions=True)
        failed = {i: each for i, each in enumerate(ended) if isinstance(each, BaseException)}
        if failed and len(failed) == len(items):
            raise failed[0]
        for i, error in failed.items():
            ended[i] = {"error": error_reason(error)}
        return Stored(**await self._outputs.astore({"items": ended}))

    async def _colors(self, item: Item) -> dict[str, Any]:
        read = await self._reader.run_remote(item.image)
        counted = await self._counter.run_remote(read, item.colors)
        return {"colors": counted.colors, "image": Artifact(counted.png, "image/png")}
