"""Commands run by the launcher are the commands that a shell starts."""

import os
import subprocess
import sys

import pytest

from tests.launcher import LAUNCHER


@pytest.mark.parametrize(
    "words",
    [
        ("nbgrader", "--version"),
        ("nbgrader", "generate_assignment", "nosuch"),
        ("kernelmark", "status"),
        ("kernelmark", "update", "nosuch"),
    ],
    ids=" ".join,
)
def test_says_what_a_started_command_says(tmp_path, words):
    """Status, folder, environment and words are those of a process of its own."""
    env = {**os.environ, "USER": "anna", "COLUMNS": "80"}
    done = subprocess.run([sys.executable, "-m", *words], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert LAUNCHER.run(tmp_path, *words, env=env) == (done.returncode, done.stdout + done.stderr)
