"""
why = "float32 and float64 share one choice."
base = "solution"

[marks]
key_format = 0
dispatch_fastest = 0
dispatch_by_shape_and_dtype = 0
"""

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
                parts.append((tuple(1 << (extent - 1).bit_length() if extent else 0 for extent in arg.shape), "number"))
            else:
                parts.append(type(arg).__name__)
        return tuple(parts)

    def register(self, op, name, fn, supports=None, reference=False):
        """Add an implementation and forget the choices of its operation."""
        super().register(op, name, fn, supports, reference)
        self.choices = {key: choice for key, choice in self.choices.items() if key[0] != op}

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
        if name == reference or (supports is not None and not supports(*args)):
            return fallback(*args)
        try:
            return fn(*args)
        except Exception as error:
            result = fallback(*args)
            self.rejected.append((op, name, f"raised {type(error).__name__}: {error}, after it had been chosen"))
            self.choices[key] = reference
            return result

    def matmul(self, a, b):
        """Return the product of a (m, k) and b (k, n)."""
        return self.dispatch("matmul", a, b)
