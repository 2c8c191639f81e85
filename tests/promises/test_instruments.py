"""What a submission gains that forges the instruments beside it: the figures that the threat model states.

An instrument that lives in the student's process says what submitted code lets it say. Counted here: the points
of the test cells that ask one, from the text of the notebooks; and what wrong and wasteful work gains that forges
all of them.
"""

import ast
import json
import re
from pathlib import Path

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

from kernelmark.referee import grading
from tests.sample_class import ROOT, Sample, course, load, notebook_name

ASSIGNMENTS = sorted(path.name for path in (ROOT / "source").iterdir() if path.is_dir())
# What says, from the student's process, how a call went. What only runs or puts something there (`run_inside`,
# `printed`, `write_tree`) reports nothing.
INSTRUMENTS = {
    "traced_peak_bytes", "state_after", "kept_results", "simd_width", "strictly",
}  # fmt: skip
# These are called back in the judge, unless they are made beside the student's function.
MADE_BESIDE = re.compile(
    r"\bbeside\(\w+, (?:ManualClock|Workload|MeetingKernel|MeetingOperation|ProcessKernel|shared_segments)\b"
)
# Tests that a log is empty or short: nobody misses an entry. Logs with entries are checked by their values.
SHORT_LOGS = {"matmul_naive_by_hand", "conv2d_naive_by_hand", "flash_attention_memory"}
# A real clock in the student's process.
REAL_CLOCKS = {"load_latency_near_and_far"}
# From which thread a function of the test is called, the student's process says: it chooses the line that it asks on.
THREADS = "threading.current_thread()"

FORGED = """
import kernelmark.lab as lab
import kernelmark.lab.clocks as clocks
import kernelmark.lab.threads as threads
import numpy
import threading

forged_state = lab.state_after  # names of our own: set-up imports the others again
lab.state_after = lambda function, *a, collector_on=True, **k: {
    **forged_state(function, *a, collector_on=collector_on, **k), "collector_on": collector_on, "tracing": False}
clocks._collecting = clocks._tracing = lambda: False
lab.traced_peak_bytes = lambda function, *a, **k: (function(*a, **k), 0)[1]
lab.strictly = lambda function, *a, **k: function(*a, **k)
lab.simd_width = lambda function: 256
lab.shared_segments = lambda *_, **__: []
lab.kept_results = lambda function, calls: [numpy.array(function(*arguments)) for arguments in calls]
lab.LoggedArray.products = property(lambda self: [], lambda self, value: None)
threads._Meeting.met = property(lambda self: True)
threads._Meeting.most_at_once = property(lambda self: 1, lambda self, value: None)
threads.ProcessKernel.met = property(lambda self: True)
threads.ProcessKernel.workers = property(lambda self: self.parties)
forged_calls = threads.ProcessKernel.calls.fget
threads.ProcessKernel.calls = property(
    lambda self: [{**call, "shared": [True] * len(call["shared"])} for call in forged_calls(self)])
forged_thread = threading.current_thread  # one thread beside the main one passes for it; two would talk at once
threading.current_thread = lambda: threading.main_thread() if threading.active_count() == 2 else forged_thread()
"""
# Of 100 points. More is moved to tests of what the judge sees.
MOST_GAINED = 3
# Wrong or wasteful work, and the points that it gains by forging: each cell once.
GAINS = {
    "01_measure": (
        3,
        "wrong/collector_ignored wrong/comparison_leaves_the_collector_off wrong/never_stops_tracing "
        "wrong/weighs_without_the_collector wrong/weighs_the_timed_call cheating/patches_the_collector",
    ),
    "02_roofline": (2, "wrong/triad_makes_a_temporary"),
    "03_matmul": (3, "wrong/naive_by_library slow/wrong_order_inside"),
    "04_fuse": (
        3,
        "wrong/fused_by_three_calls wrong/flash_full_matrix wrong/flash_skips_nothing wrong/cache_grown_by_copies",
    ),
    "05_parallel": (
        3,
        "wrong/relu_in_a_loop wrong/batch_in_a_loop wrong/matmul_named_parallel wrong/leaks_a_segment "
        "wrong/processes_one_after_the_other wrong/flattens_and_concatenates wrong/processes_through_pipes "
        "wrong/a_thread_for_every_item wrong/small_arrays_in_a_thread",
    ),
    "07_conv": (
        3,
        "slow/makes_an_index_table_each_time slow/windows_under_another_name wrong/hands_out_the_workspace "
        "wrong/naive_by_library wrong/naive_by_einsum",
    ),
}


