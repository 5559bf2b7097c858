"""Sound as a WAV file of 16 bits: a tuple `(samples, rate)`.

`samples` is a numpy array, of shape (frames,) or (frames, channels) as soundfile and scipy have it, of int16
or of floats from -1 to 1; what lies beyond is cut off. Any other tuple is a list of two, whatever it holds.
"""

import io
import wave
from typing import TYPE_CHECKING, Any

from truss_outputs.values.artifact import Artifact
from truss_outputs.values.represent import represent_together
from truss_outputs.values.types.requirement import requirement

if TYPE_CHECKING:
    import numpy.typing as npt

# Frames a second that are in use, from telephones to studios: an array beside another number is not sound.
_RATES = frozenset(
    (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000, 176400, 192000)
)
_MOST_CHANNELS = 32
_LOUDEST = 32767


@represent_together.register("numpy.ndarray")
def _(samples: "npt.NDArray[Any]", whole: Any) -> object | None:
    if type(whole) is not tuple or len(whole) != 2 or type(whole[1]) is not int or whole[1] not in _RATES:
        return None
    is_float = samples.dtype.kind == "f"
    if samples.ndim not in (1, 2) or not (is_float or samples.dtype == "int16"):
        return None
    channels = samples.shape[1] if samples.ndim == 2 else 1
    if not 1 <= channels <= _MOST_CHANNELS:
        raise ValueError(f"sound is of shape (frames, channels), and this has {channels} channels")
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(2)
        sound.setframerate(whole[1])
        sound.writeframes((_whole_numbers(samples) if is_float else samples).astype("<i2").tobytes())
    shape = "mono" if samples.ndim == 1 else "channels"
    kind = f"audio-{'float' if is_float else 'int16'}-{shape}"
    return Artifact(file.getvalue(), "audio/x-wav", kind=kind)


def _whole_numbers(samples: "npt.NDArray[Any]") -> "npt.NDArray[Any]":
    import numpy as np

    within = np.clip(np.nan_to_num(samples.astype(np.float64), posinf=1, neginf=-1), -1, 1)
    whole: npt.NDArray[Any] = np.rint(within * _LOUDEST)
    return whole


def integers(data: bytes) -> "tuple[npt.NDArray[Any], int]":
    """The samples, of shape (frames, channels), and their rate."""
    with requirement("numpy"):
        import numpy as np
    with wave.open(io.BytesIO(data)) as sound:
        frames = sound.readframes(sound.getnframes())
        samples = np.frombuffer(frames, "<i2").astype(np.int16)
        return samples.reshape(-1, sound.getnchannels()), sound.getframerate()


def floats(data: bytes) -> "tuple[npt.NDArray[Any], int]":
    """The samples as float32, of shape (frames, channels), and their rate."""
    samples, rate = integers(data)
    return (samples / _LOUDEST).astype("float32"), rate


def mono_integers(data: bytes) -> "tuple[npt.NDArray[Any], int]":
    """The samples, of shape (frames,), and their rate."""
    samples, rate = integers(data)
    return samples[:, 0], rate


def mono_floats(data: bytes) -> "tuple[npt.NDArray[Any], int]":
    """The samples as float32, of shape (frames,), and their rate."""
    samples, rate = floats(data)
    return samples[:, 0], rate
