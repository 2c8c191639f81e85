"""
why = "No try and no finally: after an exception the wrong backend stays in use."
base = "solution"

[marks]
use_backend_restores = 0

[reasons]
use_backend_restores = "finally"
"""

# %% backend_in_use
#| export
_backend = None


def make_backend(clock=time.process_time, rounds=5, references_only=False):
    """Return a backend with the kernels of 03 and 04, or with the references alone (given; add your own)."""
    backend = OptimizedBackend(clock, rounds)
    backend.register("matmul", "library", matmul_vectorized, reference=True)
    backend.register("relu", "maximum", vectorized_relu, reference=True)
    backend.register("scale_shift_relu", "chain", lambda x, a, b: np.maximum(a * x + b, 0), reference=True)
    backend.register("softmax", "stable", lambda x: softmax(x, -1), reference=True)
    if not references_only:
        backend.register("matmul", "blocked", matmul_cache_optimized)
        backend.register("matmul", "naive", matmul_naive, supports=lambda a, b: a.size * b.shape[1] <= 1000)
        backend.register("relu", "compiled", lambda x: fused_scale_shift_relu(x, 1.0, 0.0), supports=lambda x: x.dtype.name in ("float32", "float64"))
        backend.register("scale_shift_relu", "fused", fused_scale_shift_relu, supports=lambda x, a, b: x.dtype.name in ("float32", "float64"))
    return backend


def get_backend():
    """Return the backend in use (given)."""
    global _backend
    if _backend is None:
        _backend = make_backend()
    return _backend


def set_backend(backend):
    """Put a backend in use and return the former one."""
    global _backend
    if not isinstance(backend, OptimizedBackend):
        raise TypeError(f"set_backend: expected an OptimizedBackend, got {type(backend).__name__}")
    former, _backend = get_backend(), backend
    return former


@contextlib.contextmanager
def use_backend(backend):
    """Have a backend in use inside a `with` block."""
    global _backend
    former = set_backend(backend)
    yield backend
    _backend = former


def matmul(a, b):
    """Return the product of a (m, k) and b (k, n), by the backend in use."""
    return get_backend().matmul(a, b)
