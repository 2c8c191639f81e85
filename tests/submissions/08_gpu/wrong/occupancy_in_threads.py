"""
why = "Counts threads where the hardware counts warps."
base = "solution"

[marks]
occupancy_warps_and_blocks = 0
"""

# %% occupancy
#| export
def occupancy(threads, regs, smem, arch="8.0"):
    """Return active_blocks, active_warps, occupancy, limited_by and limits of an SM."""
    if str(arch) not in ARCHITECTURES:
        raise ValueError(f"unknown architecture {arch!r}; expected one of {sorted(ARCHITECTURES)}")
    if threads < 1 or regs < 0 or smem < 0:
        raise ValueError(f"expected at least 1 thread and nothing negative, got {threads}, {regs}, {smem}")
    sm = ARCHITECTURES[str(arch)]
    block_warps = -(-threads // WARP)
    warp_registers = -(-WARP * regs // REGISTER_UNIT) * REGISTER_UNIT
    block_bytes = -(-(smem + sm["reserved"]) // sm["shared_unit"]) * sm["shared_unit"]
    limits = {"warps": sm["warps"] * WARP // threads, "blocks": sm["blocks"], "registers": sm["blocks"], "shared_memory": sm["blocks"]}
    if warp_registers:
        limits["registers"] = PARTITIONS * (sm["registers"] // PARTITIONS // warp_registers) // block_warps
    if block_bytes:
        limits["shared_memory"] = sm["shared"] // block_bytes
    if threads > MAX_BLOCK_THREADS:
        limits["warps"] = 0
    if regs > MAX_THREAD_REGISTERS:
        limits["registers"] = 0
    if smem > sm["block_shared"]:
        limits["shared_memory"] = 0
    limited_by = min(limits, key=limits.get)
    active = limits[limited_by]
    return {
        "active_blocks": active,
        "active_warps": active * block_warps,
        "occupancy": active * block_warps / sm["warps"],
        "limited_by": limited_by,
        "limits": limits,
    }
