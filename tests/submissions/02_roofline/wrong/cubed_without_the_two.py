"""
why = "Counts one operation for a multiply-add."
base = "solution"

[marks]
peak_gflops_clock = 0
peak_gflops_works = 0

[reasons]
peak_gflops_clock = "expected 2e6"
"""

# %% peak_gflops
def peak_gflops(n=1024, rounds=5, clock=time.perf_counter):
    A = np.ones((n, n), np.float32)
    A @ A
    best = None
    for _ in range(rounds):
        begin = clock()
        A @ A
        took = clock() - begin
        best = took if best is None else min(best, took)
    return n**3 / best / 1e9
