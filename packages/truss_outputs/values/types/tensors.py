"""torch's tensors, one or a dict of them, as safetensors.

In nested dicts each dict whose values are all tensors is one file.
"""

from typing import Any

from truss_outputs.values.artifact import Artifact
from truss_outputs.values.represent import represent, represent_together
from truss_outputs.values.types.requirement import requirement

_CONTENT_TYPE = "application/x-safetensors"
_ALONE = "tensor"


@represent.register("torch.Tensor")
def _(tensor: Any) -> object:
    return Artifact(_file({_ALONE: tensor}), _CONTENT_TYPE, kind="tensor")


@represent_together.register("torch.Tensor")
def _(first: Any, whole: Any) -> object | None:
    import torch

    if not isinstance(whole, dict):
        return None
    if not all(type(key) is str and isinstance(value, torch.Tensor) for key, value in whole.items()):
        return None
    return Artifact(_file(whole), _CONTENT_TYPE, kind="tensors")


def tensors(data: bytes) -> dict[str, Any]:
    """The tensors in a file, on the CPU."""
    with requirement("torch and safetensors"):
        from safetensors.torch import load
    return load(data)


def tensor(data: bytes) -> Any:
    """The one tensor in a file, on the CPU."""
    return tensors(data)[_ALONE]


def _file(whole: dict[str, Any]) -> bytes:
    with requirement("safetensors"):
        from safetensors.torch import save
    # Tensors that share memory, as tied weights do, are refused there: each is stored as its own.
    seen: set[int] = set()
    own = {}
    for name, tensor in whole.items():
        plain = tensor.detach().cpu().contiguous()
        place = plain.untyped_storage().data_ptr()
        own[name] = plain.clone() if place in seen else plain
        seen.add(place)
    return save(own)
