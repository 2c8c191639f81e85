"""
why = "The profiler in another style: NumPy scalars, tables of lanes, recommendations by rule, a report made by a recursive printer."
base = "solution"
"""

# %% profiler
#| export
import itertools

import psutil


class KernelOptimizationProfiler:
    """Analyses of kernels: measured on this machine, or counted on a stated model of a GPU."""

    def __init__(self, hardware_config=None, clock=time.process_time):
        self.clock = clock
        self.hardware_config = self._detect_hardware()
        self.hardware_config.update(hardware_config or {})
        missing = [k for k in ("peak_gflops", "bandwidth_gb_s") if k not in self.hardware_config]
        if missing:
            roof = measure_roof()
            for key in missing:
                self.hardware_config[key] = roof[key]
        self.profile_results, self.optimization_recommendations = {}, []

    def _detect_hardware(self):
        found = dict(MODEL_GPU)
        found["cpu_cores"] = len(os.sched_getaffinity(0))
        found["memory_gb"] = psutil.virtual_memory().total / 1024**3
        found["cache_sizes"] = {}
        there = os.path.exists("/dev/nvidia0")
        found["gpu_available"] = there
        found["gpu_memory_gb"] = None if there else 0
        found["tensor_cores"] = None if there else False
        return found

    def _recommend(self, *texts):
        for text in texts:
            if text not in self.optimization_recommendations:
                self.optimization_recommendations.append(text)

    def analyze_kernel_performance(self, kernel_func, input_data, iterations=100, flops=0, nbytes=None):
        args = (input_data,) if isinstance(input_data, np.ndarray) else tuple(input_data)
        first = kernel_func(*args)
        stamps = []
        for _ in range(iterations):
            begin = self.clock()
            kernel_func(*args)
            stamps.append((begin, self.clock()))
        seconds = np.diff(np.array(stamps), axis=1).ravel()
        if nbytes is None:
            nbytes = 0
            for thing in itertools.chain(args, [first]):
                nbytes += getattr(thing, "nbytes", 0)
        rate = nbytes / seconds.min()
        config = self.hardware_config
        bound = classify(flops, nbytes, seconds.min(), config["peak_gflops"] * 1e9, config["bandwidth_gb_s"] * 1e9)
        self._recommend("Work on what bounds it: " + bound)
        self.profile_results["kernel_performance"] = dict(
            avg_execution_time_us=seconds.mean() * 1e6,
            best_execution_time_us=seconds.min() * 1e6,
            memory_bandwidth_gb_s=rate / 1e9,
            theoretical_peak_bandwidth=config["bandwidth_gb_s"],
            bandwidth_efficiency=rate / (config["bandwidth_gb_s"] * 1e9),
            compute_utilization=flops / seconds.min() / (config["peak_gflops"] * 1e9),
            bottleneck_analysis=bound,
        )
        return self.profile_results["kernel_performance"]

    analyze_cuda_kernel_performance = analyze_kernel_performance

    def analyze_memory_coalescing(self, access_pattern, data_shape, itemsize=4):
        moved = asked = 0
        for addresses in warp_addresses(access_pattern, data_shape, itemsize):
            moved += len({int(address) // 32 for address in addresses})
            asked += len(addresses) * itemsize
        efficiency = asked / (moved * 32)
        if efficiency < 0.9:
            self._recommend("Coalesce " + access_pattern)
        result = dict(access_pattern=access_pattern, data_shape=list(data_shape), memory_transactions=np.int64(moved),
                      coalescing_efficiency=np.float64(efficiency), optimization_potential=1.0 - efficiency)
        self.profile_results["memory_coalescing"] = result
        return result

    def analyze_warp_divergence(self, conditions, then_cost=1, else_cost=1, common_cost=0):
        flat = np.asarray(conditions).astype(bool).reshape(-1)
        count = -(-flat.size // 32)
        lanes = np.zeros((count, 32), int)  # 0: no thread, 1: then, -1: else
        lanes.reshape(-1)[: flat.size] = np.where(flat, 1, -1)
        some, others = (lanes == 1).any(axis=1), (lanes == -1).any(axis=1)
        issued = 32 * (count * common_cost + some.sum() * then_cost + others.sum() * else_cost)
        useful = np.where(flat, then_cost, else_cost).sum() + flat.size * common_cost
        divergent = some & others
        texts = ["Let whole warps take one way."] if divergent.any() else []
        self._recommend(*texts)
        result = dict(divergence_ratio=divergent.mean(), warp_efficiency=useful / issued,
                      efficiency_loss=(issued - useful) / issued, optimization_suggestions=texts)
        self.profile_results["warp_divergence"] = result
        return result

    def analyze_shared_memory_usage(self, kernel_data_size, reuse_factor, stride_words=1):
        banks = {}
        for lane in range(32):
            word = lane * stride_words
            banks.setdefault(word % 32, set()).add(word)
        conflicts = max(map(len, banks.values())) - 1
        room = self.hardware_config["shared_memory_bytes"]
        texts = []
        if kernel_data_size > room:
            texts.append("Too large.")
        if conflicts > 0:
            texts.append("Pad.")
        if not reuse_factor > 1:
            texts.append("Not reused.")
        self._recommend(*texts)
        result = dict(shared_memory_available=room, utilization_ratio=kernel_data_size / room, bank_conflicts=conflicts,
                      reuse_factor=reuse_factor, performance_gain=reuse_factor if kernel_data_size <= room else 1,
                      optimization_opportunities=texts)
        self.profile_results["shared_memory_usage"] = result
        return result

    def analyze_tensor_core_utilization(self, operation_type, data_types, shape, tile=128):
        against, inefficient = tensor_core_reasons(operation_type, data_types, shape)
        result = dict(tensor_core_compatible=np.bool_(len(against) == 0), theoretical_speedup=1.0, actual_utilization=0.0,
                      performance_gain=1.0, optimization_requirements=[*against, *inefficient])
        if not against:
            m, n, k = shape
            result["theoretical_speedup"] = self.hardware_config["tensor_core_speedup"][data_types[0]]
            tiles = math.ceil(m / tile) * math.ceil(n / tile)
            result["actual_utilization"] = (m * n) / (tiles * tile * tile)
            result["performance_gain"] = max(1, result["theoretical_speedup"] * result["actual_utilization"])
        self._recommend(*result["optimization_requirements"])
        self.profile_results["tensor_core_utilization"] = result
        return result

    def analyze_kernel_fusion_opportunities(self, operation_sequence):
        groups = [(known, tuple(group)) for known, group in itertools.groupby(operation_sequence, ELEMENTWISE.__contains__)]
        groups = [group for known, group in groups if known]
        alone = sum(1 + ELEMENTWISE[name] for group in groups for name in group)
        fused = sum(1 + 1 + sum(ELEMENTWISE[name] - 1 for name in group) for group in groups)
        runs = [group for group in groups if len(group) >= 2]
        gain = alone / max(fused, 1) if groups else 1
        for group in runs:
            self._recommend("Fuse " + ", ".join(group))
        result = dict(fusion_opportunities=runs, memory_savings_factor=gain, performance_improvement=gain,
                      implementation_complexity=len(runs))
        self.profile_results["kernel_fusion_opportunities"] = result
        return result

    def analyze_multi_gpu_scaling(self, data_size, num_gpus, step_seconds):
        if num_gpus < 1 or step_seconds <= 0:
            raise ValueError("at least one worker, and a step that takes time")
        wait, move = allreduce_seconds(data_size, num_gpus, self.hardware_config["link_latency_s"], self.hardware_config["link_gb_s"] * 1e9)
        efficiency = step_seconds / (step_seconds + wait + move)
        kind, texts = "compute", []
        if wait + move > step_seconds:
            kind = max([("bandwidth", move), ("latency", wait)], key=lambda pair: pair[1])[0]
            texts = [f"Mind the {kind} of the link."]
        self._recommend(*texts)
        result = dict(num_gpus=num_gpus, communication_overhead=1 - efficiency, scaling_efficiency=efficiency,
                      compute_scaling=num_gpus * efficiency, bottleneck_type=kind, optimization_strategies=texts)
        self.profile_results["multi_gpu_scaling"] = result
        return result

    def generate_optimization_report(self):
        def show(value):
            return format(float(value), ".4g") if isinstance(value, (float, np.floating)) else str(value)

        out = "Kernel optimization report\n"
        for name in self.profile_results:
            out += "\n## " + name + "\n"
            out += "".join(f"- {key} = {show(value)}\n" for key, value in self.profile_results[name].items())
        if not self.profile_results:
            out += "\n(nothing yet)\n"
        out += "\n## Recommendations\n"
        for text in self.optimization_recommendations or ["(nothing to recommend)"]:
            out += "- " + text + "\n"
        return out