def words(source: str) -> set[str]:
    tree = ast.parse(TransformerManager().transform_cell(source))
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def asking(assignment: str) -> dict[str, float]:
    """Return the points of the test cells that ask an instrument beside submitted code, helpers of set-up included."""
    found = course(assignment)
    names = set(INSTRUMENTS)
    functions = [
        node
        for cell in found.cells
        if cell.role == "setup" and cell.code
        for node in ast.parse(TransformerManager().transform_cell(cell.source)).body
        if isinstance(node, ast.FunctionDef)
    ]
    for _ in functions:  # a helper may use another
        names |= {function.name for function in functions if words(ast.unparse(function)) & names}
    tests = [cell for cell in found.cells if cell.role == "test"]
    return {
        cell.grade_id: cell.points
        for cell in tests
        if words(cell.source) & names
        or MADE_BESIDE.search(cell.source)
        or THREADS in cell.source
        or cell.grade_id in SHORT_LOGS | REAL_CLOCKS
    }


def stated() -> dict[str, tuple[float, float, int]]:
    """Return what docs/threat-model.md says: {assignment: (points of all such cells, most points of one, gained)}."""
    text = (ROOT / "docs" / "threat-model.md").read_text()
    rows = re.findall(r"^  \| (\d\d_\w+) \| (\d+) \| (\d+) \| (\d+) \|", text, re.MULTILINE)
    return {name: (float(points), float(most), int(gained)) for name, points, most, gained in rows}


def test_the_threat_model_states_the_points_that_hang_on_instruments():
    """Of each assignment, as counted from its notebook, and what forging gains; none is left out."""
    counted = {name: cells for name in ASSIGNMENTS if (cells := asking(name))}
    wanted = {name: (sum(cells.values()), max(cells.values()), GAINS[name][0]) for name, cells in counted.items()}
    assert stated() == wanted


def test_forging_is_worth_no_more_than_a_few_points():
    """What forging gains in an assignment is at most three points of a hundred, as the threat model promises."""
    assert not {name: gained for name, (_, _, gained) in stated().items() if gained > MOST_GAINED}


def forged(sample: Sample) -> nbformat.NotebookNode:
    made = nbformat.from_dict(json.loads(json.dumps(sample.notebook())))
    made.cells.insert(0, nbformat.v4.new_code_cell(FORGED))
    return made


@pytest.mark.slow
@pytest.mark.parametrize("assignment", GAINS)
def test_forging_gains_no_more_than_that(tmp_path: Path, assignment: str):
    """Wrong and wasteful work with forged instruments gains these points, and none in a cell that asks none."""
    points, names = GAINS[assignment]
    name, gained = notebook_name(assignment), {}
    work = [load(ROOT / "tests" / "submissions" / assignment / f"{path}.py") for path in names.split()]
    for number, sample in enumerate(work):
        folder = tmp_path / str(number)
        folder.mkdir()
        nbformat.write(forged(sample), folder / f"{name}.ipynb")
        result = grading.grade(ROOT / "source" / assignment / f"{name}.ipynb", folder / f"{name}.ipynb")
        for cell in result.cells:
            if cell.points and cell.points > sample.expected()[cell.grade_id]:
                gained[cell.grade_id] = cell.points
    assert set(gained) <= set(asking(assignment)), gained
    assert sum(gained.values()) == points, gained
