"""Sound as a WAV file of 16 bits: a tuple `(samples, rate)`.

`samples` is a numpy array of shape (frames,) or (frames, channels), as in soundfile and scipy, of int16 or of
floats from -1 to 1. Louder floats are all divided by the loudest, so that nothing is clipped; NaN and
infinities are refused. Any other tuple is stored as a list.
"""

import io
import wave
from typing import TYPE_CHECKING, Any

from truss_outputs.values.artifact import Artifact
from truss_outputs.values.represent import represent_together
from truss_outputs.values.requirement import requirement
from truss_outputs.values.restore import restores

if TYPE_CHECKING:
    import numpy.typing as npt

# The sample rates in use, from telephones to studios, in frames a second. With any other number the tuple is
# not taken for sound.
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

    exact = samples.astype(np.float64)
    peak = np.abs(exact).max(initial=1.0)
    if not np.isfinite(peak):
        raise ValueError("a sample of the sound is NaN or infinite: repair it, or store the array alone")
    whole: npt.NDArray[Any] = np.rint(exact / peak * _LOUDEST)
    return whole


@restores("audio-int16-channels")
def integers(data: bytes) -> "tuple[npt.NDArray[Any], int]":
    """Read the samples, of shape (frames, channels), and their rate."""
    with requirement("numpy"):
        import numpy as np
    with wave.open(io.BytesIO(data)) as sound:
        frames = sound.readframes(sound.getnframes())
        samples = np.frombuffer(frames, "<i2").astype(np.int16)
        return samples.reshape(-1, sound.getnchannels()), sound.getframerate()


@restores("audio-float-channels")
def floats(data: bytes) -> "tuple[npt.NDArray[Any], int]":
    """Read the samples as float32, of shape (frames, channels), and their rate."""
    samples, rate = integers(data)
    return (samples / _LOUDEST).astype("float32"), rate


@restores("audio-int16-mono")
def mono_integers(data: bytes) -> "tuple[npt.NDArray[Any], int]":
    """Read the samples, of shape (frames,), and their rate."""
    samples, rate = integers(data)
    return samples[:, 0], rate


@restores("audio-float-mono")
def mono_floats(data: bytes) -> "tuple[npt.NDArray[Any], int]":
    """Read the samples as float32, of shape (frames,), and their rate."""
    samples, rate = floats(data)
    return samples[:, 0], rate
