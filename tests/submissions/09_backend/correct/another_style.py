"""
why = "Records for the implementations, a context manager written as a class, closures for layers' work, NumPy for the score."
base = "solution"
"""

# %% autotuner
#| export
import dataclasses
from collections import defaultdict
from typing import Any, Callable, NamedTuple


class Rejection(NamedTuple):
    op: str
    name: str
    reason: str


@dataclasses.dataclass
class Implementation:
    name: str
    fn: Callable[..., Any]
    supports: Callable[..., bool] | None
    reference: bool


def agrees(result, expected, rtol=1e-4):
    """Say whether a result may stand in the place of the expected array."""
    if type(result).__name__ != "ndarray":
        return False
    if (result.shape, result.dtype) != (expected.shape, expected.dtype):
        return False
    if not np.issubdtype(expected.dtype, np.inexact):
        return (result == expected).all()
    finite = expected[np.isfinite(expected)]
    scale = np.max(np.abs(finite)) if finite.size else 0
    return np.allclose(result, expected, rtol=0, atol=rtol * scale, equal_nan=True)


class Autotuner:
    """Implementations of operations, and the stopwatch that compares them."""

    def __init__(self, clock=time.process_time, rounds=5, rtol=1e-4):
        self.clock = clock
        self.rounds = rounds
        self.rtol = rtol
        self.rejected = []
        self.table = defaultdict(list)

    def register(self, op, name, fn, supports=None, reference=False):
        rows = self.table[op]
        if reference:
            for row in rows:
                row.reference = False
        new = Implementation(name, fn, supports, reference)
        for i, row in enumerate(rows):
            if row.name == name:
                rows[i] = new
                return
        rows.append(new)

    def reference_of(self, op):
        for row in self.table.get(op, ()):
            if row.reference:
                return row
        raise KeyError(op)

    def autotune(self, op, *args):
        reference = self.reference_of(op)
        expected = reference.fn(*args)
        asked = [row for row in self.table[op] if row is not reference]
        asked = [row for row in asked if row.supports is None or row.supports(*args)]
        lists = {reference.name: []}
        competitors = [reference]
        for row in asked:
            try:
                good = agrees(row.fn(*args), expected, self.rtol)
                why = "wrong result"
            except Exception as e:
                good, why = False, repr(e)
            if good:
                lists[row.name] = []
                competitors.append(row)
            else:
                self.rejected.append(Rejection(op, row.name, why))
        order = list(competitors)
        for _ in range(self.rounds):
            for row in tuple(order):
                before = self.clock()
                try:
                    row.fn(*args)
                except Exception as e:
                    if row is reference:
                        raise
                    self.rejected.append(Rejection(op, row.name, repr(e)))
                    order.remove(row)
                    lists.pop(row.name)
                    continue
                lists[row.name].append(self.clock() - before)
            order.reverse()
        times = {name: min(seconds) for name, seconds in lists.items()}
        winner, _ = sorted(times.items(), key=lambda item: item[1])[0]
        return winner, times

# %% optimized_backend
#| export
class OptimizedBackend(Autotuner):
    """Dispatches operations to the implementation that was fastest on arguments of the same kind."""

    def __init__(self, clock=time.process_time, rounds=5, rtol=1e-4):
        super().__init__(clock, rounds, rtol)
        self.choices = {}

    def key(self, op, *args):
        def part(arg):
            if not isinstance(arg, np.ndarray):
                return arg.__class__.__name__
            rounded = []
            for extent in arg.shape:
                power = 0 if extent == 0 else 1
                while power < extent:
                    power *= 2
                rounded.append(power)
            return tuple(rounded), str(arg.dtype)

        return (op, *map(part, args))

    def register(self, op, name, fn, supports=None, reference=False):
        Autotuner.register(self, op, name, fn, supports, reference)
        for key in [k for k in self.choices if k[0] == op]:
            self.choices.pop(key)

    def autotune(self, op, *args):
        found = Autotuner.autotune(self, op, *args)
        self.choices[self.key(op, *args)] = found[0]
        return found

    def dispatch(self, op, *args):
        reference = self.reference_of(op)
        key = self.key(op, *args)
        chosen = self.choices.get(key)
        if chosen is None:
            chosen, _ = self.autotune(op, *args)
        row = next(row for row in self.table[op] if row.name == chosen)
        if row is not reference and row.supports is not None and not row.supports(*args):
            row = reference
        if row is reference:
            return reference.fn(*args)
        try:
            return row.fn(*args)
        except Exception as e:
            failure = e
        answer = reference.fn(*args)
        self.choices[key] = reference.name
        self.rejected.append(Rejection(op, row.name, f"late: {failure!r}"))
        return answer

    def matmul(self, a, b):
        return self.dispatch("matmul", a, b)

