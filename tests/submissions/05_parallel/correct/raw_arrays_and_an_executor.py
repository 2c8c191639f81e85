"""
why = "multiprocessing.RawArray is shared memory without a name; a ProcessPoolExecutor with an initializer gets at it by fork."
base = "solution"
"""

# %% matmul_parallel_processes
from concurrent.futures import ProcessPoolExecutor

shared = {}


def remember(arrays):
    shared.update(arrays)


def piece(start, stop, kernel):
    kernel(shared["a"][start:stop], shared["b"], shared["c"][start:stop])


def raw(shape, dtype):
    memory = multiprocessing.RawArray("b", max(1, math.prod(shape) * np.dtype(dtype).itemsize))
    return np.frombuffer(memory, dtype, math.prod(shape)).reshape(shape)


def matmul_parallel_processes(A, B, num_processes=2, kernel=None):
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"shapes {A.shape} and {B.shape} do not fit")
    pieces = split_ranges(len(A), num_processes)
    arrays = {"a": raw(A.shape, A.dtype), "b": raw(B.shape, B.dtype), "c": raw((len(A), B.shape[1]), np.result_type(A, B))}
    arrays["a"][...], arrays["b"][...] = A, B
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(len(pieces), mp_context=fork, initializer=remember, initargs=(arrays,)) as pool:
        for done in [pool.submit(piece, i, j, kernel or matmul_kernel) for i, j in pieces]:
            done.result()
    return arrays["c"].copy()
