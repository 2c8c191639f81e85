"""
why = "Compute only where the exposed time is below the step; latency also where both parts are alike."
base = "solution"

[marks]
analyze_multi_gpu_scaling_bottleneck = 0
"""

# %% analyze_multi_gpu_scaling
def analyze_multi_gpu_scaling(step_seconds, grad_bytes, num_gpus, alpha=10e-6, beta=1e-11, overlap=0.0):
    if num_gpus < 1 or not step_seconds > 0 or not 0 <= overlap <= 1:
        raise ValueError("analyze_multi_gpu_scaling: arguments without a meaning")
    seconds = allreduce_time(grad_bytes, num_gpus, alpha, beta)
    exposed = seconds - min(overlap * seconds, step_seconds)
    latency = 2 * (num_gpus - 1) * alpha
    limit = "latency" if latency >= seconds - latency else "bandwidth"
    return {
        "communication_seconds": seconds,
        "communication_fraction": exposed / (step_seconds + exposed),
        "weak_scaling_efficiency": step_seconds / (step_seconds + exposed),
        "bottleneck_type": "compute" if exposed < step_seconds else limit,
    }
