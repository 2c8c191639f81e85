"""
why = "The digits go through int, which takes signs, underscores and space too."
base = "solution"

[marks]
parse_size_refuses = 0
"""

# %% detect_caches
def parse_size(text):
    """Return the bytes that a text such as "32K" stands for."""
    size = text.strip().upper()
    power = "KMG".find(size[-1:]) + 1 if size else 0
    try:
        number = int(size[:-1] if power else size)
    except ValueError:
        raise ValueError(f"parse_size: no size: {text!r}") from None
    if number < 0:
        raise ValueError(f"parse_size: no size: {text!r}")
    return number * 1024**power


def detect_caches(root="/sys/devices/system/cpu/cpu0/cache"):
    """Return {"L1d": {"size", "line", "ways", "sets"}, "L2": ...} as a folder of Linux describes them."""
    files = {"line": "coherency_line_size", "ways": "ways_of_associativity", "sets": "number_of_sets"}
    caches = {}
    for folder in sorted(Path(root).glob("index*")):
        try:
            level = int((folder / "level").read_text())
            kind = (folder / "type").read_text().strip()
            size = parse_size((folder / "size").read_text())
        except (OSError, ValueError):
            continue
        if kind not in ("Data", "Unified"):
            continue
        cache = {"size": size}
        for key, name in files.items():
            try:
                cache[key] = int((folder / name).read_text())
            except (OSError, ValueError):
                cache[key] = None
        caches[f"L{level}d" if kind == "Data" else f"L{level}"] = cache
    return caches
