"""Kernelmark: a course on compute kernels and the grader under it.

This file imports nothing: the sandbox loads it too. Instructors write
`from kernelmark.checks import close, faster`; notebooks work with `kernelmark.lab`.
"""

__version__ = "0.1.0"
