"""
why = "Divides the alignment by the size of an item, and by 0 where an item is larger."
base = "solution"

[marks]
tensor_core_check_alignment = 0
"""

# %% tensor_core_check
#| export
def tensor_core_check(m, n, k, ta="fp16", tb="fp16", arch="8.0", cublas=11.0, alignment=16):
    if min(m, n, k) < 1 or ta not in TYPE_BYTES or tb not in TYPE_BYTES or arch not in TENSOR_TYPES:
        raise ValueError(f"{m}, {n}, {k}, {ta}, {tb}, {arch}")
    extents = {"m": m, "n": n, "k": k}
    no, slow = [], []
    if ta != tb:
        no.append(f"{ta} and {tb} differ")
    elif ta not in TENSOR_TYPES[arch]:
        no.append(f"{ta} is not for {arch}")
    if cublas < 11 and ta not in ("fp16", "int8"):
        no.append(f"cuBLAS {cublas} has no {ta}")
    if cublas < 11 or ta == "fp8":
        no += [f"{name} = {e}" for name, e in extents.items() if e * TYPE_BYTES[ta] % 16]
    step = alignment // TYPE_BYTES[ta]
    slow += [f"{name} = {e} is no multiple of {step}" for name, e in extents.items() if e % step]
    return not no, not no and not slow, no + slow
