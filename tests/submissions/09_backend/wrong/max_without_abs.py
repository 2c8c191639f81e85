"""
why = "The scale is the largest weight over 127, so a large negative one saturates."
base = "solution"

[marks]
quantize_model_values = 0
quantize_model_small_columns = 0
quantize_model_bytes = 0
"""

# %% compressed_model
#| export
def quantize_model(model):
    """Return a Sequential like the model, with the weights of its Dense layers in int8."""
    return Sequential(*(QuantizedDense(layer) if isinstance(layer, Dense) else layer for layer in model.layers))


class QuantizedDense:
    """A Dense layer with int8 weights (a proposal; you may do without)."""

    def __init__(self, dense):
        scale = dense.weight.max(axis=0) / 127
        scale = np.where(scale > 0, scale, 1.0)
        self.weight = quantize(dense.weight, scale, axis=1)
        self.scale = scale.astype(np.float32)
        self.bias = dense.bias

    def __call__(self, x):
        scale, _ = quant_params(x)
        sums = int_matmul(quantize(x, scale), self.weight)
        return (sums * (scale * self.scale)).astype(np.float32) + self.bias


def model_bytes(model):
    """Return the bytes of all arrays that the layers hold."""
    return sum(value.nbytes for layer in model.layers for value in vars(layer).values() if isinstance(value, np.ndarray))


def leaderboard_score(baseline_s, s, drop, max_drop):
    """Return the geometric mean of the speed-ups, or 0.0 where too much accuracy was lost."""
    if not len(baseline_s) == len(s) == len(drop) > 0:
        raise ValueError(f"leaderboard_score: expected sequences of one length, not empty, got {len(baseline_s)}, {len(s)} and {len(drop)}")
    if not all(math.isfinite(seconds) and seconds > 0 for seconds in (*baseline_s, *s)):
        raise ValueError("leaderboard_score: seconds must be positive and finite")
    if not all(lost <= max_drop for lost in drop):  # a comparison with NaN is False
        return 0.0
    return math.exp(sum(math.log(before / after) for before, after in zip(baseline_s, s)) / len(s))
