"""What notebooks import to work with, and never to be graded by.

Importing this package costs nothing but NumPy: no compiler, no plotting library.
An instrument kept here runs in the student's process, so what it reports is
evidence from hostile ground. A test may rest a few points on it, never a mark.
Whatever is in `__all__` may be called by name in the student's process.

* `LoggedArray`: an array that writes down every matrix product made with it.
* `kept_results`: the results of several calls, as they are after the last one.
* `beside`: make an instrument in the process of a student's function.
* `simd_width`: how wide the vector arithmetic of a compiled function is.
* `strictly`: a call in which a floating point warning of NumPy is an error.
* `traced_peak_bytes`: how many bytes a call holds at most.
* `cpu_clock`: the CPU time of this process, or the wall clock on a system that tells it too coarsely.
* `ManualClock`, `Workload`: a clock moved by hand, and work that takes a known time on it.
* `printed`, `run_inside`, `state_after`: run something where a student's function lives, and see what it leaves.
* `Tensor`: an array in a wrapper, which crosses between processes as an array does.
* `describe_machine`, `write_tree`: what this machine is and how fast, and a made-up `/sys` to read instead.
* `roofline_plot`, `staircase_plot`, `timings_plot`: figures with units, readable without colour.
* `launch`, `WarpTracer`: a model of a GPU that runs a kernel and writes down each access to memory.
* `MeetingKernel`, `MeetingOperation`, `ProcessKernel`: work in which several calls must be at the same time.
* `shared_segments`: the shared memory that exists.
* `cuda_missing`, `run_on_gpu`, `sectors_on_gpu`: is there a real GPU, the same kernels on it, and its own counters.
"""

from kernelmark.lab.arrays import LoggedArray
from kernelmark.lab.calls import kept_results
from kernelmark.lab.clocks import ManualClock, Workload, printed, run_inside, state_after
from kernelmark.lab.floats import strictly
from kernelmark.lab.gpu import cuda_missing, run_on_gpu, sectors_on_gpu
from kernelmark.lab.machine import MachineDescription, Rate, describe_machine, write_tree
from kernelmark.lab.machine_code import simd_width
from kernelmark.lab.memory import traced_peak_bytes
from kernelmark.lab.plots import roofline_plot, staircase_plot, timings_plot
from kernelmark.lab.remote import beside
from kernelmark.lab.tensor import Tensor
from kernelmark.lab.threads import MeetingKernel, MeetingOperation, ProcessKernel, shared_segments
from kernelmark.lab.warp import Warp, WarpTracer, launch, run_warps
from kernelmark.stopwatch.desk_clock import cpu_clock

__all__ = [
    "LoggedArray",
    "MachineDescription",
    "ManualClock",
    "MeetingKernel",
    "MeetingOperation",
    "ProcessKernel",
    "Rate",
    "Tensor",
    "Warp",
    "WarpTracer",
    "Workload",
    "beside",
    "cpu_clock",
    "cuda_missing",
    "describe_machine",
    "kept_results",
    "launch",
    "printed",
    "roofline_plot",
    "run_inside",
    "run_on_gpu",
    "run_warps",
    "sectors_on_gpu",
    "shared_segments",
    "simd_width",
    "staircase_plot",
    "state_after",
    "strictly",
    "timings_plot",
    "traced_peak_bytes",
    "write_tree",
]
