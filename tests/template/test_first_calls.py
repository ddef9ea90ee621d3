"""Every function's start is measured: the benchmark of cold starts knows each handler."""

from __future__ import annotations

from benchmarks.first_calls import HANDLERS
from tests.template.deployed import Template


def test_every_handler_of_the_template_has_a_first_call() -> None:
    deployed = [given["Handler"] for given in Template().functions().values()]
    assert sorted(handler.name for handler in HANDLERS) == sorted(deployed)
