"""What an audit found, for people and programs: lines for a terminal, a page for a browser, JSON.

It tries nothing itself.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kernelmark.authoring.accepted import entry
from kernelmark.authoring.audit import Audit, Survivor, Wanted, audit, lines
from kernelmark.authoring.equivalence import MEANING
from kernelmark.notebook import page
from kernelmark.text import visible


def run(wanted: Wanted, root: Path, place: Path, *, as_json: bool) -> int:
    """Audit an assignment, print what was found and write the page; return 1 where wrong work gets through."""
    found = audit(wanted, root, lambda text: print(text, file=sys.stderr, flush=True))
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(as_page(found), encoding="utf-8")
    if as_json:
        print(json.dumps([as_data(each) for each in found], indent=1))
    else:
        for each in found:
            for line in lines(each):
                print(visible(line, lines=False))
        print(f"written: {place}", file=sys.stderr)
    return int(any(score.wrong for each in found for score in each.scores))


def as_data(found: Audit) -> dict[str, Any]:
    """Return an audit as plain data."""
    scores = [
        {
            "function": score.function,
            "mutants": score.mutants,
            "caught": score.caught,
            "survived": len(score.survivors) - score.persons,
            "wrong": score.wrong,
            "person": score.persons,
            "accepted": score.accepted,
            "untried": score.untried,
            "known": score.kept,
            "tests": score.tests,
            "left_out": score.left_out,
        }
        for score in found.scores
    ]
    return {
        "assignment": found.assignment,
        "notebook": found.notebook,
        "seconds": found.seconds,
        "functions": scores,
        "survivors": [_survivor(each) for each in found.survivors()],
        "accepted_without_mutant": [asdict(each) for each in found.unused],
    }


def _survivor(each: Survivor) -> dict[str, Any]:
    mutant = each.mutant
    return {
        "function": mutant.function,
        "operator": mutant.operator,
        "cell": mutant.cell,
        "line": mutant.line,
        "diff": mutant.diff,
        "person": each.person,
        **asdict(each.comparison),
        "contract": [{"text": item.text, "tests": item.tests} for item in each.items],
        "entry": entry(mutant),
    }


def as_page(found: list[Audit]) -> str:
    """Return the audits of an assignment's notebooks as an HTML page that runs and loads nothing."""
    return page.render("audit.html", audits=found, meaning=MEANING, entry=entry)
