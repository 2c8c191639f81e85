"""Contracts: the items of a list, and the tests that the metadata names for each."""

import nbformat

from kernelmark.notebook.contracts import contracts


def found(source, contract=None):
    cell = nbformat.v4.new_markdown_cell(source)
    if contract is not None:
        cell.metadata["kernelmark"] = {"contract": contract}
    return list(contracts(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1"), cell])))


SOURCE = """## Part A

* no item of a contract

**Contract.** `double(x)` returns twice x.

* x is a number,
  or an array:
  * of any shape
* **Bold** in an item.

More of the contract.

1. Numbered.

**A wrong habit.** Not this:

* nor this.

**Contract 2.** `half(x)`

- The last one."""


class TestItems:
    def test_of_every_contract_of_a_cell_and_of_nothing_else(self):
        """A nested list belongs to its item; a paragraph with a bold head of its own ends a contract."""
        ((number, items, named),) = found(SOURCE)
        assert (number, named) == (1, -1)
        assert [(item.line, item.text) for item in items] == [
            (7, "x is a number, or an array: * of any shape"),
            (10, "**Bold** in an item."),
            (14, "Numbered."),
            (22, "The last one."),
        ]

    def test_tests_stand_in_the_metadata(self):
        """In order; an item beyond the list has none, and what is no list of lists counts as nothing said."""
        ((_, items, named),) = found(SOURCE, [["a", "b"], []])
        assert [item.tests for item in items] == [("a", "b"), (), (), ()]
        assert named == 2
        for junk in ("a", ["a"], [[1]], {"a": 1}):
            ((_, items, named),) = found(SOURCE, junk)
            assert named == -1
            assert not any(item.tests for item in items)

    def test_a_cell_without_a_contract_is_left_out(self):
        """A list alone is none."""
        assert found("* a\n* b") == []
