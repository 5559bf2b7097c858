"""PIL's images, as PNG unless the settings name another format."""

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from truss_outputs.values.artifact import Artifact
from truss_outputs.values.represent import represent
from truss_outputs.values.requirement import requirement
from truss_outputs.values.restore import restores

if TYPE_CHECKING:
    from PIL import Image

ImageFormat: TypeAlias = Literal["PNG", "JPEG", "WEBP"]

# The modes that each format stores without converting them. TIFF stores all others: 32-bit and CMYK.
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
    """An image whose file format the encoder chooses, from its settings."""

    image: "Image.Image"

    def stored_as(self, wanted: ImageFormat) -> Artifact:
        """Encode all frames, in the wanted format or else the first of PNG and TIFF that holds them."""
        image, frames = self.image, getattr(self.image, "n_frames", 1)
        fits = [form for form in (wanted, "PNG") if image.mode in _MODES[form]]
        form = next((form for form in fits if frames == 1 or form != "JPEG"), "TIFF")
        file = io.BytesIO()
        image.save(file, form, **_OPTIONS[form], **({"save_all": True} if frames > 1 else {}))
        return Artifact(file.getvalue(), f"image/{form.lower()}", kind="image")


@represent.register("PIL.Image.Image")
def _(image: "Image.Image") -> object:
    return Picture(image)


@restores("image")
def image(data: bytes) -> "Image.Image":
    """Read the image in a file, whole."""
    with requirement("pillow"):
        from PIL import Image
    opened = Image.open(io.BytesIO(data))
    opened.load()
    return opened
