"""
why = "Hides overlap times the communication, however short the computing is."
base = "solution"

[marks]
analyze_multi_gpu_scaling_overlap = 0
"""

# %% analyze_multi_gpu_scaling
def analyze_multi_gpu_scaling(step_seconds, grad_bytes, num_gpus, alpha=10e-6, beta=1e-11, overlap=0.0):
    if num_gpus < 1 or step_seconds <= 0 or not 0 <= overlap <= 1:
        raise ValueError("bad arguments")
    seconds = allreduce_time(grad_bytes, num_gpus, alpha, beta)
    exposed = (1 - overlap) * seconds
    latency = allreduce_time(0, num_gpus, alpha, beta)
    kind = "compute" if exposed <= step_seconds else "latency" if latency > seconds / 2 else "bandwidth"
    return {
        "communication_seconds": seconds,
        "communication_fraction": exposed / (exposed + step_seconds),
        "weak_scaling_efficiency": step_seconds / (exposed + step_seconds),
        "bottleneck_type": kind,
    }
