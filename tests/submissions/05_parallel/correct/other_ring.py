"""
why = "A ring written with messages in mailboxes and roll-free indices, log calls after each step, other closed forms elsewhere, and prints."
base = "solution"
"""

# %% amdahl
def amdahl(parallel_fraction, workers):
    if parallel_fraction < 0 or parallel_fraction > 1:
        raise ValueError("a fraction lies between 0 and 1")
    if workers < 1:
        raise ValueError("who does the work?")
    return workers / (workers * (1 - parallel_fraction) + parallel_fraction)


def fit_parallel_fraction(workers, speedups):
    workers, speedups = list(workers), list(speedups)
    if len(workers) != len(speedups) or not workers:
        raise ValueError("lists differ")
    if any(s <= 0 for s in speedups) or max(workers) <= 1:
        raise ValueError("nothing to fit")
    A = np.array([[1 / n - 1] for n in workers])
    y = np.array([1 / s - 1 for s in speedups])
    f = np.linalg.lstsq(A, y, rcond=None)[0][0]
    return max(0.0, min(1.0, float(f)))

# %% ring_allreduce
def ring_allreduce(arrays, log=None):
    """Each machine keeps a list of chunks; mailboxes hold what is on the way."""
    note = log.append if isinstance(log, list) else log
    print("all-reduce of", len(arrays), "arrays")
    if len(arrays) == 0:
        raise ValueError("no arrays")
    first = arrays[0]
    for other in arrays:
        if other.shape != first.shape or other.dtype != first.dtype:
            raise ValueError(f"{other.shape} {other.dtype} is not {first.shape} {first.dtype}")
    n = len(arrays)
    machines = [[chunk.copy() for chunk in np.array_split(array.ravel(), n)] for array in arrays]
    step = 0
    for phase in ("add", "copy"):
        for turn in range(n - 1):
            mailbox = {}
            for rank, chunks in enumerate(machines):
                index = (rank + 1 - turn) % n if phase == "copy" else (rank - turn) % n
                mailbox[rank] = (index, chunks[index].copy())
            for rank in range(n):
                index, message = mailbox[rank]
                target = (rank + 1) % n
                mine = machines[target][index]
                machines[target][index] = message + mine if phase == "add" else message
                if log is not None and message.nbytes:
                    note((step, rank, target, message.nbytes))
            step += 1
    return [np.concatenate(chunks).reshape(first.shape) for chunks in machines]

# %% allreduce_time
def allreduce_time(nbytes, n, alpha, beta, algorithm="ring"):
    if n < 1:
        raise ValueError("no machines")
    if algorithm not in {"ring", "tree"}:
        raise ValueError(algorithm)
    if n == 1:
        return 0
    if algorithm == "tree":
        return 2 * math.ceil(math.log2(n)) * (alpha + beta * nbytes)
    per_message = alpha + beta * nbytes / n
    return 2 * (n - 1) * per_message


def bus_bandwidth(nbytes, n, seconds):
    if n < 1 or seconds <= 0:
        raise ValueError("bad")
    return 0 if n == 1 else (nbytes / seconds) * (2 * (n - 1) / n)

# %% analyze_multi_gpu_scaling
def analyze_multi_gpu_scaling(step_seconds, grad_bytes, num_gpus, alpha=10e-6, beta=1e-11, overlap=0.0):
    if step_seconds <= 0 or not (0 <= overlap <= 1) or num_gpus < 1:
        raise ValueError("bad")
    t_alpha = 2 * (num_gpus - 1) * alpha
    t_beta = 2 * (num_gpus - 1) / num_gpus * grad_bytes * beta
    exposed = max((1 - overlap) * (t_alpha + t_beta), t_alpha + t_beta - step_seconds)
    if exposed <= step_seconds:
        limit = "compute"
    elif t_alpha > t_beta:
        limit = "latency"
    else:
        limit = "bandwidth"
    total = step_seconds + exposed
    return dict(
        communication_seconds=t_alpha + t_beta,
        communication_fraction=exposed / total,
        weak_scaling_efficiency=step_seconds / total,
        bottleneck_type=limit,
        num_gpus=num_gpus,
    )
