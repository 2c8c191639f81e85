"""
why = "Before cuBLAS 11 it allows fp16 alone; int8 had tensor cores too."
base = "solution"

[marks]
tensor_core_check_types = 0
"""

# %% tensor_core_check
#| export
def tensor_core_check(m, n, k, ta="fp16", tb="fp16", arch="8.0", cublas=11.0, alignment=16):
    """Return (usable, efficient, reasons) for a product (m, k) @ (k, n) on tensor cores."""
    if min(m, n, k) < 1 or not {ta, tb} <= set(TYPE_BYTES) or str(arch) not in TENSOR_TYPES:
        raise ValueError(f"expected extents of at least 1 and known types and architecture, got {(m, n, k)}, {ta}, {tb}, {arch}")

    def misaligned(nbytes):
        step = max(1, nbytes // TYPE_BYTES[ta])
        return [f"{name} = {extent} is not a multiple of {step} ({nbytes} bytes of {ta})" for name, extent in (("m", m), ("n", n), ("k", k)) if extent % step]

    unusable = []
    if ta != tb:
        unusable.append(f"the operands have different types, {ta} and {tb}")
    for kind in sorted({ta, tb} - TENSOR_TYPES[str(arch)]):
        unusable.append(f"compute capability {arch} has no tensor cores for {kind}")
    if float(cublas) < 11:
        for kind in sorted({ta, tb} - {"fp16"}):
            unusable.append(f"cuBLAS {cublas} has no tensor cores for {kind}; 11 has")
        unusable += [f"cuBLAS {cublas}: {reason}" for reason in misaligned(16)]
    elif ta == tb == "fp8":
        unusable += [f"cuBLAS takes no such fp8: {reason}" for reason in misaligned(16)]
    slow = [] if unusable else misaligned(alignment)
    return not unusable, not (unusable or slow), unusable + slow
