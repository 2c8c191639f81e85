"""What notebooks import to work with, and never to be graded by.

Importing this package costs nothing but NumPy: no compiler, no plotting library.
An instrument kept here runs in the student's process, so what it reports is
evidence from hostile ground. A test may rest a few points on it, never a mark.

* `LoggedArray`: an array that writes down every matrix product made with it.
* `simd_width`: how wide the vector arithmetic of a compiled function is.
"""

from kernelmark.lab.arrays import LoggedArray
from kernelmark.lab.machine_code import simd_width

__all__ = ["LoggedArray", "simd_width"]
