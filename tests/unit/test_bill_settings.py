"""The section `reconciliation` of the settings: what is wrong with it is said with its line."""

from __future__ import annotations

import textwrap

from aftersales.settings.load import check_yaml
from aftersales.settings.reconciling import LAYOUT_FIELDS
from courier_reconciliation.reading.words import FIELDS


def problems(text: str) -> list[tuple[int, str, str]]:
    return [(one.line, one.path, one.message) for one in check_yaml(textwrap.dedent(text), "x")]


def test_the_fields_of_a_layout_are_those_that_the_reader_knows():
    assert set(LAYOUT_FIELDS) == {name for name in FIELDS if not name.startswith("_")}


def test_a_layout_with_a_field_that_no_bill_has_is_refused_with_those_that_there_are():
    ((line, path, message),) = problems("""\
        reconciliation:
          layouts:
            - name: outlet
              columns: {waybill: 小票号, date: 几号}
        """)
    assert (line, path) == (4, "reconciliation.layouts[0].columns.date")
    assert "billed_on" in message


def test_a_layout_must_say_which_column_is_the_waybill():
    ((_, path, message),) = problems("""\
        reconciliation:
          layouts:
            - {name: outlet, columns: {amount: 多少钱}}
        """)
    assert path == "reconciliation.layouts[0].columns"
    assert "waybill" in message


def test_a_bill_is_not_checked_in_thousands_of_small_parts():
    ((line, path, message),) = problems("reconciliation:\n  part_lines: 500\n")
    assert (line, path) == (2, "reconciliation.part_lines")
    assert "10000" in message
    assert not problems("reconciliation: {part_lines: 500000}")


def test_a_layout_of_counted_columns_must_say_which_files_it_is_for():
    ((_, path, message),) = problems("""\
        reconciliation:
          layouts:
            - {name: outlet, columns: {waybill: 1, amount: 2}}
        """)
    assert path == "reconciliation.layouts[0].file_contains"
    assert "file's name" in message


def test_columns_are_counted_from_one():
    ((_, path, message),) = problems("""\
        reconciliation:
          layouts:
            - {name: outlet, file_contains: a, columns: {waybill: 0, amount: 2}}
        """)
    assert path == "reconciliation.layouts[0].columns.waybill"
    assert "from 1" in message
