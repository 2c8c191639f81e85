"""
why = "Segments are found by name in the workers of a pool, as the documentation of shared_memory shows it."
base = "solution"
"""

# %% matmul_parallel_processes
def attached(name, shape, dtype):
    segment = SharedMemory(name=name)
    return segment, np.ndarray(shape, dtype, segment.buf)


def rows_in_a_worker(specs, start, stop, kernel):
    segments, arrays = zip(*(attached(*spec) for spec in specs))
    try:
        a, b, c = arrays
        kernel(a[start:stop], b, c[start:stop])
    finally:
        del a, b, c, arrays
        for segment in segments:
            segment.close()


def matmul_parallel_processes(A, B, num_processes=2, kernel=None):
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"shapes {A.shape} and {B.shape} do not fit")
    pieces = split_ranges(A.shape[0], num_processes)
    result = np.zeros((A.shape[0], B.shape[1]), np.result_type(A, B))
    segments, specs = [], []
    try:
        for array in (A, B, result):
            segment = SharedMemory(create=True, size=array.nbytes or 1)
            segments.append(segment)
            np.ndarray(array.shape, array.dtype, segment.buf)[...] = array
            specs.append((segment.name, array.shape, array.dtype))
        with multiprocessing.get_context("fork").Pool(len(pieces)) as pool:
            pool.starmap(rows_in_a_worker, [(specs, *piece, kernel or matmul_kernel) for piece in pieces], chunksize=1)
        result[...] = np.ndarray(result.shape, result.dtype, segments[-1].buf)
    finally:
        for segment in segments:
            segment.close()
            segment.unlink()
    return result
