"""The model of a GPU, and the kernels for a real one."""

import contextlib
import os
import subprocess
import sys

import numpy as np
import pytest

from kernelmark.lab import WarpTracer, cuda_missing, launch, run_on_gpu, sectors_on_gpu
from kernelmark.lab.gpu import COUNTERS, parse_counters


def sectors(trace, space="global"):
    """Count the 32-byte sectors of all accesses."""
    return sum(
        len({byte // 32 for a in access.addresses[access.mask] for byte in range(a, a + access.itemsize)})
        for access in trace.accesses
        if access.space == space
    )


def transpose(w, source, out, n, pitch, *, barrier=True):
    tile = w.shared("tile", 32 * pitch)
    w.store(tile, w.ty * pitch + w.tx, w.load(source, (w.by * 32 + w.ty) * n + w.bx * 32 + w.tx))
    if barrier:
        yield
    w.store(out, (w.bx * 32 + w.ty) * n + w.by * 32 + w.tx, w.load(tile, w.tx * pitch + w.ty))


def product(w, A, B, C, n, second_barrier):
    size = w.block[0]
    a, b = w.shared("a", size * size), w.shared("b", size * size)
    row, column = w.by * size + w.ty, w.bx * size + w.tx
    total = np.zeros(32, np.float32)
    for start in range(0, n, size):
        w.store(a, w.ty * size + w.tx, w.load(A, row * n + start + w.tx))
        w.store(b, w.ty * size + w.tx, w.load(B, (start + w.ty) * n + column))
        yield
        for k in range(size):
            total += w.load(a, w.ty * size + k) * w.load(b, k * size + w.tx)
        if second_barrier:
            yield
    w.store(C, row * n + column, total)


class TestCoordinates:
    def test_threads_are_numbered_along_x_and_warps_are_32_of_them(self):
        """Thread t of a block has tx = t % width, ty = t // width; lanes without a thread are inactive."""
        seen = {}

        def kernel(w):
            seen[w.bx, w.by, w.warp] = (w.tx.tolist(), w.ty.tolist(), int(w.active.sum()))

        launch(kernel, (2, 1), (10, 5))
        assert sorted(seen) == [(bx, 0, warp) for bx in range(2) for warp in range(2)]
        assert seen[0, 0, 0] == ([t % 10 for t in range(32)], [t // 10 for t in range(32)], 32)
        assert seen[1, 0, 1][2] == 18

    def test_lanes_without_a_thread_touch_nothing(self):
        """A block of 40 threads stores 40 elements, though its second warp has 32 lanes."""
        out = np.zeros(40, np.int32)
        trace = launch(lambda w, out: w.store(out, w.tx, w.tx + 1), 1, 40, out)
        assert out.tolist() == list(range(1, 41))
        assert trace.lanes("global", "store") == 40

    def test_a_block_has_at_most_1024_threads(self):
        with pytest.raises(ValueError, match="1024"):
            launch(lambda w: None, 1, (32, 33))
        with pytest.raises(ValueError, match="grid"):
            launch(lambda w: None, 0, 32)


class TestLoadAndStore:
    def test_masked_lanes_get_the_other_value_and_may_point_anywhere(self):
        """What takes no part is neither checked nor counted."""
        out = np.zeros(32, np.float32)

        def kernel(w, x, out):
            w.store(out, w.lane, w.load(x, w.lane * 1000 - 7000, w.lane == 7, other=-1))

        trace = launch(kernel, 1, 32, np.array([5.0], np.float32), out)
        assert out.tolist() == [5.0 if lane == 7 else -1.0 for lane in range(32)]
        assert trace.lanes("global", "load") == 1

    @pytest.mark.parametrize("index", [-1, 100])
    def test_a_lane_outside_of_the_array_raises(self, index):
        with pytest.raises(IndexError, match=f"element {index} of array 0"):
            launch(lambda w, x: w.load(x, index), 1, 32, np.zeros(100))

    def test_a_kernel_cannot_swallow_that(self):
        """The launch fails, whatever the kernel does with the error."""

        def kernel(w, x):
            with contextlib.suppress(IndexError):
                w.load(x, 100)

        with pytest.raises(IndexError):
            launch(kernel, 1, 32, np.zeros(100))

    def test_views_are_written_back_and_inputs_left_alone(self):
        """Arrays of any layout go by their elements in C order."""
        base = np.zeros((8, 16))
        view, x = base[:, ::2].T, np.arange(64.0)
        launch(lambda w, x, out: w.store(out, w.bx * 32 + w.lane, w.load(x, w.bx * 32 + w.lane)), 2, 32, x, view)
        assert np.array_equal(view, np.arange(64.0).reshape(8, 8))
        assert not base[:, 1::2].any()

    def test_arrays_begin_at_multiples_of_256_bytes(self):
        """As cudaMalloc has it, so that sectors count from the start of an array."""
        x, y = np.zeros(33, np.float32), np.zeros(32, np.float32)
        trace = launch(lambda w, x, y: [w.load(x, w.lane), w.load(y, w.lane)].clear(), 1, 32, x, y)
        assert [access.addresses[0] % 256 for access in trace.accesses] == [0, 0]
        assert trace.accesses[0].addresses[0] != trace.accesses[1].addresses[0]
        assert sectors(trace) == 8

    @pytest.mark.parametrize(
        ("kernel", "error"),
        [
            (lambda w, x: w.load(x, w.lane / 2), TypeError),
            (lambda w, x: w.load(np.zeros(3), 0), TypeError),
            (lambda w, x: w.load(x, 0, space="shared"), ValueError),
            (lambda w, x: w.shared("a", 0), ValueError),
            (lambda w, x: w.shared("a", 60_000), ValueError),
            (lambda w, x: [w.shared("a", w.warp + 1)].clear(), ValueError),
            (lambda w, x: w.lane, TypeError),
        ],
    )
    def test_misuse_is_named(self, kernel, error):
        with pytest.raises(error):
            launch(kernel, 1, 64, np.zeros(100))


class TestBarriers:
    def test_counts_of_the_transpose(self):
        """1,024 sectors for 64 x 64, 512 of them loads, and each element once through shared memory."""
        x, out = np.random.default_rng(0).standard_normal((64, 64), dtype=np.float32), np.zeros((64, 64), np.float32)
        trace = launch(transpose, (2, 2), (32, 32), x, out, 64, 33)
        assert np.array_equal(out, x.T)
        assert sectors(trace) == 1024
        assert trace.instructions("shared") == 256
        assert (trace.barriers, trace.races) == (4, [])

    @pytest.mark.parametrize("size", [8, 16])
    def test_counts_of_the_tiled_product(self, size):
        """2 n^3 / T elements from global memory, by the rule of tiles."""
        rng = np.random.default_rng(1)
        A, B = (rng.standard_normal((32, 32), dtype=np.float32) for _ in range(2))
        C = np.zeros((32, 32), np.float32)
        trace = launch(product, (32 // size,) * 2, (size, size), A, B, C, 32, True)
        np.testing.assert_allclose(C, A @ B, rtol=1e-4, atol=1e-4)
        assert trace.lanes("global", "load") == 2 * 32**3 // size
        assert trace.races == []

    @pytest.mark.parametrize("seed", range(20))
    def test_a_missing_barrier_goes_wrong_every_time(self, seed):
        """In every order of the warps: before the first read, and before the tile is loaded anew."""
        x, out = np.random.default_rng(seed).standard_normal((32, 32), dtype=np.float32), np.zeros((32, 32), np.float32)

        def without(w, *args):
            yield from transpose(w, *args, barrier=False)

        trace = launch(without, 1, (32, 32), x, out, 32, 33, seed=seed)
        assert not np.array_equal(out, x.T)
        assert trace.races
        C, y = np.zeros((16, 16), np.float32), x[:16, :16].copy()
        trace = launch(product, (2, 2), (8, 8), y, y, C, 16, False, seed=seed)
        assert np.abs(C - y @ y).max() > 1e-2 or np.isnan(C).any()
        assert trace.races

    def test_warps_that_have_ended_do_not_hold_up_the_others(self):
        """As on the hardware since compute capability 7.0."""
        out = np.zeros(64, np.int32)

        def kernel(w, out):
            if w.warp == 1:
                return
            yield
            w.store(out, w.tx, 1)

        trace = launch(kernel, 1, 64, out)
        assert out.sum() == 32
        assert trace.barriers == 1

    def test_shared_memory_is_garbage_at_first_and_new_for_each_block(self):
        out = np.zeros(64, np.float32)

        def kernel(w, out):
            tile = w.shared("tile", 32)
            w.store(out, w.bx * 32 + w.lane, w.load(tile, w.lane))
            w.store(tile, w.lane, 1)

        launch(kernel, 2, 32, out)
        assert np.isnan(out).all()

    def test_a_kernel_that_never_ends_is_stopped(self):
        def kernel(w):
            while True:
                yield

        with pytest.raises(RuntimeError, match="barriers"):
            launch(kernel, 1, 32)


class TestRequestsFromElsewhere:
    @pytest.mark.parametrize(
        "request_",
        [
            ("access", "load", 0, [0] * 33, [True] * 33, None, 0),
            ("access", "load", 7, [0] * 32, [True] * 32, None, 0),
            ("access", "load", 0, [99] * 32, [True] * 32, None, 0),
            ("access", "load"),
            ("shared", "a", -1, "<f4"),
            ("shared", "a", 4, "O"),
            ("peek",),
        ],
    )
    def test_nonsense_comes_back_as_an_error_and_ends_the_launch(self, request_):
        """What a process that is not trusted asks for is checked, and remembered."""
        tracer = WarpTracer([np.zeros(4)])
        answer = tracer.touch(*request_)
        assert answer["error"] in ("IndexError", "TypeError", "ValueError")
        assert tracer.failure is not None
        assert tracer.accesses == []


SIMULATED = """
from kernelmark.lab import cuda_missing, run_on_gpu
assert "simulator" in cuda_missing()
rows = run_on_gpu(9, 4, 1, simulator=True)
assert len(rows) == 5 and all(row["right"] for row in rows), rows
"""


# A stand-in for Nsight Compute: runs what it is given, then prints counters in the profiler's shape.
PROFILER = """#!{python}
import subprocess, sys
at = sys.argv.index({python!r})
subprocess.run(sys.argv[at:], check=True)
print("==PROF== Disconnected from process 7")
print('"ID","Process ID","Kernel Name","Context","Section Name","Metric Name","Metric Unit","Metric Value"')
for launch in range(5):
    for value, name in enumerate({counters!r}):
        print(f'"{{launch}}","7","transpose(Array<float, 2>)","1","","{{name}}","sector","{{launch}},00{{value}}"')
"""
PROFILED = """
from kernelmark.lab import sectors_on_gpu
rows = sectors_on_gpu(9, 4, simulator=True, profiler={profiler!r})
assert rows[0] == {{"kernel": "map", "loaded": 0, "stored": 1, "wavefronts": 2}}, rows
assert rows[4] == {{"kernel": "product, tiles of 4", "loaded": 4000, "stored": 4001, "wavefronts": 4002}}, rows
"""


class TestCounters:
    HEAD = '"ID","Kernel Name","Metric Name","Metric Unit","Metric Value"'

    def test_launches_come_in_order_and_thousands_have_commas(self):
        names = list(COUNTERS)
        rows = [f'"{i}","k","{name}","","{i + 1},{j:03}"' for i in (1, 0) for j, name in enumerate(names)]
        text = "\n".join(["==PROF== Connected to process 1", self.HEAD, *rows])
        assert parse_counters(text) == [
            {"loaded": 1000, "stored": 1001, "wavefronts": 1002},
            {"loaded": 2000, "stored": 2001, "wavefronts": 2002},
        ]

    @pytest.mark.parametrize("value", ["n/a", "", "nan"])
    def test_a_counter_that_the_device_lacks_is_no_zero(self, value):
        rows = [f'"0","k","{name}","","{value}"' for name in COUNTERS]
        assert parse_counters("\n".join([self.HEAD, *rows])) == []

    def test_noise_counts_nothing(self):
        assert parse_counters("") == []
        assert parse_counters("==ERROR== no kernels were profiled") == []


class TestRealGpu:
    def test_the_reason_is_a_sentence_or_none(self):
        reason = cuda_missing()
        assert reason is None or len(reason) > 10
        if reason is not None:
            with pytest.raises(RuntimeError):
                run_on_gpu(8)

    def test_kernels_are_right_in_the_simulator(self):
        """A process of its own: Numba reads the variable when it is imported."""
        pytest.importorskip("numba", reason="Numba is not installed")
        environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1"}
        done = subprocess.run(
            [sys.executable, "-c", SIMULATED], env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr

    def test_a_profiler_sees_one_launch_a_kernel(self, tmp_path):
        """The profiler is a stand-in; what it is given to run is the real thing, in the simulator."""
        pytest.importorskip("numba", reason="Numba is not installed")
        profiler = tmp_path / "ncu"
        profiler.write_text(PROFILER.format(python=sys.executable, counters=list(COUNTERS)))
        profiler.chmod(0o755)
        environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1"}
        command = [sys.executable, "-c", PROFILED.format(profiler=str(profiler))]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr

    @pytest.mark.gpu
    def test_the_model_predicts_the_sectors_that_the_device_counts(self):
        try:
            rows = {row["kernel"]: row for row in sectors_on_gpu(256, 16)}
        except RuntimeError as reason:
            pytest.skip(str(reason))
        n = 256
        assert rows["map"]["loaded"] == rows["map"]["stored"] == n * n // 8
        assert rows["transpose naive"]["stored"] == n * n
        assert rows["transpose tiled, pitch 33"]["stored"] == n * n // 8

    @pytest.mark.gpu
    def test_kernels_are_right_on_the_device(self):
        reason = cuda_missing()
        if reason is not None:
            pytest.skip(reason)
        rows = run_on_gpu(100, 16, 3)
        assert [row["kernel"] for row in rows if not row["right"]] == []
