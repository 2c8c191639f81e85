"""Tensors of torch and arrays of JAX: their dtype by a short list, their shape, their bytes, a filled gradient.

They cross as what lies on the CPU; a graph of gradients does not, so torch itself refuses `backward` of what came back.
Neither library is imported here: without it a value stays where it is.
"""

import math
import sys
from typing import Any

import numpy as np

from kernelmark.wire.bounds import Allowance, WireError, natural
from kernelmark.wire.kind import Kind, Unfit, flag, one_of, parts, raw
from kernelmark.wire.kinds_numpy import array_from, array_to

_BYTES_OF = {
    "bool": 1, "uint8": 1, "int8": 1, "int16": 2, "int32": 4, "int64": 8, "uint16": 2, "uint32": 4, "uint64": 8,
    "float16": 2, "bfloat16": 2, "float32": 4, "float64": 8, "complex64": 8, "complex128": 16,
    "float8_e4m3fn": 1, "float8_e5m2": 1, "float8_e4m3fnuz": 1, "float8_e5m2fnuz": 1,
}  # fmt: skip


def _tensor_to(value: Any) -> list[Any]:
    torch = sys.modules["torch"]
    name = str(value.dtype).removeprefix("torch.")
    if name not in _BYTES_OF or value.layout is not torch.strided or value.is_meta or value.is_quantized:
        raise Unfit
    flat = value.detach().cpu().resolve_conj().resolve_neg().contiguous().reshape(-1)
    content = flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""
    grad = value.grad if value.is_leaf and value.grad is not None else None
    return [name, list(value.shape), content, bool(value.requires_grad), None if grad is None else _tensor_to(grad)]


def _tensor_from(plain: Any, allowance: Allowance) -> Any:
    torch = sys.modules["torch"]
    name, shape, content, needs_grad, grad = parts(plain, 5)
    size = one_of(name, _BYTES_OF)
    dimensions = tuple(natural(n) for n in parts(shape))
    allowance.room(dimensions, np.dtype(f"V{size}"))
    if math.prod(dimensions) * size != len(raw(content)):
        raise WireError(f"shape {str(shape)[:80]} of {name} does not fit {len(content)} bytes")
    # A byte that is neither 0 nor 1 would be counted as several.
    proper = (np.frombuffer(content, np.uint8) != 0).tobytes() if name == "bool" else content
    dtype = getattr(torch, name)
    made = torch.frombuffer(bytearray(proper), dtype=dtype) if proper else torch.empty(0, dtype=dtype)
    made = made.reshape(dimensions)
    if flag(needs_grad):
        made.requires_grad_()
    if grad is not None:
        filled = _tensor_from([*parts(grad, 5)[:4], None], allowance)
        made.grad = filled.detach()
    return made


def _tensor_update(own: Any, new: Any) -> None:
    with sys.modules["torch"].no_grad():
        if own.shape == new.shape and own.dtype == new.dtype:
            own.data.copy_(new.data)
        else:
            own.data = new.data
    if own.is_leaf and new.grad is not None:
        own.grad = new.grad
    elif own.is_leaf and own.grad is not None:
        own.grad = None


def _size_from(plain: Any, _: Allowance) -> Any:
    return sys.modules["torch"].Size([natural(n) for n in parts(plain)])


def _dtype_from(plain: Any, _: Allowance) -> Any:
    one_of(plain, _BYTES_OF)
    return getattr(sys.modules["torch"], plain)


def _dtype_to(value: Any) -> str:
    name = str(value).removeprefix("torch.")
    if name not in _BYTES_OF:
        raise Unfit
    return name


def _jax_to(value: Any) -> list[Any]:
    if value.is_deleted() or not value.is_fully_addressable:
        raise Unfit
    return array_to(np.asarray(value))


def _jax_from(plain: Any, allowance: Allowance) -> Any:
    return sys.modules["jax"].numpy.asarray(array_from(plain, allowance))


KINDS = (
    Kind(
        "tensor",
        ("torch.Tensor",),
        _tensor_to,
        _tensor_from,
        "bytes written out",
        update=_tensor_update,
        library="torch",
    ),
    Kind("torch size", ("torch.Size",), list, _size_from, "items", library="torch"),
    Kind("torch dtype", ("torch.dtype",), _dtype_to, _dtype_from, "one of a list", library="torch"),
    Kind("jax", ("jax.ArrayImpl", "jaxlib.ArrayImpl"), _jax_to, _jax_from, "bytes written out", library="jax"),
)
