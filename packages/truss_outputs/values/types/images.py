"""PIL's images, as PNG unless the settings say otherwise."""

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from truss_outputs.values.artifact import Artifact
from truss_outputs.values.represent import represent
from truss_outputs.values.types.requirement import requirement

if TYPE_CHECKING:
    from PIL import Image

ImageFormat: TypeAlias = Literal["PNG", "JPEG", "WEBP"]

# What each can hold without a loss of its own. TIFF holds the rest: 32 bits a pixel, print's colours.
_MODES: dict[str, frozenset[str]] = {
    "PNG": frozenset(("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
    "JPEG": frozenset(("L", "RGB")),
    "WEBP": frozenset(("RGB", "RGBA")),
}
# A photo of a megapixel: 0.5 s at PNG's usual level 6, 0.2 s and an eighth more bytes at level 3.
_OPTIONS: dict[str, dict[str, int]] = {
    "PNG": {"compress_level": 3},
    "JPEG": {"quality": 90},
    "WEBP": {"quality": 90},
    "TIFF": {},
}


@dataclass(frozen=True)
class Picture:
    """An image whose format the encoder chooses."""

    image: "Image.Image"

    def stored_as(self, wanted: ImageFormat) -> Artifact:
        """The image in the wanted format, or in the first that can hold it as it is. All frames of it."""
        image, frames = self.image, getattr(self.image, "n_frames", 1)
        fits = [form for form in (wanted, "PNG") if image.mode in _MODES[form]]
        form = next((form for form in fits if frames == 1 or form != "JPEG"), "TIFF")
        file = io.BytesIO()
        image.save(file, form, **_OPTIONS[form], **({"save_all": True} if frames > 1 else {}))
        return Artifact(file.getvalue(), f"image/{form.lower()}", kind="image")


@represent.register("PIL.Image.Image")
def _(image: "Image.Image") -> object:
    return Picture(image)


def image(data: bytes) -> "Image.Image":
    """The image in a file."""
    with requirement("pillow"):
        from PIL import Image
    opened = Image.open(io.BytesIO(data))
    opened.load()
    return opened
