"""
why = "Communication as data / 1000 / n + 0.1: more machines, less communication, and some with one machine alone."
base = "solution"

[marks]
analyze_multi_gpu_scaling_values = 0
analyze_multi_gpu_scaling_overlap = 0
analyze_multi_gpu_scaling_bottleneck = 0
"""

# %% analyze_multi_gpu_scaling
def analyze_multi_gpu_scaling(step_seconds, grad_bytes, num_gpus, alpha=10e-6, beta=1e-11, overlap=0.0):
    if num_gpus < 1 or step_seconds <= 0 or not 0 <= overlap <= 1:
        raise ValueError("bad arguments")
    overhead = min(0.8, grad_bytes / 1000 / num_gpus + 0.1)
    return {
        "communication_seconds": overhead * step_seconds,
        "communication_fraction": overhead,
        "weak_scaling_efficiency": min(num_gpus, grad_bytes / 1000) / num_gpus * (1 - overhead),
        "bottleneck_type": "communication" if overhead > 0.3 else "compute",
    }
