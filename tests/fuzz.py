"""Runs the property tests over and over with new examples: `python -m tests.fuzz SECONDS`, or `make fuzz`.

A round is every test that hypothesis feeds, with a seed of its own. It ends at the first
failure, whose smallest example and seed are printed, when the time is up, or at ctrl-C.
"""

import secrets
import signal
import subprocess
import sys
import time

FILES = ["tests/notebook/test_damage.py", "tests/wire/test_values.py", "tests/notebook/test_conform.py"]


def main() -> int:
    """Run rounds until the time is up; return the exit status of the last."""
    limit_s = float(sys.argv[1]) if len(sys.argv) > 1 else 3600.0
    start, rounds = time.monotonic(), 0
    try:
        while (left_s := limit_s - (time.monotonic() - start)) > 0:
            seed = secrets.randbelow(2**32)
            print(f"round {rounds + 1}, seed {seed}, {left_s:.0f} s left", flush=True)
            words = ["-v", "-x", "--no-header", "-m", "hypothesis", "--hypothesis-profile=fuzz"]
            words += [f"--hypothesis-seed={seed}"]
            running = subprocess.Popen([sys.executable, "-m", "pytest", *words, *FILES])
            try:
                status = running.wait(left_s)
            except subprocess.TimeoutExpired:
                running.send_signal(signal.SIGINT)
                running.wait()
                break
            if status:
                return status
            rounds += 1
    except KeyboardInterrupt:
        pass
    print(f"{rounds} rounds ended without a failure, in {time.monotonic() - start:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
