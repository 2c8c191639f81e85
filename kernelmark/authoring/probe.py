"""Run beside a solution in its sandbox: what its functions answer on the tests' own arguments and on others like them.

It records the calls that the tests make, varies their arguments, and asks the solution and each changed solution the
same; a process of its own for each, so that one that hangs or dies costs no other. It judges no tests; what a
difference means to an instructor is said in `equivalence`.
"""

import inspect
import json
import linecache
import signal
import time
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from IPython.core.inputtransformer2 import TransformerManager

from kernelmark.authoring import forks, variations
from kernelmark.authoring.comparing import Answer, difference

MAX_CALLS = 40
MAX_CALL_BYTES = 2**21
MAX_INPUTS = 600
MAX_STEPS = 40
# Of one call; the own solution's slower ones are left out.
SLOW_S = 0.5
CALL_S = 4.0
TEST_S = 60.0
# For finding out what can be asked.
PREPARE_S = 240.0
# For making one input shorter.
SHRINK_S = 2.0
LATE = "not compared: took longer than {:.0f} s"
# The kinds of differences, the gravest first.
RANKS = {"wrong": 0, "late": 1, "message": 2, "rounds": 3, "scalar": 4, "unplanned": 5, "": 6}


@dataclass
class Input:
    """A call, or for a class the calls on one object: (name of a method, arguments, keywords), `__init__` first."""

    target: str
    steps: list[tuple[str, tuple[Any, ...], dict[str, Any]]]
    words: str
    size: int
    recorded: bool = True
    answer: Answer = field(default_factory=lambda: Answer("unplanned", [], []), repr=False)


class Slow(BaseException):
    """A call took too long."""


def _late(*_: object) -> None:
    raise Slow


class _Limit:
    """A bound on wall time for what runs inside, where Python gets to look at it."""

    def __init__(self, seconds: float):
        self.seconds = seconds

    def __enter__(self) -> None:
        signal.signal(signal.SIGALRM, _late)
        signal.setitimer(signal.ITIMER_REAL, self.seconds)

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.0)


