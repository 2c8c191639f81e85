"""A model of how a GPU runs a kernel: blocks of threads, warps of 32 lanes, barriers, and memory that is watched.

Does: runs a kernel written as a generator function over vectors of 32 lanes; stops at
each `yield` until all warps of the block have come; writes down the addresses of every
load and store; raises IndexError where a lane leaves an array; finds accesses to shared
memory that no barrier keeps apart. Does not: tell time, model caches, atomics or
divergent control flow, or look for races in global memory.

It is a model, with the rules of the CUDA C++ Programming Guide (SIMT architecture,
`__syncthreads()`, shared memory) and no others. Within a block the warps run one after
the other from barrier to barrier, in a new order each time, so a kernel that needs a
barrier and has none goes wrong at every launch, not now and then.

Memory stays in the process that launches. The warps run where the kernel lives, and
each access is a call back, so a kernel in another process cannot alter what was counted.
What warps tell each other outside of memory, by a global variable of Python, is not seen.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

LANES = 32
MAX_THREADS = 1024
# A kernel that waits this often in one block is taken for one that never ends.
MAX_BARRIERS = 2_000
# cudaMalloc aligns to at least this many bytes (CUDA C++ Best Practices Guide, 10.2.1.2).
GLOBAL_ALIGNMENT_BYTES = 256
# Each shared array begins at bank 0, so that counts do not depend on what was declared before it.
SHARED_ALIGNMENT_BYTES = 128

# The most that one block can have on any architecture of the notebook (compute capability 9.0).
MAX_SHARED_BYTES = 227 * 2**10
_ENDED = object()

Pair = tuple[int, int]


@dataclass(frozen=True)
class Access:
    """One load or store of one warp.

    Attributes:
        space: "global" or "shared".
        kind: "load" or "store".
        addresses: shape (32,), in bytes; of inactive lanes they mean nothing.
        mask: shape (32,), which lanes take part.
        itemsize: bytes a lane.
        block: (x, y) of the block in the grid.
        warp: number of the warp in its block.
    """

    space: str
    kind: str
    addresses: np.ndarray
    mask: np.ndarray
    itemsize: int
    block: Pair
    warp: int


@dataclass(frozen=True)
class DeviceArray:
    """What a kernel holds in the place of an array: a name for it, without its values.

    Elements are counted through the whole array in C order, whatever its shape.
    """

    number: int
    space: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def size(self) -> int:
        """How many elements it has."""
        return int(np.prod(self.shape, dtype=np.int64))


class Warp:
    """32 lanes of one block; a kernel's first argument.

    Attributes:
        lane: 0 to 31, an array of 32 like all coordinates of a thread.
        tx, ty: each lane's place in the block (CUDA's threadIdx.x and .y).
        bx, by: the block's place in the grid, two integers (blockIdx.x and .y).
        block, grid: (width, height) of a block in threads and of the grid in blocks.
        active: which lanes have a thread; all, but in the last warp of some blocks.
        warp: the number of this warp in its block.
    """

    def __init__(self, number: int, place: Pair, block: Pair, grid: Pair, shelf: _Shelf):
        self.warp = number
        self.bx, self.by = place
        self.block, self.grid = block, grid
        self.lane = np.arange(LANES)
        thread = number * LANES + self.lane
        self.tx, self.ty = thread % block[0], thread // block[0]
        self.active = thread < block[0] * block[1]
        self._shelf = shelf

    def shared(self, name: str, size: int, dtype: Any = np.float32) -> DeviceArray:
        """Return the block's shared array of this name; all warps of the block get the same one.

        What it holds at first is garbage: NaN, or a large number where there is no NaN.

        Raises:
            ValueError: the name was given to an array of other size or dtype, or the size is not positive.
        """
        return self._shelf.shared(name, size, np.dtype(dtype))

    def load(self, array: DeviceArray, index: Any, mask: Any = None, space: str | None = None, other: Any = 0) -> Any:
        """Return `array[index]`, a value for each of the 32 lanes; lanes that take no part get `other`.

        Args:
            index: whole numbers, one a lane or one for all.
            mask: True for lanes that take part; lanes without a thread never do.
            space: "global" or "shared", if you want it checked.

        Raises:
            IndexError: a lane that takes part is outside of the array.
        """
        places, taking_part = self._lanes(array, index, mask, space)
        values = self._shelf.ask("load", array.number, places, taking_part, None, self.warp)
        return np.where(taking_part, np.asarray(values, array.dtype), np.asarray(other, array.dtype))

    def store(self, array: DeviceArray, index: Any, value: Any, mask: Any = None, space: str | None = None) -> None:
        """Set `array[index] = value` in each lane that takes part; arguments and errors as in `load`.

        Where several lanes name one element, one of them wins; here it is the last.
        """
        places, taking_part = self._lanes(array, index, mask, space)
        values = np.array(np.broadcast_to(np.asarray(value), LANES)).astype(array.dtype)
        self._shelf.ask("store", array.number, places, taking_part, values, self.warp)

    def _lanes(self, array: DeviceArray, index: Any, mask: Any, space: str | None) -> tuple[np.ndarray, np.ndarray]:
        if not isinstance(array, DeviceArray):
            raise TypeError(f"load and store take an array of the kernel's arguments or w.shared, not {array!r:.60}")
        if space not in (None, array.space):
            raise ValueError(f"this array is in {array.space} memory, not in {space!r}")
        places = np.asarray(index)
        if places.dtype.kind not in "iu":
            raise TypeError(f"an index must be whole numbers, got {places.dtype}")
        places = np.array(np.broadcast_to(places, LANES), np.int64)
        wanted = np.broadcast_to(True if mask is None else np.asarray(mask, bool), LANES)
        return places, np.array(wanted & self.active)


class WarpTracer:
    """The memory of one launch, and the log of what was done with it.

    Attributes:
        accesses: every load and store with a lane that took part, in the order in which they came.
        barriers: how many barriers all blocks together have passed.
        races: a sentence for each access to shared memory that no barrier keeps apart from another warp's.
    """

    def __init__(self, arrays: Sequence[np.ndarray]):
        self.accesses: list[Access] = []
        self.barriers = 0
        self.races: list[str] = []
        self._memory: list[_Region] = []
        base = GLOBAL_ALIGNMENT_BYTES
        for array in arrays:
            region = _Region("global", f"array {len(self._memory)} of the arguments", np.array(array).ravel(), base)
            self._memory.append(region)
            base += -(-max(1, region.values.nbytes) // GLOBAL_ALIGNMENT_BYTES) * GLOBAL_ALIGNMENT_BYTES
        self._global = len(self._memory)
        self._block = (0, 0)
        self.failure: Exception | None = None

    def lanes(self, space: str, kind: str) -> int:
        """Return how many single elements were moved: kind "load" or "store", space "global" or "shared"."""
        return sum(int(a.mask.sum()) for a in self.accesses if (a.space, a.kind) == (space, kind))

    def instructions(self, space: str) -> int:
        """Return how many loads and stores of whole warps there were."""
        return sum(a.space == space for a in self.accesses)

    def values(self, number: int) -> np.ndarray:
        """Return what the array of this number holds, flat."""
        return self._memory[number].values

    def touch(self, what: str, *details: Any) -> Any:
        """Serve one request of the warps; what is wrong with it comes back as `{"error": type, "message": text}`.

        It may come from a process that is not trusted, so its form is checked, too.
        """
        try:
            if what == "access":
                return self._access(*details)
            if what == "shared":
                return self._allocate(*details)
            if what == "block":
                self._block = (int(details[0]), int(details[1]))
                del self._memory[self._global :]
            elif what == "barrier":
                self.barriers += 1
                for region in self._memory[self._global :]:
                    region.forget()
            else:
                raise ValueError(f"no such request: {what!r:.40}")
        except (IndexError, TypeError, ValueError) as error:
            self.failure = self.failure or error
            return {"error": type(error).__name__, "message": str(error)}
        return None

    def _allocate(self, name: str, size: int, dtype: str) -> int:
        kind, used = np.dtype(dtype), 0
        for region in self._memory[self._global :]:
            used += -(-region.values.nbytes // SHARED_ALIGNMENT_BYTES) * SHARED_ALIGNMENT_BYTES
        if kind.kind not in "biuf" or size < 1 or used + size * kind.itemsize > MAX_SHARED_BYTES:
            raise ValueError(
                f"shared array {name!r:.40}: expected numbers, at most {MAX_SHARED_BYTES // 1024} KB a block; "
                f"got {size} x {kind} after {used} bytes"
            )
        values = np.empty(size, kind)
        values.fill(np.nan if kind.kind == "f" else True if kind.kind == "b" else np.iinfo(kind).max)
        self._memory.append(_Region("shared", f"shared array {name!r:.40}", values, used))
        return len(self._memory) - 1

    def _access(self, kind: str, number: int, index: Any, mask: Any, value: Any, warp: int) -> Any:
        places, taking_part = np.asarray(index, np.int64), np.asarray(mask, bool)
        if places.shape != (LANES,) or taking_part.shape != (LANES,) or not 0 <= number < len(self._memory):
            raise ValueError("an access names an array and has one index and one mask for each of 32 lanes")
        region = self._memory[number]
        outside = taking_part & ~((places >= 0) & (places < region.values.size))
        if outside.any():
            lane = int(np.argmax(outside))
            raise IndexError(
                f"block {self._block}, warp {warp}, lane {lane}: {kind} of element {places[lane]} of {region.name}, "
                f"which has {region.values.size}; is a mask missing?"
            )
        inside = places[taking_part]
        if inside.size:
            addresses = region.base + places * region.values.itemsize
            access = Access(region.space, kind, addresses, taking_part, region.values.itemsize, self._block, int(warp))
            self.accesses.append(access)
            if region.space == "shared" and (other := region.clash(kind, inside, int(warp))) is not None:
                self.races.append(
                    f"block {self._block}: warp {warp} {kind}s an element of {region.name} that warp {other} "
                    "has used since the last barrier"
                )
        if kind == "store":
            region.values[inside] = np.asarray(value, region.values.dtype)[taking_part]
            return None
        found = np.zeros(LANES, region.values.dtype)
        found[taking_part] = region.values[inside]
        return found


class _Region:
    """An array in the model's memory; for shared ones, who used each element since the last barrier."""

    def __init__(self, space: str, name: str, values: np.ndarray, base: int):
        self.space, self.name, self.values, self.base = space, name, values, base
        self.forget()

    def forget(self) -> None:
        """Begin anew after a barrier: warp numbers of the last writer and reader, -1 for none, -2 for several."""
        size = self.values.size if self.space == "shared" else 0
        self._writer, self._reader = np.full(size, -1), np.full(size, -1)

    def clash(self, kind: str, places: np.ndarray, warp: int) -> int | None:
        """Write down who uses these elements; return another warp that makes it a race, if there is one."""
        writer, reader = self._writer[places], self._reader[places]
        others = writer[(writer != -1) & (writer != warp)]
        if kind == "store":
            others = np.concatenate([others, reader[(reader != -1) & (reader != warp)]])
            self._writer[places] = warp
        else:
            self._reader[places] = np.where((reader == -1) | (reader == warp), warp, -2)
        return int(others.max()) if others.size else None


