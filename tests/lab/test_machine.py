"""What `describe_machine` and `write_tree` promise: names, sizes and rates, and folders to read in place of `/sys`."""

import json
import subprocess
from pathlib import Path

import pytest

from kernelmark.lab import Rate, beside, describe_machine, machine, write_tree


class TestDescribeMachine:
    def test_says_what_it_can_without_measuring(self):
        """No rates, but a processor, cores and memory, and a text that shows them."""
        found = describe_machine(measure=False)
        assert found.processor
        assert found.cores >= 1
        assert found.memory_bytes > 2**28
        assert found.float32_rate is None
        assert found.stream_rate is None
        assert "GFLOP/s" not in str(found)
        assert found.processor in str(found)

    def test_measures_both_rates_with_their_spread(self, monkeypatch):
        """Best, median and worst of each, in the order of their names, on work made small here."""
        monkeypatch.setattr(machine, "_PRODUCT_EXTENT", 64)
        monkeypatch.setattr(machine, "_STREAM_BYTES", 2**16)
        found = describe_machine(rounds=3)
        for rate in (found.float32_rate, found.stream_rate):
            assert rate is not None
            assert rate.best >= rate.median >= rate.worst > 0
        assert "GFLOP/s" in str(found)
        assert "GB/s" in str(found)

    def test_a_rate_is_an_amount_over_each_time(self):
        """The quickest call gives the best rate."""
        assert Rate.of(6.0, [3.0, 1.0, 2.0]) == Rate(6.0, 3.0, 2.0)
        assert str(Rate(5e9, 4e9, 2.5e9)) == "5 (median 4, worst 2.5)"

    def test_leaves_instruction_caches_out(self, monkeypatch):
        """L1i is no place for data."""
        rows = [{"name": "L1d", "one-size": "32768"}, {"name": "L1i", "one-size": 65536}, {"name": "L2", "one-size": 1}]
        told = subprocess.CompletedProcess([], 0, stdout=json.dumps({"caches": rows}))
        monkeypatch.setattr(subprocess, "run", lambda *_, **__: told)
        assert describe_machine(measure=False).caches == {"L1d": 32768, "L2": 1}

    @pytest.mark.parametrize(
        "trouble", [FileNotFoundError(2, "no lscpu"), PermissionError(1, "no children here"), ValueError("no JSON")]
    )
    def test_knows_no_caches_where_nobody_tells(self, monkeypatch, trouble):
        """On macOS, or where a process may start no other, the description has no caches and says so."""

        def refuse(*_, **__):
            raise trouble

        monkeypatch.setattr(subprocess, "run", refuse)
        found = describe_machine(measure=False)
        assert found.caches == {}
        assert "not told" in str(found)


class TestWriteTree:
    def test_writes_each_file_below_a_folder_of_its_own(self):
        """Folders on the way are made; two trees do not meet."""
        files = {"index0/size": "32K\n", "uevent": ""}
        first, second = write_tree(files), write_tree({})
        assert {str(p.relative_to(first)): p.read_text() for p in Path(first).rglob("*") if p.is_file()} == files
        assert first != second
        assert not list(Path(second).iterdir())

    @pytest.mark.parametrize("name", ["../elsewhere", "/tmp/elsewhere", "a/../../elsewhere"])
    def test_stays_in_its_folder(self, name):
        """A path that leads out is refused before anything is written there."""
        with pytest.raises(ValueError, match="leads out"):
            write_tree({name: "x"})

    def test_is_made_beside_a_function(self):
        """In the same process the path is just a path."""
        assert Path(beside(len, write_tree, {"a": "b"}), "a").read_text() == "b"
