"""
why = "Loses half of the share of true conditions, however they are spread."
base = "solution"

[marks]
warp_divergence_spread = 0
warp_divergence_tail_warp = 0
warp_divergence_unequal_costs = 0
warp_divergence_common_work = 0
"""

# %% warp_divergence
#| export
def warp_divergence(conditions, then_cost=1, else_cost=1, common_cost=0):
    """Return warps, divergent_warps, issued and warp_efficiency of a branch."""
    if min(then_cost, else_cost, common_cost) < 0:
        raise ValueError("costs must not be negative")
    conditions = np.asarray(conditions, bool)
    warps = divergent = issued = needed = 0
    for start in range(0, len(conditions), WARP):
        lanes = conditions[start : start + WARP]
        yes, no = int(lanes.sum()), int((~lanes).sum())
        warps += 1
        divergent += yes > 0 and no > 0
        issued += common_cost + then_cost * (yes > 0) + else_cost * (no > 0)
        needed += common_cost * (yes + no) + then_cost * yes + else_cost * no
    return {
        "warps": warps,
        "divergent_warps": divergent,
        "issued": issued,
        "warp_efficiency": 1 - 0.5 * float(conditions.mean()) if len(conditions) else 1.0,
    }
