"""
why = "Prints, warns and checks its own results; NumPy numbers in place of Python's where the contract says plain numbers of any kind."
base = "solution"
"""

# %% global_transactions
#| export
import warnings

warnings.warn("a warning that goes to stderr")


def global_transactions(addresses, mask=None, itemsize=4, sector=32):
    print("addresses", addresses)
    addresses = np.array(addresses, np.int64)
    keep = np.ones(addresses.shape, bool) if mask is None else np.array(mask, bool)
    if keep.shape != addresses.shape or itemsize < 1 or sector < 1:
        raise ValueError("mask, itemsize or sector")
    first, last = addresses[keep] // sector, (addresses[keep] + (itemsize - 1)) // sector
    if first.size == 0:
        return 0
    span = int((last - first).max()) + 1
    touched = first[:, None] + np.arange(span)
    return np.unique(touched[touched <= last[:, None]]).size

# %% occupancy
#| export
def occupancy(threads, regs, smem, arch="8.0"):
    print("occupancy of", threads, regs, smem, arch)
    assert threads == int(threads)
    try:
        limits_of = ARCHITECTURES[arch]
    except KeyError:
        raise ValueError(arch) from None
    if threads <= 0 or regs < 0 or smem < 0:
        raise ValueError((threads, regs, smem))
    warps = np.ceil(threads / 32).astype(int)
    limits = {"warps": 0 if threads > 1024 else limits_of["warps"] // warps, "blocks": limits_of["blocks"]}
    per_warp = int(np.ceil(regs / 8)) * 256
    if regs > 255:
        limits["registers"] = 0
    elif per_warp:
        limits["registers"] = 16384 // per_warp * 4 // warps
    else:
        limits["registers"] = limits_of["blocks"]
    bytes_needed = smem + limits_of["reserved"]
    while bytes_needed % limits_of["shared_unit"]:
        bytes_needed += 1
    if smem > limits_of["block_shared"]:
        limits["shared_memory"] = 0
    elif bytes_needed:
        limits["shared_memory"] = limits_of["shared"] // bytes_needed
    else:
        limits["shared_memory"] = limits_of["blocks"]
    fewest = min(limits.values())
    name = [name for name in ("warps", "blocks", "registers", "shared_memory") if limits[name] == fewest][0]
    return dict(limits=limits, limited_by=name, active_blocks=fewest, active_warps=fewest * warps, occupancy=fewest * warps / limits_of["warps"])

# %% tensor_core_check
#| export
def tensor_core_check(m, n, k, ta="fp16", tb="fp16", arch="8.0", cublas=11.0, alignment=16):
    for kind in (ta, tb):
        if kind not in TYPE_BYTES:
            raise ValueError(kind)
    if arch not in TENSOR_TYPES:
        raise ValueError(arch)
    if m < 1 or n < 1 or k < 1:
        raise ValueError("extents")
    reasons = []
    if ta != tb:
        reasons.append(f"mixed operands {ta} x {tb}")
    if ta not in TENSOR_TYPES[arch]:
        reasons.append(f"{ta} is not supported on {arch}")
    if tb not in TENSOR_TYPES[arch]:
        reasons.append(f"{tb} is not supported on {arch}")
    old = cublas < 11
    if old and ta in ("tf32", "fp64", "bf16", "fp8"):
        reasons.append(f"{ta} needs cuBLAS 11")
    extents = {"m": m, "n": n, "k": k}
    for name in extents:
        if (old or ta == "fp8") and extents[name] * TYPE_BYTES[ta] % 16 != 0:
            reasons.append(f"{name} = {extents[name]} breaks the 16-byte rule of cuBLAS {cublas}")
    usable = len(reasons) == 0
    for name in extents:
        if usable and extents[name] * TYPE_BYTES[ta] % alignment != 0:
            reasons.append(f"{name} = {extents[name]} is slow")
    print(reasons)
    return usable, len(reasons) == 0, reasons
