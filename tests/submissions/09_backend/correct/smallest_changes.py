"""
why = "Aliases, lambdas and one-liners; keyword arguments everywhere; the reference competes twice."
base = "solution"
"""

# %% autotuner
#| export
def agrees(result, expected, rtol=1e-4):
    try:
        np.testing.assert_allclose(result, expected, rtol=0, atol=rtol * np.abs(expected[np.isfinite(expected)]).max(initial=0) if expected.dtype.kind == "f" else 0, strict=True)
    except (AssertionError, TypeError):
        return False
    return type(result) is np.ndarray


class Autotuner:
    def __init__(self, clock=time.process_time, rounds=5, rtol=1e-4):
        self.__dict__.update(clock=clock, rounds=rounds, rtol=rtol, rejected=[], ops={})

    def register(self, op, name, fn, supports=None, reference=False):
        known = self.ops.setdefault(op, {"reference": None, "all": {}})
        known["all"][name] = (fn, supports)
        known["reference"] = name if reference else known["reference"]

    def once(self, fn, args):
        start = self.clock()
        fn(*args)
        return self.clock() - start

    def autotune(self, op, *args):
        known = self.ops.get(op)
        if known is None or known["reference"] is None:
            raise KeyError("nothing to compare with: " + op)
        right = known["all"][known["reference"]][0](*args)
        values = {}
        for name, (fn, supports) in known["all"].items():
            if name == known["reference"] or supports is None or supports(*args):
                try:
                    ok = agrees(fn(*args), right, rtol=self.rtol)
                except Exception as error:
                    ok, _ = False, error
                if ok or name == known["reference"]:
                    values[name] = []
                else:
                    self.rejected.append((op, name, "no"))
        for turn in range(self.rounds):
            for name in sorted(values, reverse=bool(turn % 2)):
                try:
                    values[name].append(self.once(known["all"][name][0], args))
                except Exception as error:
                    if name == known["reference"]:
                        raise
                    values.pop(name)
                    self.rejected.append((op, name, f"{error}"))
        times = {name: sorted(v)[0] for name, v in values.items()}
        return [name for name in times if times[name] == min(times.values())][0], times

# %% optimized_backend
#| export
class OptimizedBackend(Autotuner):
    def __init__(self, clock=time.process_time, rounds=5, rtol=1e-4):
        super().__init__(clock=clock, rounds=rounds, rtol=rtol)
        self.choices = {}

    key = lambda self, op, *args: (op, *((tuple(int(2 ** np.ceil(np.log2(n))) if n else 0 for n in a.shape), a.dtype.name) if isinstance(a, np.ndarray) else type(a).__name__ for a in args))

    def register(self, *args, **kwargs):
        super().register(*args, **kwargs)
        op = kwargs.get("op") or args[0]
        [self.choices.pop(k) for k in list(self.choices) if k[0] == op]

    def autotune(self, op, *args):
        name, times = super().autotune(op, *args)
        self.choices[self.key(op, *args)] = name
        return name, times

    def dispatch(self, op, *args):
        key = self.key(op, *args)
        if key not in self.choices:
            self.autotune(op, *args)
        known = self.ops[op]
        (fn, supports), (plain, _) = known["all"][self.choices[key]], known["all"][known["reference"]]
        if fn is not plain and (supports or (lambda *a: True))(*args):
            try:
                return fn(*args)
            except Exception as error:
                result = plain(*args)
                self.rejected.append((op, self.choices[key], f"late {error}"))
                self.choices[key] = known["reference"]
                return result
        return plain(*args)

    matmul = lambda self, a, b: self.dispatch("matmul", a, b)
