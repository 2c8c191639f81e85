"""
why = "A worker process ends the process that started it; the other parts still count."
base = "solution"

[marks]
matmul_parallel_processes_values = 0
matmul_parallel_processes_edges = 0
matmul_parallel_processes_overlap = 0
matmul_parallel_processes_shared = 0
matmul_parallel_processes_leaves_nothing = 0
"""

# %% matmul_parallel_processes
import signal


def matmul_parallel_processes(A, B, num_processes=2, kernel=None):
    parent = os.getpid()
    worker = multiprocessing.get_context("fork").Process(target=os.kill, args=(parent, signal.SIGKILL))
    worker.start()
    worker.join()
    return A @ B
