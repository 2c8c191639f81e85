"""
why = "Refuses negative costs of the branch that is taken and of the common part, and forgets the other."
base = "solution"

[marks]
warp_divergence_common_work = 0
"""

# %% warp_divergence
#| export
def warp_divergence(conditions, then_cost=1, else_cost=1, common_cost=0):
    if then_cost < 0 or common_cost < 0:
        raise ValueError("costs must not be negative")
    conditions = np.asarray(conditions, bool)
    warps = [conditions[start : start + WARP] for start in range(0, len(conditions), WARP)]
    issued = sum(common_cost + then_cost * bool(w.any()) + else_cost * bool((~w).any()) for w in warps)
    taken = int(conditions.sum())
    needed = common_cost * len(conditions) + then_cost * taken + else_cost * (len(conditions) - taken)
    return {
        "warps": len(warps),
        "divergent_warps": sum(bool(w.any() and (~w).any()) for w in warps),
        "issued": issued,
        "warp_efficiency": needed / (WARP * issued) if issued else 1.0,
    }
