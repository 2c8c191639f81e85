"""What `nbgrader export` writes: every field quoted, and no formula."""

import re

import pytest

from kernelmark.course import sheet


class TestSheet:
    @pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "＝", " =", "a;=", "a\n=", '"='])
    def test_no_field_is_a_formula(self, start: str):
        """A name that begins like a formula, or goes on like one after a separator, is text."""
        text = sheet.field(start + "HYPERLINK(1)")
        assert not re.search(r"(^|[;,|\t\r\n\"])\s*[=+\-@＝]", text)

    @pytest.mark.parametrize(
        ("value", "text"), [(None, ""), (-2.5, "-2.5"), ("Ann-Marie", "Ann-Marie"), ("a+b@c.d",) * 2]
    )
    def test_plain_values_stay(self, value: object, text: str):
        """Numbers stay numbers, and ordinary names and addresses are as they were."""
        assert sheet.field(value) == text
