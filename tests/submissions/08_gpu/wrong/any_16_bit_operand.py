"""
why = "Any fp16 or int8 operand will do, whatever the shape, the mix, the hardware and the library."
base = "solution"

[marks]
tensor_core_check_version = 0
tensor_core_check_alignment = 0
tensor_core_check_types = 0
"""

# %% tensor_core_check
def tensor_core_check(m, n, k, ta="fp16", tb="fp16", arch="8.0", cublas=11.0, alignment=16):
    compatible = any(kind in ("fp16", "bf16", "int8") for kind in (ta, tb))
    return compatible, compatible, [] if compatible else ["use fp16 or int8"]
