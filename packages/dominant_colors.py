"""What the model at the root and the chain compute: an image's dominant colours, and the image in them."""

import io
import urllib.request
from typing import Any

import numpy as np
from PIL import Image

MOST_COLORS = 16

_LARGEST_BYTES = 20_000_000
_LARGEST_PIXELS = 25_000_000
_SIZE = (512, 512)
_ROUNDS = 10


def read_image(source: object) -> Image.Image:
    """The image behind a data URI or an https URL, at most 512 pixels wide and high.

    Raises ValueError for any other source and for an image that is too large, OSError for one that cannot be
    fetched or is none.
    """
    if not str(source).startswith(("data:", "https://")):
        raise ValueError("image must be a data URI or an https URL")
    opener = urllib.request.OpenerDirector()  # unlike urlopen it follows no redirect and reads no file
    opener.add_handler(urllib.request.DataHandler())
    opener.add_handler(urllib.request.HTTPSHandler())
    with opener.open(str(source), timeout=10) as response:
        image = Image.open(io.BytesIO(response.read(_LARGEST_BYTES)))
    if image.width * image.height > _LARGEST_PIXELS:
        raise ValueError(f"an image of {image.width} x {image.height} pixels is too large")
    image.thumbnail(_SIZE)
    return image.convert("RGB")


def from_png(data: bytes) -> Image.Image:
    """The image in a PNG file."""
    return Image.open(io.BytesIO(data))


def to_png(image: Image.Image) -> bytes:
    """The image as a PNG file."""
    image.save(file := io.BytesIO(), "PNG")
    return file.getvalue()


def find_colors(image: Image.Image, count: int) -> tuple[list[dict[str, Any]], Image.Image]:
    """At most `count` colours with their shares, the largest first, and the image drawn in them: k-means.

    The same image always gives the same colours. Raises ValueError.
    """
    if type(count) is not int or not 1 <= count <= MOST_COLORS:
        raise ValueError(f"colors must be a whole number from 1 to {MOST_COLORS}")
    pixels = np.asarray(image, np.float32).reshape(-1, 3)
    centres = np.unique(pixels, axis=0)  # sorted, so that nothing here is left to chance
    centres = centres[np.linspace(0, len(centres) - 1, min(count, len(centres))).astype(int)]
    for _ in range(_ROUNDS):  # each pixel to the nearest centre, each centre to the mean of its pixels
        owner = (np.square(centres).sum(1) - 2 * pixels @ centres.T).argmin(1)
        used, owner = np.unique(owner, return_inverse=True)
        centres = np.stack([pixels[owner == i].mean(0) for i in range(len(used))])
    palette, share = centres.round().astype(np.uint8), np.bincount(owner) / len(owner)
    redrawn = Image.fromarray(palette[owner].reshape(image.height, image.width, 3))
    return [{"hex": "#" + bytes(palette[i]).hex(), "share": share[i]} for i in np.argsort(-share)], redrawn
