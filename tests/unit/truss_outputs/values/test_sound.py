"""A tuple of samples and their rate is sound, where it is nothing else."""

import io
import wave
from typing import Any

import numpy as np
import pytest

from tests.unit.truss_outputs.values.stored_values import names, round_trip
from truss_outputs import UnstorableOutput
from truss_outputs.values.encode import encode


@pytest.mark.parametrize("shape", [(800,), (800, 2), (0,), (1, 1)])
@pytest.mark.parametrize("dtype", ["int16", "float32", "float64"])
def test_sound_is_a_wav(shape: tuple[int, ...], dtype: str) -> None:
    random = np.random.default_rng(0)
    samples = random.uniform(-1, 1, shape)
    samples = (samples * 32767).astype(dtype) if dtype == "int16" else samples.astype(dtype)
    value, artifacts = round_trip({"speech": (samples, 16000)})
    assert names(artifacts) == [("speech.wav", "audio/x-wav")]
    read, rate = value["speech"]
    assert rate == 16000
    assert read.shape == shape
    np.testing.assert_allclose(read, samples, atol=0 if dtype == "int16" else 1 / 32767)


def test_sound_too_loud_is_scaled_and_a_player_can_play_it() -> None:
    encoded = encode((np.array([2.0, -1.0, 0.0, 0.5]), 8000))
    data = encoded.artifacts[0].artifact.data
    assert isinstance(data, bytes)
    with wave.open(io.BytesIO(data)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8000, 1, 2)
        assert np.frombuffer(sound.readframes(9), "<i2").tolist() == [32767, -16384, 0, 8192]


def test_sound_within_the_limits_is_not_scaled() -> None:
    value, _ = round_trip((np.array([0.5, -0.25]), 8000))
    np.testing.assert_allclose(value[0], [0.5, -0.25], atol=1 / 32767)


@pytest.mark.parametrize("sample", [np.nan, np.inf, -np.inf])
def test_sound_that_is_no_number_is_refused(sample: float) -> None:
    with pytest.raises(UnstorableOutput, match=r"output\.speech: .* NaN or infinite"):
        encode({"speech": (np.array([0.5, sample]), 8000)})


@pytest.mark.parametrize(
    "pair",
    [
        (np.zeros(3), 3),
        (np.zeros(3), 44100.0),
        (np.zeros(3), True),
        (np.zeros((2, 2, 2)), 44100),
        (np.zeros(3, np.int64), 44100),
        [np.zeros(3), 44100],
        (np.zeros(3), 44100, 1),
    ],
)
def test_what_is_no_sound_is_a_list(pair: Any) -> None:
    value, artifacts = round_trip(pair)
    assert [artifact.kind for artifact in artifacts] == ["array"]
    assert value[1:] == list(pair[1:])
