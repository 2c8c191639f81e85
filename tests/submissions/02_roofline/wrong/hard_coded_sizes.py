"""
why = "Returns the caches of a machine from a textbook, whatever the folder says."
base = "solution"

[marks]
detect_caches_values = 0
detect_caches_skips_instructions = 0
detect_caches_unknown = 0

[reasons]
detect_caches_values = "made-up machine"
"""

# %% detect_caches
def parse_size(text):
    found = re.fullmatch(r"\s*([0-9]+)([KMGkmg]?)\s*", text)
    if found is None:
        raise ValueError(f"no size: {text!r}")
    return int(found[1]) * {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}[found[2].upper()]


def detect_caches(root="/sys/devices/system/cpu/cpu0/cache"):
    return {
        "L1d": {"size": 32 * 1024, "line": 64, "ways": 8, "sets": 64},
        "L2": {"size": 256 * 1024, "line": 64, "ways": 8, "sets": 512},
        "L3": {"size": 8 * 1024 * 1024, "line": 64, "ways": 16, "sets": 8192},
    }
