"""
why = "The two models put their backend in use and do not put the former one back."
base = "solution"

[marks]
models_agree = 0
"""

# %% model
#| export
class Dense:
    """A product with a weight matrix, and a bias."""

    def __init__(self, weight, bias):
        self.weight, self.bias = weight, bias

    def __call__(self, x):
        return matmul(x, self.weight) + self.bias


class ReLU:
    """The larger of x and 0."""

    def __call__(self, x):
        return get_backend().dispatch("relu", x)


class ScaleShiftReLU:
    """The larger of a x + b and 0."""

    def __init__(self, a, b):
        self.a, self.b = a, b

    def __call__(self, x):
        return get_backend().dispatch("scale_shift_relu", x, self.a, self.b)


class Softmax:
    """The softmax of each row."""

    def __call__(self, x):
        return get_backend().dispatch("softmax", x)


class Sequential:
    """Layers one after the other."""

    def __init__(self, *layers):
        self.layers = list(layers)

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


class BaselineModel(Sequential):
    """A model under the references alone."""

    def __init__(self, *layers):
        super().__init__(*layers)
        self.backend = make_backend(references_only=True)

    def __call__(self, x):
        set_backend(self.backend)
        return super().__call__(x)


class OptimizedModel(Sequential):
    """A model under all kernels there are, each chosen by measurement."""

    def __init__(self, *layers):
        super().__init__(*layers)
        self.backend = make_backend()

    def __call__(self, x):
        with use_backend(self.backend):
            return super().__call__(x)
