"""
why = "Only looks at the level, so the instruction cache overwrites the data cache or joins it."
base = "solution"

[marks]
detect_caches_values = 0
detect_caches_skips_instructions = 0

[reasons]
detect_caches_skips_instructions = "expected L1d of 32768"
"""

# %% detect_caches
def parse_size(text):
    found = re.fullmatch(r"\s*([0-9]+)([KMGkmg]?)\s*", text)
    if found is None:
        raise ValueError(f"no size: {text!r}")
    return int(found[1]) * {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}[found[2].upper()]


def detect_caches(root="/sys/devices/system/cpu/cpu0/cache"):
    caches = {}
    for folder in sorted(Path(root).glob("index*")):
        def number(name):
            try:
                return int((folder / name).read_text())
            except (OSError, ValueError):
                return None

        try:
            kind, size = (folder / "type").read_text().strip(), parse_size((folder / "size").read_text())
        except (OSError, ValueError):
            continue
        if number("level") is None:
            continue
        name = f"L{number('level')}" + ("d" if number("level") == 1 else "")
        caches[name] = {
            "size": size,
            "line": number("coherency_line_size"),
            "ways": number("ways_of_associativity"),
            "sets": number("number_of_sets"),
        }
    return caches
