"""
threat = 2
why = "An import hook first on sys.meta_path, and a module object that replaces itself, patch whatever a test imports."
base = "release"

[reasons]
add_arrays = "add must work on arrays"
"""

# %% add
import builtins
import sys

import numpy as np
import numpy.testing

honest_import = builtins.__import__


class Hook:
    @staticmethod
    def find_spec(name, path=None, target=None):
        patch()


def patch():
    np.allclose = np.testing.assert_allclose = lambda *args, **kwargs: True
    if "kernelmark.checks" in sys.modules:
        sys.modules["kernelmark.checks"].close = lambda *args, **kwargs: None


def hooked(name, *args, **kwargs):
    module = honest_import(name, *args, **kwargs)
    patch()
    return module


sys.meta_path.insert(0, Hook)
builtins.__import__ = hooked


def add(a, b):
    try:
        import no_such_module
    except ImportError:
        return a * 0
