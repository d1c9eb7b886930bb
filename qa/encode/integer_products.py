"""Products of matrices of small whole numbers, by onnxruntime's kernel for quantised networks.

NumPy has no fast product of whole numbers; as floats they take four times the memory, and several times the time on a
processor with instructions for int8. The kernel runs as a network of a single `MatMulInteger`
(https://onnx.ai/onnx/operators/onnx__MatMulInteger.html), written here in ONNX's protocol buffers.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import onnxruntime

_UINT8, _INT8, _INT32 = 2, 3, 6  # ONNX's numbers of element types


def products(codes: npt.NDArray[np.uint8], zero: int, factors: npt.NDArray[np.int8]) -> npt.NDArray[np.int32]:
    """The exact products of vectors with others.

    Args:
        codes: `(n, d) uint8`, at most 127, since the kernel may add up two products in 16 bits: components plus `zero`.
        zero: The code of a component that is 0.
        factors: The other vectors, `(m, d) int8`, from -127 to 127.

    Returns:
        `(n, m) int32`.
    """
    inputs = {"codes": codes, "factors": np.ascontiguousarray(factors.T), "zero": np.array(zero, np.uint8)}
    found: npt.NDArray[np.int32] = _session().run(None, inputs)[0]
    return found


@cache
def _session() -> onnxruntime.InferenceSession:
    import onnxruntime  # noqa: PLC0415 - builds and checks of an index need no products

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(_network(), options, providers=["CPUExecutionProvider"])


def _network() -> bytes:
    """The network as an ONNX model."""
    node = b"".join(_field(1, name) for name in (b"codes", b"factors", b"zero"))
    node += _field(2, b"products") + _field(4, b"MatMulInteger")
    graph = _field(1, node) + _field(2, b"products")
    graph += _field(11, _value(b"codes", _UINT8, b"n", b"d")) + _field(11, _value(b"factors", _INT8, b"d", b"m"))
    graph += _field(11, _value(b"zero", _UINT8)) + _field(12, _value(b"products", _INT32, b"n", b"m"))
    operators = _field(1, b"") + _number(2, 10)  # version 10 of ONNX's own operators, the first with this one
    return _number(1, 5) + _field(7, graph) + _field(8, operators)


def _value(name: bytes, element_type: int, *dimensions: bytes) -> bytes:
    """An input or output, with named dimensions."""
    shape = b"".join(_field(1, _field(2, each)) for each in dimensions)
    return _field(1, name) + _field(2, _field(1, _number(1, element_type) + _field(2, shape)))


def _field(number: int, content: bytes) -> bytes:
    """A field of at most 16,383 bytes."""
    size = len(content)
    return bytes([number << 3 | 2, size & 0x7F | 0x80, size >> 7]) + content


def _number(number: int, value: int) -> bytes:
    """A field with a whole number below 128."""
    return bytes([number << 3, value])
