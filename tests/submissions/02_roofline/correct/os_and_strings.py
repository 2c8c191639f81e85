"""
why = "Reads the folder with os and string methods, and keeps a table of units."
base = "solution"
"""

# %% detect_caches
UNITS = {"K": 1, "M": 2, "G": 3}


def parse_size(text):
    stripped = text.strip().upper()
    power = UNITS.get(stripped[-1:], 0)
    digits = stripped[:-1] if power else stripped
    if not digits or any(letter not in "0123456789" for letter in digits):
        raise ValueError(f"{text!r} is no size")
    return int(digits) << (10 * power)


def read_or_none(*parts, convert=str.strip):
    try:
        with open(os.path.join(*parts)) as file:
            return convert(file.read())
    except (OSError, ValueError):
        return None


def detect_caches(root=CACHE_FOLDER):
    found = {}
    for name in os.listdir(root) if os.path.isdir(root) else []:
        level = read_or_none(root, name, "level", convert=int)
        kind = read_or_none(root, name, "type")
        size = read_or_none(root, name, "size", convert=parse_size)
        if None in (level, kind, size) or kind == "Instruction":
            continue
        found["L%d%s" % (level, {"Data": "d"}.get(kind, ""))] = dict(
            sets=read_or_none(root, name, "number_of_sets", convert=int),
            ways=read_or_none(root, name, "ways_of_associativity", convert=int),
            line=read_or_none(root, name, "coherency_line_size", convert=int),
            size=size,
        )
    return found

# %% load_latency
@njit
def chase(ring, steps, start=0):
    for _ in range(steps):
        start = ring[start]
    return start


def load_latency(ring, steps=200_000, rounds=5, clock=time.perf_counter):
    at = chase(ring, steps)
    times = []
    for _ in range(rounds):
        begin = clock()
        at = chase(ring, steps, at)
        times.append(clock() - begin)
    return min(times) / steps


def find_plateaus(sizes, lat, jump=1.5):
    if len(sizes) != len(lat) or jump <= 1 or any(a >= b for a, b in zip(sizes[:-1], sizes[1:])):
        raise ValueError("sizes must rise, be as many as latencies, and jump be above 1")
    found = []
    level = lat[0]
    for before, latency in zip(sizes, lat[1:]):
        if latency >= jump * level:
            found.append(before)
            level = latency
        else:
            level = min(level, latency)
    return found


def latency_curve(sizes, steps=200_000, rounds=4):
    return [load_latency(pointer_ring(size, 64, 1), steps, rounds) for size in sizes]