class Recorder:
    """Keeps what the tests ask of some functions and classes of a namespace."""

    def __init__(self, names: Sequence[str]):
        self.names = names
        self.found: list[Input] = []
        self._counts: dict[str, int] = dict.fromkeys(names, 0)
        self._inside = 0
        self._alive: dict[int, tuple[object, Input]] = {}

    def watch(self, space: dict[str, Any], tests: dict[str, Any]) -> None:
        """Put in the place of each function one that records, in the tests and, for plain ones, in all code."""
        for name in self.names:
            target = space.get(name)
            if isinstance(target, type):
                self._watch_class(name, target)
            elif callable(target):
                tests[name] = self._recording(name, target)
                if isinstance(target, types.FunctionType):
                    space[name] = tests[name]

    def _recording(self, name: str, target: Callable[..., Any]) -> Callable[..., Any]:
        def recorded(*args: Any, **kwargs: Any) -> Any:
            if self._inside == 0:
                self._keep(name, args, kwargs)
            self._inside += 1
            try:
                return target(*args, **kwargs)
            finally:
                self._inside -= 1

        recorded.__name__, recorded.__doc__ = name, target.__doc__
        recorded.__wrapped__ = target  # type: ignore[attr-defined]
        return recorded

    def _keep(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Input | None:
        if self._counts[name] >= 4 * MAX_CALLS or variations.nbytes([args, kwargs]) > MAX_CALL_BYTES:
            return None
        try:
            kept = variations.copied((args, kwargs))
        except Exception:  # what cannot be copied cannot be asked again: any class may refuse in any way
            return None
        self._counts[name] += 1
        found = Input(name, [("", *kept)], "", 0)
        self.found.append(found)
        return found

    def _watch_class(self, name: str, kind: type) -> None:
        for attribute, value in list(vars(kind).items()):
            if isinstance(value, types.FunctionType):
                setattr(kind, attribute, self._method(name, attribute, value))
            elif isinstance(value, property) and value.fget is not None:
                setattr(kind, attribute, property(self._method(name, attribute, value.fget), value.fset, value.fdel))

    def _method(self, name: str, attribute: str, value: Callable[..., Any]) -> Callable[..., Any]:
        def recorded(this: Any, *args: Any, **kwargs: Any) -> Any:
            if self._inside == 0:
                self._step(name, attribute, this, args, kwargs)
            self._inside += 1
            try:
                return value(this, *args, **kwargs)
            finally:
                self._inside -= 1

        recorded.__name__, recorded.__doc__ = attribute, value.__doc__
        return recorded

    def _step(self, name: str, attribute: str, this: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if attribute == "__init__":
            if (found := self._keep(name, args, kwargs)) is not None:
                found.steps[0] = ("__init__", *found.steps[0][1:])
                self._alive[id(this)] = (this, found)
        elif id(this) in self._alive:
            steps = self._alive[id(this)][1].steps
            if len(steps) < MAX_STEPS and variations.nbytes([args, kwargs]) < MAX_CALL_BYTES // MAX_STEPS:
                steps.append((attribute, *variations.copied((args, kwargs))))


def run_text(source: str, space: dict[str, Any], name: str) -> None:
    """Run a cell's text in a namespace; its lines can be found again from a traceback."""
    text = TransformerManager().transform_cell(source)
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    exec(compile(text, name, "exec"), space)


def main(space: dict[str, Any], text: str) -> str:
    """Answer a request of `equivalence`, as JSON: what each changed solution does otherwise than the own."""
    request = json.loads(text)
    start = time.monotonic()
    own = dict(space)
    for number, source in enumerate(request["cells"]):
        run_text(source, own, f"<solution {number}>")
    inputs = _recorded(dict(space), request, start + PREPARE_S / 2)
    for each in inputs:
        _admitted(each, own, request["where"])  # a name that nothing defines ends it here
    for each in sorted(inputs, key=lambda i: i.size)[:MAX_CALLS]:
        ask(own, each)  # what is compiled at its first call is compiled here, and not in every process below
    varied = [each for each in _varied(inputs, own, int(request["seed"])) if _admitted(each, own, request["where"])]
    chosen = _safe(sorted(inputs, key=lambda i: i.size)[:MAX_CALLS] + varied, own, start + PREPARE_S)
    end = start + float(request["all_s"])

    def step(index: int) -> Any:
        if index < len(chosen):
            chosen[index].answer = ask(own, chosen[index])
            return None
        return _answered(own, space, request, chosen, end)

    while True:
        # Compiled code that was misled once may end the process now or later: such an input is asked no more.
        left_s = end - time.monotonic() + 2 * float(request["limit_s"]) + PREPARE_S
        told = forks.each(step, range(len(chosen) + 1), left_s, left_s)
        if told.cut is None or told.late or told.cut == len(chosen):
            break
        del chosen[told.cut]
    if told.cut is not None:
        raise RuntimeError("the own solution's process ended while it was compared")
    return json.dumps({"recorded": len(inputs), **told.found[len(chosen)]})


def _answered(
    own: dict[str, Any], space: dict[str, Any], request: Mapping[str, Any], chosen: Sequence[Input], end: float
) -> dict[str, Any]:
    """Compare all changed solutions on the inputs to which the solution gives the same answer twice."""
    sound = [each for each in chosen if each.answer.kind != "late" and _steady(own, each)]
    sound.sort(key=lambda each: (not each.recorded and each.answer.kind == "unplanned", each.size, len(each.words)))
    where, found = request["where"], list[dict[str, Any]]()
    for cells in request["changed"]:
        if time.monotonic() > end:
            said = f"{LATE.format(float(request['all_s']))}: all of {request['targets'][0]}'s"
            found.append({"kind": "late", "said": said, "asked": 0, "complete": False})
        else:
            found.append(_compared(own, dict(space), cells, sound, float(request["limit_s"]), where))
    return {"asked": len(sound), "found": found}


def _steady(own: dict[str, Any], each: Input) -> bool:
    return difference(each.answer, ask(own, each)) == ("", "")


def _admitted(each: Input, own: Mapping[str, Any], where: Mapping[str, str]) -> bool:
    """Say whether an input is one that the contract names.

    Raises:
        NameError: the expression that says it uses a name that nothing defines.
    """
    for method, args, kwargs in each.steps:
        plain = method in ("", "__init__")
        name = each.target if plain else f"{each.target}.{method}"
        if name not in where:
            continue
        target = own[each.target] if plain else getattr(own[each.target], method)
        try:
            signature = inspect.signature(getattr(target, "py_func", target))
            bound = signature.bind(*args, **kwargs) if plain else signature.bind(None, *args, **kwargs)
            bound.apply_defaults()
            if not eval(where[name], {**own, "np": np, **bound.arguments}):
                return False
        except NameError:
            raise
        except Exception:  # no number, no shape: an expression that fails on an input does not hold of it
            return False
    return True


def _recorded(space: dict[str, Any], request: Mapping[str, Any], deadline: float) -> list[Input]:
    """Run the tests with the solution, and return what they ask."""
    for number, source in enumerate(request["cells"]):
        run_text(source, space, f"<recorded {number}>")
    recorder = Recorder(request["targets"])
    tests = dict(space)
    recorder.watch(space, tests)
    for source in request["tests"]:
        if (left_s := deadline - time.monotonic()) <= 0:
            break
        tests["faster"] = lambda *_, **__: None
        try:
            with _Limit(min(TEST_S, left_s)):
                run_text(source, tests, "<test>")
        except (Exception, Slow):  # it was graded apart; here only what it asks is wanted
            continue
    seen, kept = set(), []
    for each in recorder.found:
        each.words, each.size = words(each), variations.size_of([step[1:] for step in each.steps])
        if each.words not in seen:
            seen.add(each.words)
            kept.append(each)
    return kept


def words(found: Input) -> str:
    """Return an input as Python."""
    parts = []
    for method, args, kwargs in found.steps:
        given = [variations.expression(arg) for arg in args]
        given += [f"{name}={variations.expression(value)}" for name, value in kwargs.items()]
        dot = "" if method in ("", "__init__") else f".{method}"
        parts.append(f"{found.target if not dot else ''}{dot}({', '.join(given)})")
    if len(parts) == 1:
        return parts[0]
    return "; ".join([f"x = {parts[0]}", *(f"x{part}" for part in parts[1:])])


def _varied(inputs: Sequence[Input], own: Mapping[str, Any], seed: int) -> list[Input]:
    """Return inputs with something changed, small ones and simple ones first, no more than can be asked."""
    found: dict[str, Input] = {}
    for each in sorted(inputs, key=lambda i: i.size)[:MAX_CALLS]:
        for steps in _changed_steps(each, own):
            new = Input(each.target, steps, "", variations.size_of([s[1:] for s in steps]), recorded=False)
            new.words = words(new)
            found.setdefault(new.words, new)
    known = {each.words for each in inputs}
    fresh = [each for text, each in found.items() if text not in known]
    if len(fresh) > MAX_INPUTS:
        rng = np.random.default_rng(seed)
        picked = sorted(rng.choice(len(fresh), MAX_INPUTS, replace=False).tolist())
        fresh = [fresh[i] for i in picked]
    return fresh


def _changed_steps(each: Input, own: Mapping[str, Any]) -> Iterator[list[tuple[str, tuple[Any, ...], dict[str, Any]]]]:
    for at, (method, args, kwargs) in enumerate(each.steps[:8]):
        target: Any = own.get(each.target)
        if method not in ("", "__init__"):
            target = getattr(target, method, None)
        defaults = _defaults(target, args, kwargs, bound=bool(method) and method != "__init__")
        for new_args, new_kwargs in variations.of_call(args, kwargs, defaults):
            yield [*each.steps[:at], (method, new_args, new_kwargs), *each.steps[at + 1 :]]
    for end in range(1, min(len(each.steps), 8)):
        yield each.steps[:end]


def _defaults(target: Any, args: tuple[Any, ...], kwargs: dict[str, Any], *, bound: bool) -> dict[str, Any]:
    """Return the defaults that a call does not give, by name."""
    try:
        parameters = list(inspect.signature(getattr(target, "py_func", target)).parameters.values())[int(bound) :]
    except (TypeError, ValueError):
        return {}
    left = parameters[len(args) :]
    return {p.name: p.default for p in left if p.default is not p.empty and p.name not in kwargs}


def _safe(inputs: list[Input], own: dict[str, Any], deadline: float) -> list[Input]:
    """Return the inputs on which the solution answers in time, found in processes that may hang."""

    def silently(index: int) -> None:
        ask(own, inputs[index])

    kept: list[Input] = []
    at: int | None = 0
    while at is not None and at < len(inputs) and (left_s := deadline - time.monotonic()) > 0:
        told = forks.each(silently, range(at, len(inputs)), 2 * SLOW_S, left_s)
        kept += [inputs[i] for i, seconds in told.took.items() if seconds < SLOW_S]
        at = None if told.cut is None else told.cut + 1
    return kept


def _smaller(own: dict[str, Any], space: dict[str, Any], each: Input, where: Mapping[str, str]) -> list[str] | None:
    """Return the difference on a shorter input that shows one too, found by making this one simpler step by step."""
    best: list[str] | None = None
    deadline = time.monotonic() + SHRINK_S
    fresh = True
    while fresh and time.monotonic() < deadline:
        fresh = False
        for steps in _simpler(each):
            new = Input(each.target, steps, "", 0)
            new.words = words(new)
            if len(new.words) >= len(each.words) or not _admitted(new, own, where):
                continue
            answer = ask(own, new)
            if answer.kind in ("unplanned", "late") or difference(answer, ask(own, new)) != ("", ""):
                continue
            kind, said = difference(answer, ask(space, new))
            if kind == "wrong":
                each, best, fresh = new, [kind, said, new.words], True
                break
    return best


def _simpler(each: Input) -> Iterator[list[tuple[str, tuple[Any, ...], dict[str, Any]]]]:
    for at in range(1, len(each.steps)):
        yield [*each.steps[:at], *each.steps[at + 1 :]]
    for at, (method, args, kwargs) in enumerate(each.steps):
        for new_args, new_kwargs in variations.simpler(args, kwargs):
            yield [*each.steps[:at], (method, new_args, new_kwargs), *each.steps[at + 1 :]]


def _compared(
    own: dict[str, Any],
    space: dict[str, Any],
    cells: Sequence[str],
    inputs: Sequence[Input],
    limit_s: float,
    where: Mapping[str, str],
) -> dict[str, Any]:
    """Return the gravest difference of a changed solution on the smallest input that shows it."""
    never = {"kind": "late", "said": f"{LATE.format(limit_s)}: the cell itself", "asked": 0}

    def all_of_it() -> dict[str, Any]:
        try:
            with _Limit(limit_s):
                for number, source in enumerate(cells):
                    run_text(source, space, f"<changed {number}>")
        except (Exception, Slow) as error:  # a mutant's cell may end in anything
            if isinstance(error, Slow):
                return never
            return {"kind": "fails", "words": f"the cell itself: {type(error).__name__}: {error}"[:300], "asked": 0}
        return _asked(own, space, inputs, limit_s, where)

    told = forks.one(all_of_it, 2 * limit_s + CALL_S)
    dead = never if told.late else {"kind": "fails", "words": "the cell itself ends the process", "asked": 0}
    found: dict[str, Any] = told.found.get(0, dead)
    return found


def _asked(
    own: dict[str, Any], space: dict[str, Any], inputs: Sequence[Input], limit_s: float, where: Mapping[str, str]
) -> dict[str, Any]:
    """Ask a changed solution all that the own one was asked, until the first difference that is surely wrong."""
    best: dict[str, Any] = {"kind": ""}

    def once(index: int) -> Any:
        each = inputs[index]
        answer = ask(space, each)
        if answer.kind == "late":
            return ["late", _too_long(each)]
        kind, said = difference(each.answer, answer)
        return [kind, said] if kind else None

    def wrong(said: Sequence[str]) -> bool:
        return said[0] == "wrong"

    at, deadline = 0, time.monotonic() + limit_s
    while at < len(inputs) and best["kind"] != "wrong" and (left_s := deadline - time.monotonic()) > 0:
        told = forks.each(
            once, range(at, len(inputs)), CALL_S, left_s, wrong, lambda i: _smaller(own, space, inputs[i], where)
        )
        at = len(inputs) if told.cut is None else told.cut
        if told.cut is not None and time.monotonic() < deadline:
            at += 1
            if told.late:
                told.found[told.cut] = ["late", _too_long(inputs[told.cut])]
            elif _survives(own, inputs[told.cut]):
                told.found[told.cut] = ["wrong", "it ends the process"]
        for index, (kind, text, *shorter) in sorted(told.found.items()):
            if inputs[index].answer.kind == "unplanned":
                kind = "unplanned"
            if RANKS[kind] < RANKS[best["kind"]]:
                input_, recorded = (shorter[0], False) if shorter else (inputs[index].words, inputs[index].recorded)
                best |= {"kind": kind, "words": input_, "said": text, "recorded": recorded}
    if inputs and at == 0 and not best["kind"]:
        best = {"kind": "late", "words": inputs[0].words, "said": LATE.format(limit_s)}
    return best | {"asked": at, "of": len(inputs)}


def _survives(own: dict[str, Any], each: Input) -> bool:
    """Say whether the solution itself can be asked this again and again, and lives."""

    def again(index: int) -> None:
        ask(own, each)

    return forks.each(again, range(5), CALL_S, CALL_S).cut is None


def _too_long(each: Input) -> str:
    return f"{LATE.format(CALL_S)}; the solution: {each.answer.shown()}"


def ask(space: Mapping[str, Any], each: Input) -> Answer:
    """Return what a namespace's function answers on an input, its arguments afterwards included."""
    steps = variations.copied(each.steps)
    target = space[each.target]
    said: list[Any] = []
    this: Any = None
    try:
        with np.errstate(all="ignore"), _Limit(CALL_S):
            for method, args, kwargs in steps:
                if method in ("", "__init__"):
                    this = target(*args, **kwargs)
                    if method == "":
                        said.append(_listed(this))
                else:
                    value: Any = getattr(type(this), method)
                    call: Any = value.fget if isinstance(value, property) else value
                    said.append(_listed(call(this, *args, **kwargs)))
    except Slow:
        return Answer("late", said, [])
    except Exception as error:  # whatever it raises is its answer
        return Answer.of_error(error, said, [step[1:] for step in steps])
    given = [step[1:] for step in steps]
    return Answer("value", said, given, shares=variations.shared(said, given))


def _listed(value: Any) -> Any:
    if isinstance(value, types.GeneratorType):
        return [item for _, item in zip(range(1000), value, strict=False)]
    return value
