"""What was odd about a folder: work under another name, notebooks that cannot be read, files that are no notebook."""

import json
import os
from pathlib import Path

import nbformat
import pytest

from kernelmark.notebook import folder
from kernelmark.notebook.conform import Course
from tests import small_course
from tests.small_course import ADD, solved

COURSE = Course(small_course.notebook())
RELEASED = nbformat.writes(COURSE.released)
SOLVED = nbformat.writes(solved())
GRADED = {"add", "counter", "limit", "why"}


def without_ids() -> str:
    made = solved()
    for cell in made.cells:
        cell.metadata = {}
    return nbformat.writes(made)


def look(place: Path, **files: str | bytes) -> tuple[str, str]:
    """Return the notes on a folder and the doubt, in lines; names are written with __ for the dot."""
    for name, content in files.items():
        path = place / name.replace("__", ".")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    _, notes, doubt = folder.read(COURSE, folder.find(place / "short.ipynb", ["short"]))
    return "\n".join(notes), doubt


class TestWorkElsewhere:
    @pytest.mark.parametrize(
        "name", ["short.ipynb.json", "short.ipynb.txt", "short.txt", "short", "work/short.ipynb", "SHORT.IPYNB.bak"]
    )
    @pytest.mark.parametrize("beside", [None, RELEASED])
    def test_is_named_and_a_person_looks(self, tmp_path: Path, name: str, beside: str | None):
        """Whatever a solved notebook is called, where none was handed in or an untouched one."""
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(SOLVED)
        notes, doubt = look(tmp_path, **({"short__ipynb": beside} if beside else {}))
        assert f"'{name}' holds work on this notebook that was not graded" in notes
        assert name in doubt

    def test_among_several_strangers(self, tmp_path: Path):
        """Two files that might be the missing one: neither is taken, the one with work is named."""
        notes, doubt = look(tmp_path, copy__ipynb=SOLVED, Untitled__ipynb='{"cells": []}')
        assert "'copy.ipynb' holds work" in doubt
        assert "Untitled" not in notes

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
    def test_in_another_encoding_or_without_ids(self, tmp_path: Path, encoding: str):
        """Saved by PowerShell, or by a tool that drops the cells' marks."""
        _, doubt = look(tmp_path, a__txt=SOLVED.encode(encoding), b__txt=without_ids())
        assert "'a.txt'" in doubt
        assert "'b.txt'" in doubt

    def test_beside_partial_work_only_where_it_adds_a_cell(self, tmp_path: Path):
        """A copy of what is graded is named; one with a cell that is untouched in what is graded is a person's case."""
        partly = json.loads(RELEASED)
        for cell in partly["cells"]:
            if cell["metadata"].get("nbgrader", {}).get("grade_id") == "add":
                cell["source"] = ADD
        notes, doubt = look(tmp_path, short__ipynb=SOLVED, old__ipynb=json.dumps(partly))
        assert ("old.ipynb" in notes, doubt) == (True, "")
        _, doubt = look(tmp_path, short__ipynb=json.dumps(partly), old__ipynb=SOLVED)
        assert "old.ipynb" in doubt

    @pytest.mark.parametrize("content", ["1,2,3", '{"data": [1]}', '{"cells": [{"cell_type": "code"}]}', "{", ""])
    def test_is_not_seen_in_data(self, tmp_path: Path, content: str):
        """Data and notebooks of other things are no reason to ask anybody."""
        assert look(tmp_path, short__ipynb=RELEASED, data__json=content) == ("", "")

    def test_in_an_archive_is_not_opened_but_named(self, tmp_path: Path):
        """A zip archive beside nothing, or beside an untouched notebook, goes to a person; beside work it does not."""
        _, doubt = look(tmp_path, short__zip=b"PK\x03\x04...")
        assert "Not opened: 'short.zip'" in doubt
        notes, doubt = look(tmp_path, short__ipynb=SOLVED)
        assert ("short.zip" in notes, doubt) == (True, "")


class TestUnread:
    @pytest.mark.parametrize("kind", ["soft", "hard"])
    def test_a_link_goes_to_a_person(self, tmp_path: Path, kind: str):
        """It is not read, for it may lead anywhere; a backup made of hard links is no reason for a zero."""
        (tmp_path / "elsewhere").write_text(SOLVED)
        place = tmp_path / "ann"
        place.mkdir()
        (os.link if kind == "hard" else os.symlink)(tmp_path / "elsewhere", place / "short.ipynb")
        notes, doubt = look(place)
        assert "link and was not read" in notes
        assert "link and was not read" in doubt

    def test_nothing_handed_in_is_a_zero(self, tmp_path: Path):
        """A missing notebook alone asks nobody."""
        assert look(tmp_path, notes__txt="I was ill") == ("No short.ipynb was handed in.", "")


class TestNoNotebook:
    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (SOLVED.replace(' "cells"', "<<<<<<< HEAD\n=======\n>>>>>>> main\n \"cells\"", 1), "marks of a conflict"),
            ("\n<!DOCTYPE html>\n<html><body>Log in</body></html>", "is a web page"),
            ("<html>", "is a web page"),
            (SOLVED[: len(SOLVED) // 2], "JSON is damaged or cut off"),
            ("", "it is empty"),
            ("\ufeff \n", "it is empty"),
        ],
    )  # fmt: skip
    def test_is_called_what_it_is(self, tmp_path: Path, content: str, words: str):
        """Conflict marks, a login page, damaged JSON, nothing: the note says which."""
        notes, doubt = look(tmp_path, short__ipynb=content)
        assert words in notes
        assert bool(doubt) == ("conflict" in words)

    def test_conflict_marks_inside_a_cell_are_text(self, tmp_path: Path):
        """A solution may draw with them."""
        assert look(tmp_path, short__ipynb=nbformat.writes(solved(why="<<<<<<< HEAD"))) == ("", "")
