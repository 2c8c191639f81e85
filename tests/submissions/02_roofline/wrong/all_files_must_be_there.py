"""
why = "Reads every file without a net: a missing detail, or a folder that is not there, is not foreseen."
base = "solution"

[marks]
detect_caches_unknown = 0
"""

# %% detect_caches
def parse_size(text):
    found = re.fullmatch(r"\s*([0-9]+)([KMGkmg]?)\s*", text)
    if found is None:
        raise ValueError(f"no size: {text!r}")
    return int(found[1]) * {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}[found[2].upper()]


def detect_caches(root="/sys/devices/system/cpu/cpu0/cache"):
    caches = {}
    for name in sorted(os.listdir(root)):
        if not name.startswith("index"):
            continue
        read = lambda file: open(f"{root}/{name}/{file}").read().strip()
        if read("type") != "Instruction":
            caches[f"L{read('level')}" + ("d" if read("type") == "Data" else "")] = {
                "size": parse_size(read("size")),
                "line": int(read("coherency_line_size")),
                "ways": int(read("ways_of_associativity")),
                "sets": int(read("number_of_sets")),
            }
    return caches
