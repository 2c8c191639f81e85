"""Compute kernels, exported from notebooks by `kernelmark export`."""

from .compress import *  # noqa: F403
from .fuse import *  # noqa: F403
from .matmul import *  # noqa: F403
