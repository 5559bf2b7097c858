"""Tensors, where torch is installed; the tests of this repository do not ask for it."""

from typing import Any

import pytest

from tests.unit.truss_outputs.values.stored_values import names, round_trip


@pytest.fixture
def torch() -> Any:
    pytest.importorskip("safetensors")
    return pytest.importorskip("torch")


def test_a_tensor_is_a_safetensors_file(torch: Any) -> None:
    tensor = torch.arange(6, dtype=torch.bfloat16).reshape(2, 3).T.requires_grad_()
    value, artifacts = round_trip({"t": tensor, "n": 1})
    assert names(artifacts) == [("t.safetensors", "application/x-safetensors")]
    assert torch.equal(value["t"], tensor)
    assert value["t"].dtype == torch.bfloat16


def test_a_dict_of_tensors_is_one_file_each(torch: Any) -> None:
    tied = torch.ones(2)
    output = {"a": {"x": tied, "y": tied}, "b": {"z": torch.zeros(1), "n": 1}}
    value, artifacts = round_trip(output)
    assert [artifact.path for artifact in artifacts] == [("a",), ("b", "z")]
    assert torch.equal(value["a"]["y"], tied)
    assert value["b"]["n"] == 1
