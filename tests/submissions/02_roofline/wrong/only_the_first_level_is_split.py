"""
why = "The letter d stands behind level 1 alone, whatever the type says."
base = "solution"

[marks]
detect_caches_values = 0
"""

# %% detect_caches
def parse_size(text):
    """Return the bytes that a text such as "32K" stands for."""
    found = re.fullmatch(r"\s*([0-9]+)([KMG]?)\s*", text, re.IGNORECASE)
    if found is None:
        raise ValueError(f"parse_size: expected digits and K, M or G, got {text!r}")
    digits, unit = found.groups()
    return int(digits) * 1024 ** " KMG".index(unit.upper() or " ")


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
        caches["L1d" if level == 1 else f"L{level}"] = cache
    return caches