# %% backend_in_use
#| export
_stack = []


def make_backend(clock=time.process_time, rounds=5, references_only=False):
    backend = OptimizedBackend(clock, rounds)
    floats = lambda x, *_: x.dtype in (np.float32, np.float64)
    table = [
        ("matmul", "library", matmul_vectorized, None, True),
        ("matmul", "blocked", matmul_cache_optimized, None, False),
        ("matmul", "naive", matmul_naive, lambda a, b: a.size * b.shape[1] <= 1000, False),
        ("matmul", "einsum", lambda a, b: np.einsum("ij,jk->ik", a, b, optimize=True), None, False),
        ("relu", "maximum", vectorized_relu, None, True),
        ("relu", "compiled", lambda x: fused_scale_shift_relu(x, 1.0, 0.0), floats, False),
        ("scale_shift_relu", "chain", lambda x, a, b: np.maximum(a * x + b, 0), None, True),
        ("scale_shift_relu", "fused", fused_scale_shift_relu, floats, False),
        ("scale_shift_relu", "in place", lambda x, a, b: np.maximum(np.add(a * x, b), 0), None, False),
        ("softmax", "stable", lambda x: softmax(x, -1), None, True),
    ]
    for op, name, fn, supports, reference in table:
        if reference or not references_only:
            backend.register(op, name, fn, supports=supports, reference=reference)
    return backend


def get_backend():
    if not _stack:
        _stack.append(make_backend())
    return _stack[-1]


def set_backend(backend):
    if not isinstance(backend, OptimizedBackend):
        raise TypeError("not a backend")
    former = get_backend()
    _stack[-1] = backend
    return former


class use_backend:
    def __init__(self, backend):
        if not isinstance(backend, OptimizedBackend):
            raise TypeError("not a backend")
        self.backend = backend

    def __enter__(self):
        get_backend()
        _stack.append(self.backend)
        return self.backend

    def __exit__(self, *exception):
        _stack.pop()
        return False


def matmul(a, b):
    return get_backend().dispatch("matmul", a, b)

# %% compressed_model
#| export
class Int8Layer:
    def __init__(self, weight, scales, bias):
        self.weight, self.scales, self.bias = weight, scales, bias

    def __call__(self, x):
        step = float(np.abs(x).max()) / 127 or 1.0
        whole = np.clip(np.rint(x.astype(np.float64) / step), -127, 127)
        exact = whole @ self.weight.astype(np.float64)
        return (exact * step * self.scales + self.bias).astype(np.float32)


def quantize_model(model):
    """Return a Sequential like the model, with the weights of its Dense layers in int8."""
    made = Sequential()
    for layer in model.layers:
        if hasattr(layer, "weight") and hasattr(layer, "bias"):
            top = np.abs(layer.weight.astype(np.float64)).max(axis=0)
            scales = np.where(top == 0, 1, top / 127)
            weight = np.rint(layer.weight / scales).astype(np.int8)
            layer = Int8Layer(weight, scales.astype(np.float32), layer.bias)
        made.layers.append(layer)
    return made


def model_bytes(model):
    """Return the bytes of all arrays that the layers hold."""
    total = 0
    for layer in model.layers:
        for name in dir(layer):
            if not name.startswith("__") and isinstance(getattr(layer, name), np.ndarray):
                total += getattr(layer, name).nbytes
    return total


def leaderboard_score(baseline_s, s, drop, max_drop):
    """Return the geometric mean of the speed-ups, or 0.0 where too much accuracy was lost."""
    lengths = {len(baseline_s), len(s), len(drop)}
    if len(lengths) > 1 or 0 in lengths:
        raise ValueError("one length, please, and not 0")
    before, after = np.array(baseline_s, float), np.array(s, float)
    both = np.concatenate([before, after])
    if not np.all(np.isfinite(both) & (both > 0)):
        raise ValueError("seconds")
    if not np.all(np.array(drop) <= max_drop):
        return 0.0
    return np.exp(np.mean(np.log(before) - np.log(after)))