class _Shelf:
    """The kernel's side of the memory of one block: asks, and raises what comes back as an error."""

    def __init__(self, touch: Callable[..., Any], place: Pair):
        self._touch = touch
        self._arrays: dict[str, DeviceArray] = {}
        self.ask_for("block", *place)

    def ask_for(self, what: str, *details: Any) -> Any:
        answer = self._touch(what, *details)
        if isinstance(answer, dict):
            kinds: dict[str, type[Exception]] = {"IndexError": IndexError, "TypeError": TypeError}
            raise kinds.get(answer["error"], ValueError)(answer["message"])
        return answer

    def ask(self, *details: Any) -> Any:
        return self.ask_for("access", *details)

    def shared(self, name: str, size: int, dtype: np.dtype[Any]) -> DeviceArray:
        if name not in self._arrays:
            number = self.ask_for("shared", str(name), int(size), dtype.str)
            self._arrays[name] = DeviceArray(number, "shared", (int(size),), dtype)
        found = self._arrays[name]
        if (found.size, found.dtype) != (size, dtype):
            raise ValueError(f"shared array {name!r} has {found.size} x {found.dtype}, not {size} x {dtype}")
        return found


def run_warps(
    kernel: Callable[..., Any],
    grid: Pair,
    block: Pair,
    arguments: Iterable[Any],
    touch: Callable[..., Any],
    seed: int,
) -> None:
    """Run every block of a launch where the kernel lives; `launch` is the function to call.

    Args:
        arguments: ["value", x] or ["array", number, shape, dtype] for each argument of the kernel.
        touch: `WarpTracer.touch` of the tracer that holds the memory.

    Raises:
        RuntimeError: a block does not end. Anything that the kernel raised.
    """
    values = [
        DeviceArray(rest[0], "global", tuple(rest[1]), np.dtype(rest[2])) if tag == "array" else rest[0]
        for tag, *rest in arguments
    ]
    order = random.Random(seed)
    for by in range(grid[1]):
        for bx in range(grid[0]):
            shelf = _Shelf(touch, (bx, by))
            count = -(-block[0] * block[1] // LANES)
            warps = [Warp(number, (bx, by), block, grid, shelf) for number in range(count)]
            order.shuffle(warps)
            waiting = [steps for warp in warps if _goes_on(steps := _begun(kernel, warp, values))]
            for _ in range(MAX_BARRIERS):
                if not waiting:
                    break
                # Threads that have ended do not hold up a barrier (Programming Guide, compute capability 7.x).
                shelf.ask_for("barrier")
                order.shuffle(waiting)
                waiting = [steps for steps in waiting if _goes_on(steps)]
            else:
                raise RuntimeError(f"block {(bx, by)} has waited at {MAX_BARRIERS} barriers and is not done")


def _begun(kernel: Callable[..., Any], warp: Warp, values: list[Any]) -> Generator[Any, Any, Any] | None:
    """Call the kernel for one warp: a generator to step through, or None if it had no barrier and is done."""
    steps = kernel(warp, *values)
    if steps is None or inspect.isgenerator(steps):
        return steps
    raise TypeError(f"a kernel returns nothing, it stores its results; this one returned {type(steps).__name__}")


def _goes_on(steps: Generator[Any, Any, Any] | None) -> bool:
    """Run to the next barrier; False at the end of the kernel."""
    return steps is not None and next(steps, _ENDED) is not _ENDED


def launch(kernel: Callable[..., Any], grid: int | Pair, block: int | Pair, *args: Any, seed: int = 0) -> WarpTracer:
    """Run a kernel over a grid of blocks, change the arrays among `args` in place, and return what was traced.

    Args:
        kernel: `kernel(w, *args)` for each warp `w`; a generator function, whose `yield` is the block's
            barrier, or a plain function without one. Arrays reach it as `DeviceArray`.
        grid: blocks, a number or (width, height).
        block: threads of a block, a number or (width, height), at most 1024 in all.
        seed: of the order in which the warps of a block run between barriers.

    Raises:
        IndexError: a lane left an array, also where the kernel caught that.
        ValueError: the grid or the block is empty or too large. Anything that the kernel raised.
    """
    shape, threads = _pair(grid, "grid"), _pair(block, "block")
    if threads[0] * threads[1] > MAX_THREADS:
        raise ValueError(f"block: a block has at most {MAX_THREADS} threads, got {threads[0]} x {threads[1]}")
    arrays = [arg for arg in args if isinstance(arg, np.ndarray)]
    tracer = WarpTracer(arrays)
    numbers = iter(range(len(arrays)))
    arguments = [
        ["array", next(numbers), list(arg.shape), arg.dtype.str] if isinstance(arg, np.ndarray) else ["value", arg]
        for arg in args
    ]
    elsewhere = getattr(kernel, "_kernelmark_apply_", None)
    if elsewhere is None:
        run_warps(kernel, shape, threads, arguments, tracer.touch, seed)
    else:
        elsewhere("kernelmark.lab.run_warps", (kernel, shape, threads, arguments, tracer.touch, seed), {})
    if tracer.failure is not None:
        raise tracer.failure
    stored = {a.addresses[a.mask][0] for a in tracer.accesses if (a.space, a.kind) == ("global", "store")}
    for number, array in enumerate(arrays):
        region = tracer._memory[number]
        if any(region.base <= address < region.base + region.values.nbytes for address in stored):
            array[...] = region.values.reshape(array.shape)
    return tracer


def _pair(value: int | Pair, what: str) -> Pair:
    width, height = (value, 1) if isinstance(value, int | np.integer) else value
    if width < 1 or height < 1:
        raise ValueError(f"{what}: expected at least 1 in each direction, got {value}")
    return int(width), int(height)
