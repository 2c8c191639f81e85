"""
why = "Rates of single calls are averaged."
base = "solution"

[marks]
profiler_performance_numbers = 0
"""

# %% profiler
#| export
class KernelOptimizationProfiler:
    """Analyses of kernels: measured on this machine, or counted on a stated model of a GPU."""

    def __init__(self, hardware_config=None, clock=time.process_time):
        given = hardware_config or {}
        self.clock = clock
        self.hardware_config = self._detect_hardware() | given
        if not {"peak_gflops", "bandwidth_gb_s"} <= set(given):
            self.hardware_config = measure_roof() | self.hardware_config
        self.profile_results = {}
        self.optimization_recommendations = []

    def _detect_hardware(self):
        """Return what is known of this machine, and the model of a GPU."""
        machine = describe_machine(measure=False)
        gpu = os.path.exists("/dev/nvidia0")
        return MODEL_GPU | {
            "cpu_cores": machine.cores,
            "memory_gb": machine.memory_bytes / 2**30,
            "cache_sizes": dict(machine.caches),
            "gpu_available": gpu,
            "gpu_memory_gb": None if gpu else 0.0,
            "tensor_cores": None if gpu else False,
        }

    def _keep(self, name, result, sentences):
        """Store a result and its recommendations, and return it (a proposal; you may do without)."""
        self.profile_results[name] = result
        self.optimization_recommendations += [s for s in dict.fromkeys(sentences) if s not in self.optimization_recommendations]
        return result

    def analyze_kernel_performance(self, kernel_func, input_data, iterations=100, flops=0, nbytes=None):
        """Time a kernel and set it against the roof of this machine."""
        args = input_data if isinstance(input_data, tuple) else (input_data,)
        result = kernel_func(*args)
        if nbytes is None:
            nbytes = sum(value.nbytes for value in (*args, result) if isinstance(value, np.ndarray))
        times = []
        for _ in range(iterations):
            start = self.clock()
            kernel_func(*args)
            times.append(self.clock() - start)
        best = min(times)
        peak, bandwidth = self.hardware_config["peak_gflops"], self.hardware_config["bandwidth_gb_s"]
        bottleneck = classify(flops, nbytes, best, 1e9 * peak, 1e9 * bandwidth)
        advice = {
            "memory": "A kernel is bound by memory: move fewer bytes (fuse passes, smaller types, better reuse).",
            "compute": "A kernel is bound by arithmetic: use vector units and libraries, or do less work.",
            "overhead": "A kernel takes more than ten times what bytes and arithmetic need: fewer and larger calls, or compiled code.",
        }
        return self._keep(
            "kernel_performance",
            {
                "avg_execution_time_us": 1e6 * sum(times) / iterations,
                "best_execution_time_us": 1e6 * best,
                "memory_bandwidth_gb_s": float(np.mean([nbytes / t / 1e9 for t in times])),
                "theoretical_peak_bandwidth": bandwidth,
                "bandwidth_efficiency": float(np.mean([nbytes / t / 1e9 for t in times])) / bandwidth,
                "compute_utilization": flops / best / 1e9 / peak,
                "bottleneck_analysis": bottleneck,
            },
            [advice[bottleneck]],
        )

    def analyze_cuda_kernel_performance(self, kernel_func, input_data, iterations=100, flops=0, nbytes=None):
        """The older name of analyze_kernel_performance (given)."""
        return self.analyze_kernel_performance(kernel_func, input_data, iterations, flops, nbytes)

    def analyze_memory_coalescing(self, access_pattern, data_shape, itemsize=4):
        """Count the sectors that an access pattern moves."""
        warps = warp_addresses(access_pattern, data_shape, itemsize)
        sectors = sum(np.unique(addresses // 32).size for addresses in warps)
        efficiency = itemsize * sum(addresses.size for addresses in warps) / (32 * sectors)
        advice = f"The pattern {access_pattern} uses {efficiency:.3g} of the bytes it moves: let neighbouring threads touch neighbouring elements."
        return self._keep(
            "memory_coalescing",
            {
                "access_pattern": access_pattern,
                "data_shape": data_shape,
                "memory_transactions": sectors,
                "coalescing_efficiency": efficiency,
                "optimization_potential": 1 - efficiency,
            },
            [advice] if efficiency < 0.9 else [],
        )

    def analyze_warp_divergence(self, conditions, then_cost=1, else_cost=1, common_cost=0):
        """Count the lane slots that a branch issues and uses."""
        conditions = np.asarray(conditions, bool).ravel()
        warps = [conditions[start : start + 32] for start in range(0, conditions.size, 32)]
        divergent = sum(bool(warp.any() and not warp.all()) for warp in warps)
        issued = sum(32 * (common_cost + then_cost * bool(warp.any()) + else_cost * bool(not warp.all())) for warp in warps)
        useful = int(conditions.sum()) * then_cost + int((~conditions).sum()) * else_cost + conditions.size * common_cost
        efficiency = useful / issued
        advice = [f"{divergent} of {len(warps)} warps take both branches: sort or regroup the work so that a warp decides as one."] if divergent else []
        return self._keep(
            "warp_divergence",
            {
                "divergence_ratio": divergent / len(warps),
                "warp_efficiency": efficiency,
                "efficiency_loss": 1 - efficiency,
                "optimization_suggestions": advice,
            },
            advice,
        )

    def analyze_shared_memory_usage(self, kernel_data_size, reuse_factor, stride_words=1):
        """Say whether data fit shared memory, what reuse saves, and what bank conflicts cost."""
        available = self.hardware_config["shared_memory_bytes"]
        words = np.unique(stride_words * np.arange(32))
        conflicts = int(np.bincount(words % 32).max()) - 1
        fits = kernel_data_size <= available
        advice = []
        if not fits:
            advice.append(f"{kernel_data_size} bytes do not fit the {available} bytes of shared memory: use smaller tiles.")
        if conflicts:
            advice.append(f"A stride of {stride_words} words takes {conflicts + 1} passes: pad the rows by one word.")
        if reuse_factor <= 1:
            advice.append("Data that are used once gain nothing from shared memory.")
        return self._keep(
            "shared_memory_usage",
            {
                "shared_memory_available": available,
                "utilization_ratio": kernel_data_size / available,
                "bank_conflicts": conflicts,
                "reuse_factor": reuse_factor,
                "performance_gain": float(reuse_factor) if fits else 1.0,
                "optimization_opportunities": advice,
            },
            advice,
        )

    def analyze_tensor_core_utilization(self, operation_type, data_types, shape, tile=128):
        """Say whether tensor cores can do a product, and what share of their work its shape wants."""
        no, badly = tensor_core_reasons(operation_type, data_types, shape)
        m, n, _ = shape
        speedup = 1.0 if no else self.hardware_config["tensor_core_speedup"][data_types[0]]
        utilization = 0.0 if no else m * n / (-(-m // tile) * -(-n // tile) * tile**2)
        return self._keep(
            "tensor_core_utilization",
            {
                "tensor_core_compatible": not no,
                "theoretical_speedup": speedup,
                "actual_utilization": utilization,
                "performance_gain": max(1.0, speedup * utilization),
                "optimization_requirements": no + badly,
            },
            no + badly,
        )

    def analyze_kernel_fusion_opportunities(self, operation_sequence):
        """Find runs of element-wise operations and count the passes that fusing them saves."""
        runs, alone = [[]], 0
        for op in operation_sequence:
            if op in ELEMENTWISE:
                runs[-1].append(op)
                alone += ELEMENTWISE[op] + 1
            else:
                runs.append([])
        fused = sum(2 + sum(ELEMENTWISE[op] - 1 for op in run) for run in runs if run)
        runs = [run for run in runs if len(run) > 1]
        factor = alone / fused if fused else 1.0
        advice = [f"Fuse {' + '.join(run)} into one pass." for run in runs]
        return self._keep(
            "kernel_fusion_opportunities",
            {
                "fusion_opportunities": runs,
                "memory_savings_factor": factor,
                "performance_improvement": factor,
                "implementation_complexity": len(runs),
            },
            advice,
        )

    def analyze_multi_gpu_scaling(self, data_size, num_gpus, step_seconds):
        """Say what an all-reduce in every step leaves of the work of several GPUs."""
        if num_gpus < 1 or not step_seconds > 0:
            raise ValueError(f"analyze_multi_gpu_scaling: needs at least one worker and a positive step, got {num_gpus} and {step_seconds}")
        config = self.hardware_config
        latency, transfer = allreduce_seconds(data_size, num_gpus, config["link_latency_s"], 1e9 * config["link_gb_s"])
        overhead = (latency + transfer) / (step_seconds + latency + transfer)
        advice = []
        if latency + transfer <= step_seconds:
            bottleneck = "compute"
        elif latency > transfer:
            bottleneck = "latency"
            advice.append("Latency outweighs everything: fewer and larger messages, a tree, or fewer workers.")
        else:
            bottleneck = "bandwidth"
            advice.append("Moving the gradients takes longer than computing them: compress, overlap, or do more steps between exchanges.")
        return self._keep(
            "multi_gpu_scaling",
            {
                "num_gpus": num_gpus,
                "communication_overhead": overhead,
                "scaling_efficiency": 1 - overhead,
                "compute_scaling": num_gpus * (1 - overhead),
                "bottleneck_type": bottleneck,
                "optimization_strategies": advice,
            },
            advice,
        )

    def generate_optimization_report(self):
        """Return the results and recommendations as text; see part E."""
        lines = ["Kernel optimization report", "=" * 26]
        if not self.profile_results:
            lines += ["", "Nothing was analysed yet."]
        for name, result in self.profile_results.items():
            lines += ["", name.replace("_", " ").capitalize() + f" ({name})"]
            for key, value in result.items():
                lines.append(f"  {key}: {f'{value:.6g}' if isinstance(value, float) else value}")
        lines += ["", "Recommendations"]
        lines += [f"  {number}. {text}" for number, text in enumerate(self.optimization_recommendations, 1)] or ["  none"]
        return "\n".join(lines) + "\n"
