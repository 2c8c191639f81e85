"""What notebooks import to work with, and never to be graded by.

Importing this package costs nothing but NumPy: no compiler, no plotting library.
An instrument kept here runs in the student's process, so what it reports is
evidence from hostile ground. A test may rest a few points on it, never a mark.
Whatever is in `__all__` may be called by name in the student's process.

* `LoggedArray`: an array that writes down every matrix product made with it.
* `beside`: make an instrument in the process of a student's function.
* `simd_width`: how wide the vector arithmetic of a compiled function is.
* `traced_peak_bytes`: how many bytes a call holds at most.
"""

from kernelmark.lab.arrays import LoggedArray
from kernelmark.lab.machine_code import simd_width
from kernelmark.lab.memory import traced_peak_bytes
from kernelmark.lab.remote import beside

__all__ = ["LoggedArray", "beside", "simd_width", "traced_peak_bytes"]
