"""The template keeps its promises, and each promise would notice if it did not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.template import promises, rights
from tests.template.deployed import Template
from tests.template.mistakes import GONE, MISTAKES, Place
from tests.template.promises import Promise

PROMISES: list[Promise] = [
    promises.handlers_exist,
    promises.functions_run_on_python313_arm64_with_their_layers,
    promises.schedules_fire,
    promises.schedules_have_retries_and_dead_letters,
    promises.asynchronous_failures_are_kept,
    promises.stream_failures_are_narrowed_down_and_kept,
    promises.queues_wait_long_enough,
    promises.queues_are_encrypted_and_dead_letters_last,
    promises.logs_are_kept_for_a_time,
    promises.tables_are_as_the_code_expects,
    promises.dropped_files_are_private,
    promises.pushes_have_one_guarded_way_in,
    promises.alarms_cover_what_can_go_wrong,
    promises.outputs_say_where_things_are,
    rights.every_right_is_on_something_named,
    rights.rights_are_those_the_code_uses,
    rights.platform_rights_fit_the_triggers,
    rights.variables_that_code_reads_are_set,
]


@pytest.fixture(scope="module")
def template() -> Template:
    return Template()


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_the_template_keeps_its_promise(promise: Promise, template: Template) -> None:
    complaints = list(promise(template))
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize(
    ("promise", "place", "wrong"),
    MISTAKES,
    ids=[
        f"{'.'.join(map(str, place[1:]))}-{number}" for number, (_, place, _) in enumerate(MISTAKES)
    ],
)
def test_a_planted_mistake_is_noticed(
    promise: Promise, place: Place, wrong: Any, template: Template
) -> None:
    broken = Template()
    at: Any = broken.raw
    for step in place[:-1]:
        at = at[step]
    if wrong is GONE:
        del at[place[-1]]
    else:
        at[place[-1]] = wrong
    new = set(promise(broken)) - set(promise(template))
    assert new, f"{promise.__name__} does not notice it"


def test_every_promise_is_tried_with_a_mistake() -> None:
    assert {promise for promise, _, _ in MISTAKES} == set(PROMISES)
