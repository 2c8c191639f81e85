"""
why = "Checks everything, prints everything, warms up three times, shuffles the rounds, and keeps more than it must."
base = "solution"
"""

# %% autotuner
#| export
import random
import sys
import warnings

warnings.warn("tuning ahead")


def agrees(result, expected, rtol=1e-4):
    """Say whether a result may stand in the place of the expected array."""
    print("comparing", type(result), "with", expected.shape, expected.dtype)
    if result is None or not isinstance(result, np.ndarray):
        return False
    if result.dtype != expected.dtype:
        return False
    if result.shape != expected.shape:
        return False
    if expected.size == 0:
        return True
    if expected.dtype.kind in "biu":
        return bool((result == expected).all())
    got, want = result.astype(np.float64), expected.astype(np.float64)
    if not np.array_equal(np.isnan(got), np.isnan(want)):
        return False
    for sign in (np.inf, -np.inf):
        if not np.array_equal(got == sign, want == sign):
            return False
    finite = np.isfinite(want)
    if not finite.any():
        return True
    return bool(np.abs(got[finite] - want[finite]).max() <= rtol * np.abs(want[finite]).max())


class Autotuner:
    """Implementations of operations, and the stopwatch that compares them."""

    def __init__(self, clock=time.process_time, rounds=5, rtol=1e-4):
        assert callable(clock)
        self.clock, self.rounds, self.rtol = clock, max(1, int(rounds)), float(rtol)
        self.implementations, self.references, self.rejected, self.history = {}, {}, [], []

    def register(self, op, name, fn, supports=None, reference=False):
        print(f"registering {name} for {op}", file=sys.stderr)
        if not callable(fn):
            raise TypeError("fn must be callable")
        self.implementations.setdefault(op, {})
        self.implementations[op][name] = (fn, supports if supports is not None else lambda *args: True)
        if reference:
            self.references[op] = name

    def reject(self, op, name, reason):
        print("rejected", op, name, reason)
        self.rejected.append((op, name, reason))

    def autotune(self, op, *args):
        if op not in self.implementations:
            raise KeyError(f"unknown operation {op}")
        if op not in self.references:
            raise KeyError(f"no reference for {op}")
        reference = self.references[op]
        truth = np.array(self.implementations[op][reference][0](*args))
        alive = {reference}
        for name, (fn, supports) in self.implementations[op].items():
            if name != reference and supports(*args):
                try:
                    results = [fn(*args) for _ in range(3)]
                except Exception as error:
                    self.reject(op, name, f"{type(error)}: {error}")
                    continue
                if all(agrees(result, truth, self.rtol) for result in results):
                    alive.add(name)
                else:
                    self.reject(op, name, "wrong")
        samples = {name: [] for name in alive}
        names = sorted(alive)
        for _ in range(self.rounds):
            random.shuffle(names)
            for name in list(names):
                fn = self.implementations[op][name][0]
                try:
                    start = self.clock()
                    fn(*args)
                    stop = self.clock()
                    samples[name].append(stop - start)
                except Exception as error:
                    if name == reference:
                        raise
                    names.remove(name)
                    del samples[name]
                    self.reject(op, name, f"{type(error)}: {error}")
        times = {name: min(values) for name, values in samples.items()}
        self.history.append((op, times))
        return min(times.items(), key=lambda pair: (pair[1], pair[0] != reference))[0], times

# %% optimized_backend
#| export
class OptimizedBackend(Autotuner):
    """Dispatches operations to the implementation that was fastest on arguments of the same kind."""

    def __init__(self, clock=time.process_time, rounds=5, rtol=1e-4):
        super().__init__(clock, rounds, rtol)
        self.choices = {}

    @staticmethod
    def _round(extent):
        return 2 ** math.ceil(math.log2(extent)) if extent > 0 else 0

    def key(self, op, *args):
        parts = []
        for arg in args:
            if isinstance(arg, np.ndarray):
                parts.append((tuple(self._round(n) for n in arg.shape), f"{arg.dtype}"))
            else:
                parts.append(type(arg).__name__)
        return (op,) + tuple(parts)

    def register(self, op, name, fn, supports=None, reference=False):
        super().register(op, name, fn, supports, reference)
        self.choices = dict(item for item in self.choices.items() if item[0][0] != op)

    def autotune(self, op, *args):
        name, times = super().autotune(op, *args)
        print("chose", name, "from", times)
        self.choices.update({self.key(op, *args): name})
        return name, times

    def dispatch(self, op, *args):
        if op not in self.references:
            raise KeyError(f"{op} has no reference")
        key = self.key(op, *args)
        name = self.choices[key] if key in self.choices else self.autotune(op, *args)[0]
        reference = self.references[op]
        fn, supports = self.implementations[op][name]
        safe = self.implementations[op][reference][0]
        if name == reference:
            return safe(*args)
        if not supports(*args):
            warnings.warn(f"{name} does not support these arguments")
            return safe(*args)
        try:
            return fn(*args)
        except Exception as error:
            result = safe(*args)
            self.choices[key] = reference
            self.reject(op, name, str(error) or "no message")
            return result

    def matmul(self, a, b):
        return self.dispatch("matmul", a, b)

# %% model
#| export
class Layer:
    def __call__(self, x):
        print(type(self).__name__, x.shape)
        return self.forward(np.asarray(x))


class Dense(Layer):
    """A product with a weight matrix, and a bias."""

    def __init__(self, weight, bias):
        assert weight.ndim == 2 and bias.shape == (weight.shape[1],)
        self.weight, self.bias = weight, bias

    def forward(self, x):
        y = get_backend().dispatch("matmul", x, self.weight)
        return np.add(y, self.bias, dtype=np.float32)


class ReLU(Layer):
    def forward(self, x):
        return get_backend().dispatch("relu", x)


class ScaleShiftReLU(Layer):
    def __init__(self, a, b):
        self.a, self.b = a, b

    def forward(self, x):
        return get_backend().dispatch("scale_shift_relu", x, self.a, self.b)


class Softmax(Layer):
    def forward(self, x):
        return get_backend().dispatch("softmax", x)


class Sequential:
    """Layers one after the other."""

    def __init__(self, *layers):
        self.layers = [*layers]

    def __call__(self, x):
        import functools

        return functools.reduce(lambda value, layer: layer(value), self.layers, x)


class OwnBackend(Sequential):
    references_only = False

    def __init__(self, *layers):
        super().__init__(*layers)
        self.backend = make_backend(references_only=self.references_only)

    def __call__(self, x):
        former = set_backend(self.backend)
        try:
            return Sequential.__call__(self, x)
        finally:
            set_backend(former)


class BaselineModel(OwnBackend):
    references_only = True


class OptimizedModel(OwnBackend):
    pass
