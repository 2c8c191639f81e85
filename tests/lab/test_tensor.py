"""The course's `Tensor`: a wrapper that copies nothing, and crosses to another process as an array does."""

import json

import numpy as np
import pytest

from kernelmark.lab import Tensor
from kernelmark.wire.values import Decoder, Encoder, WireError, copy_back


def refuse(value):
    raise WireError(f"refused: {type(value).__name__}")


def sent(value):
    """Return the encoder, the decoder and what arrives when a value crosses."""
    encoder = Encoder(refuse)
    node = json.loads(json.dumps(encoder.encode(value)))
    decoder = Decoder([bytes(raw) for raw in encoder.sent.buffers], refuse)
    return encoder, decoder, decoder.decode(node)


class TestTensor:
    def test_holds_the_array_itself(self):
        """No copy, whether it is made from an array or from another tensor."""
        x = np.arange(6.0).reshape(2, 3)
        tensor = Tensor(x)
        assert tensor.data is x
        assert Tensor(tensor).data is x
        assert (tensor.shape, tensor.dtype) == ((2, 3), np.dtype(np.float64))

    def test_converts_lists_and_dtypes(self):
        """A dtype that is asked for is what comes."""
        tensor = Tensor([[1, 2], [3, 4]], dtype=np.float32)
        assert tensor.dtype == np.float32
        np.testing.assert_array_equal(tensor.data, [[1, 2], [3, 4]])

    @pytest.mark.parametrize("data", ["text", None, [object()], {"a": 1}])
    def test_refuses_what_is_no_number(self, data):
        """An array of objects is no tensor."""
        with pytest.raises(TypeError, match="numbers"):
            Tensor(data)

    def test_is_read_by_numpy_without_a_copy(self):
        """Unless one is asked for, or the dtype is another."""
        tensor = Tensor(np.arange(4.0))
        assert np.asarray(tensor) is tensor.data
        assert np.array(tensor) is not tensor.data
        assert np.asarray(tensor, dtype=np.float32).dtype == np.float32
        with pytest.raises(ValueError, match="without a copy"):
            np.asarray(tensor, dtype=np.float32, copy=False)

    def test_shows_itself(self):
        """`repr` could be typed back in; `str` tells shape and dtype."""
        tensor = Tensor([1, 2])
        assert repr(tensor) == "Tensor([1, 2])"
        assert str(tensor) == f"Tensor(shape=(2,), dtype={np.dtype(int)})\n[1 2]"


class TestCrossing:
    def test_arrives_as_a_tensor_of_the_same_values_and_layout(self):
        """Strides and all, as the array in it would."""
        x = np.arange(12, dtype=np.float32).reshape(3, 4).T
        _, decoder, back = sent(Tensor(x))
        assert type(back) is Tensor
        assert back.data is decoder.arrays[0]
        assert back.data.strides == x.strides
        np.testing.assert_array_equal(back.data, x)

    def test_what_was_written_into_it_there_comes_back_here(self):
        """The array's contents are copied back, and the tensor still holds the same array."""
        tensor = Tensor(np.zeros(3))
        mine = tensor.data
        encoder, decoder, there = sent(tensor)
        there.data[:] = [1, 2, 3]
        copy_back(encoder.sent.nodes[0], bytes(decoder.memory[0][1]), encoder.sent.arrays[0])
        tensor.update_from_plain({"data": encoder.sent.arrays[0]})
        assert tensor.data is mine
        assert mine.tolist() == [1, 2, 3]

    def test_a_tensor_given_another_array_there_has_it_here(self):
        """Of the same shape it is written into the old one, else it takes its place."""
        tensor = Tensor(np.zeros(2))
        mine = tensor.data
        tensor.update_from_plain({"data": np.array([5.0, 6.0])})
        assert tensor.data is mine
        assert mine.tolist() == [5, 6]
        tensor.update_from_plain({"data": np.array([[7]])})
        assert tensor.shape == (1, 1)
        assert mine.tolist() == [5, 6]

    @pytest.mark.parametrize("plain", [{}, {"data": 3}, {"data": "text"}, {"data": [1, 2]}, []])
    def test_nonsense_is_refused(self, plain):
        """It may come from a process that is not trusted."""
        with pytest.raises((TypeError, KeyError)):
            Tensor.from_plain(plain)
        with pytest.raises((TypeError, KeyError)):
            Tensor([1.0]).update_from_plain(plain)
