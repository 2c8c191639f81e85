"""
why = "A backend in name only: nothing is measured, nothing chosen."
base = "solution"

[marks]
key_format = 0
dispatch_fastest = 0
dispatch_remembers = 0
dispatch_by_shape_and_dtype = 0
register_forgets = 0
dispatch_asks_supports_each_time = 0
dispatch_falls_back = 0
dispatch_unknown_operation = 0
set_backend_returns_the_former = 0
use_backend_restores = 0
layers_ask_the_backend = 0
models_agree = 0
"""

# %% optimized_backend
#| export
class OptimizedBackend(Autotuner):
    """The backend that chooses the best implementation."""

    def __init__(self, clock=time.process_time, rounds=5, rtol=1e-4):
        super().__init__(clock, rounds, rtol)
        self.choices = {}

    def key(self, op, *args):
        return (op,)

    def dispatch(self, op, *args):
        if op == "matmul":
            return np.matmul(*args)
        if op == "relu":
            return np.maximum(args[0], 0)
        return self._implementations[op][next(iter(self._implementations[op]))][0](*args)

    def matmul(self, a, b):
        return a @ b
