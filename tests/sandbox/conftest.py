"""Live processes that tests of the sandbox share."""

import dataclasses

import pytest

from kernelmark.sandbox.link import Link
from kernelmark.sandbox.turns import Patience
from tests.sandbox.linked import LIMITS


@pytest.fixture
def patience():
    """How long `link` waits; a test that hangs on purpose shortens it."""
    return Patience(LIMITS.cell_s)


@pytest.fixture
def link(patience):
    started = Link(LIMITS, patience=patience)
    yield started
    started.close()


@pytest.fixture
def parent(patience):
    """A link whose process may start others."""
    started = Link(dataclasses.replace(LIMITS, children=True), patience=patience)
    yield started
    started.close()


@pytest.fixture(scope="module")
def shared():
    """A link for tests that leave its process as they found it."""
    started = Link(LIMITS)
    yield started
    started.close()
