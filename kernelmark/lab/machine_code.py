"""Reading the machine code of a compiled function.

Does: says how wide the vector arithmetic is that Numba's compiler has chosen.
Does not: say how fast it runs, which instructions are executed how often, or
anything about a processor that is not an x86.
"""

from __future__ import annotations

import re
from typing import Any

from kernelmark.lab.remote import where_it_lives

# Packed floating point arithmetic: vaddps, mulpd, vfmadd231ps, vdivps, ... Scalar arithmetic (mulss, vaddsd)
# uses the same registers, so the register names alone would not tell the two apart.
_PACKED = re.compile(r"^\s*v?(?:add|sub|mul|div|fn?m(?:add|sub)\d{3})p[sd]\s+(.*)$", re.MULTILINE)
_WIDTHS_BITS = {"x": 128, "y": 256, "z": 512}


def packed_width(assembly: str) -> int:
    """Return the widest packed floating point arithmetic in x86 assembly text, in bits; 0 for none."""
    registers = (name for line in _PACKED.findall(assembly) for name in re.findall(r"%?\b([xyz])mm\d+", line))
    return max((_WIDTHS_BITS[name] for name in registers), default=0)


@where_it_lives
def simd_width(dispatcher: Any) -> int:
    """Return the widest vector, in bits, that a function compiled by Numba does arithmetic on.

    128, 256 or 512 on an x86 processor; 0 when all floating point arithmetic is done one
    number at a time, and 0 on other processors, whose assembly is not read.
    The widest of all compiled signatures counts.

    Args:
        dispatcher: what `numba.njit` returned; it must have been called at least once.

    Raises:
        TypeError: not a function compiled by Numba.
        ValueError: not compiled yet.
    """
    inspect_asm = getattr(dispatcher, "inspect_asm", None)
    if inspect_asm is None:
        raise TypeError(
            f"simd_width needs a function compiled with numba.njit, got {type(dispatcher).__name__}; "
            "is the decorator missing?"
        )
    versions = inspect_asm()
    if not versions:
        raise ValueError("simd_width: the function has not been compiled yet; call it once with arrays first")
    return max(packed_width(assembly) for assembly in versions.values())
