"""torch's tensors, single or in a dict, as safetensors.

In nested dicts, each dict whose values are all tensors becomes one file.
"""

from typing import Any

from truss_outputs.values.artifact import Artifact
from truss_outputs.values.represent import represent, represent_together
from truss_outputs.values.requirement import requirement
from truss_outputs.values.restore import restores

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


@restores("tensors")
def tensors(data: bytes) -> dict[str, Any]:
    """Read the tensors in a file, onto the CPU."""
    with requirement("torch and safetensors"):
        from safetensors.torch import load
    return load(data)


@restores("tensor")
def tensor(data: bytes) -> Any:
    """Read the only tensor in a file, onto the CPU."""
    return tensors(data)[_ALONE]


def _file(whole: dict[str, Any]) -> bytes:
    with requirement("safetensors"):
        from safetensors.torch import save
    # `save` refuses tensors that share memory, as tied weights do, so each of them gets a copy.
    seen: set[int] = set()
    separate = {}
    for name, tensor in whole.items():
        contiguous = tensor.detach().cpu().contiguous()
        memory = contiguous.untyped_storage().data_ptr()
        separate[name] = contiguous.clone() if memory in seen else contiguous
        seen.add(memory)
    return save(separate)
