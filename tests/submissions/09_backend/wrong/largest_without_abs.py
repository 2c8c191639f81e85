"""
why = "The gate takes the largest value for the largest magnitude."
base = "solution"

[marks]
agrees_gate = 0
"""

# %% autotuner
#| export
def agrees(result, expected, rtol=1e-4):
    """Say whether a result may stand in the place of the expected array."""
    if not isinstance(result, np.ndarray) or result.shape != expected.shape or result.dtype != expected.dtype:
        return False
    if expected.dtype.kind not in "fc":
        return bool(np.array_equal(result, expected))
    finite = np.isfinite(expected)
    if not np.array_equal(result[~finite], expected[~finite], equal_nan=True):
        return False
    largest = expected[finite].max(initial=0.0)
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
                except Exception as error:
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
