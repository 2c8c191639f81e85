"""Whether the lines of the course's speed tests leave room, with the sample class for the slow students.

`kernelmark calibrate` on each notebook of source/, whose slow solutions are the submissions of the sample class (slow
and wrong) that must lose points in a speed test. It fails where a line leaves too little room. It changes no notebook.

    python benchmarks/thresholds.py --rounds 3 03_matmul
"""

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from kernelmark.authoring import calibrate, notebooks  # noqa: E402
from tests.sample_class import samples  # noqa: E402

SLOW_KINDS = ("slow", "wrong")


def slow_samples(assignment: notebooks.OwnNotebook) -> list[calibrate.Slow]:
    """Return the submissions of the sample class that must lose points in a speed test."""
    found = []
    timed = calibrate.speed_tests(assignment)
    for sample in samples(assignment.path.parent.name):
        if sample.name.split("/")[0] not in SLOW_KINDS or sample.head["base"] != "solution":
            continue
        marks = sample.expected()
        low = {name for name, test in timed.items() if marks[name] != "person" and float(marks[name]) < test.points}
        if low:
            found.append(calibrate.Slow(sample.name, sample.notebook(), frozenset(low)))
    return found


def main() -> int:
    """Print a table of every speed test; return 1 where a line leaves too little room."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assignments", nargs="*", help="folders of source/ (all)")
    parser.add_argument("--rounds", type=int, default=2, help="fresh processes for each, under each load (2)")
    parser.add_argument("--loads", default="idle,busy", help="what else the machine does (idle,busy); see verdicts.py")
    options = parser.parse_args()
    loads = calibrate.known_loads(options.loads)
    found = [each for name in options.assignments for each in notebooks.find(name)] or notebooks.every()
    print(f"{options.rounds} rounds under each of {options.loads}, {time.strftime('%Y-%m-%d')}; a range is over all")
    print(f"\n{calibrate.HEAD}", flush=True)
    faults, remarks = 0, []
    for each in found:
        for test in calibrate.measure(each, slow_samples(each), options.rounds, loads):
            print(test.line(), flush=True)
            faults += any(True for _ in test.misses())
            remarks += [f"{test.grade_id}: {text}" for text in test.remarks()]
    print("\n" + "\n".join(f"- {text}" for text in remarks))
    print(f"\n{faults} of the speed tests leave too little room." if faults else "\nEvery line leaves room.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
