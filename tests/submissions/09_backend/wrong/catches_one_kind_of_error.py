"""
why = "Expects arithmetic errors only, answers None for no, forgets the oldest choice of another operation, asks the reference whether it can."
base = "solution"

[marks]
agrees_gate = 0
autotune_rejects_the_raising = 0
dispatch_asks_supports_each_time = 0
dispatch_falls_back = 0
register_forgets = 0
"""

# %% autotuner
#| export
def agrees(result, expected, rtol=1e-4):
    """Say whether a result may stand in the place of the expected array."""
    if not isinstance(result, np.ndarray) or result.shape != expected.shape or result.dtype != expected.dtype:
        return None
    if expected.dtype.kind not in "fc":
        return bool(np.array_equal(result, expected))
    finite = np.isfinite(expected)
    if not np.array_equal(result[~finite], expected[~finite], equal_nan=True):
        return False
    largest = np.abs(expected[finite]).max(initial=0.0)
    return bool(np.all(np.abs(result[finite] - expected[finite]) <= rtol * largest))


class Autotuner:
    """Implementations of operations, and the stopwatch that compares them."""

    def __init__(self, clock=time.process_time, rounds=5, rtol=1e-4):
        self.clock, self.rounds, self.rtol = clock, rounds, rtol
        self.rejected = []
        self._implementations = {}  # op: {name: (fn, supports)}
        self._references = {}  # op: name

    def register(self, op, name, fn, supports=None, reference=False):
        """Add an implementation of an operation, or replace the one of that name."""
        self._implementations.setdefault(op, {})[name] = (fn, supports)
        if reference:
            self._references[op] = name
        elif self._references.get(op) == name:
            del self._references[op]

    def autotune(self, op, *args):
        """Return the name of the fastest right implementation for these arguments, and the seconds of all."""
        if op not in self._references:
            raise KeyError(f"no implementation is registered as the reference of {op!r}")
        reference = self._references[op]
        expected = self._implementations[op][reference][0](*args)
        running = {}
        for name, (fn, supports) in self._implementations[op].items():
            if name == reference:
                running[name] = fn
            elif supports is None or supports(*args):
                try:
                    result = fn(*args)
                except ArithmeticError as error:
                    self.rejected.append((op, name, f"raised {type(error).__name__}: {error}"))
                    continue
                if agrees(result, expected, self.rtol):
                    running[name] = fn
                else:
                    self.rejected.append((op, name, "disagrees with the reference"))
        times = dict.fromkeys(running, math.inf)
        for _ in range(self.rounds):
            for name, fn in list(running.items()):
                try:
                    start = self.clock()
                    fn(*args)
                    times[name] = min(times[name], self.clock() - start)
                except Exception as error:
                    if name == reference:
                        raise
                    del running[name], times[name]
                    self.rejected.append((op, name, f"raised {type(error).__name__}: {error}"))
        return min(times, key=times.get), times

# %% optimized_backend
#| export
class OptimizedBackend(Autotuner):
    """Dispatches operations to the implementation that was fastest on arguments of the same kind."""

    def __init__(self, clock=time.process_time, rounds=5, rtol=1e-4):
        super().__init__(clock, rounds, rtol)
        self.choices = {}

    def key(self, op, *args):
        """Return what a choice for these arguments is remembered by."""
        parts = [op]
        for arg in args:
            if isinstance(arg, np.ndarray):
                parts.append((tuple(1 << (extent - 1).bit_length() if extent else 0 for extent in arg.shape), arg.dtype.name))
            else:
                parts.append(type(arg).__name__)
        return tuple(parts)

    def register(self, op, name, fn, supports=None, reference=False):
        """Add an implementation and forget the choices of its operation."""
        super().register(op, name, fn, supports, reference)
        self.choices = {key: choice for key, choice in list(self.choices.items())[1:] if key[0] != op}

    def autotune(self, op, *args):
        """Measure as an Autotuner does, and remember the winner."""
        name, times = super().autotune(op, *args)
        self.choices[self.key(op, *args)] = name
        return name, times

    def dispatch(self, op, *args):
        """Return the result of the operation, by the implementation chosen for arguments of this kind."""
        key = self.key(op, *args)
        if key not in self.choices:
            self.autotune(op, *args)
        name, reference = self.choices[key], self._references[op]
        fallback, _ = self._implementations[op][reference]
        fn, supports = self._implementations[op][name]
        if supports is not None and not supports(*args):
            return fallback(*args)
        try:
            return fn(*args)
        except ArithmeticError as error:
            result = fallback(*args)
            self.rejected.append((op, name, f"raised {type(error).__name__}: {error}, after it had been chosen"))
            self.choices[key] = reference
            return result

    def matmul(self, a, b):
        """Return the product of a (m, k) and b (k, n)."""
        return self.dispatch("matmul", a, b)
