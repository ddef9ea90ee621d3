"""On one machine commands find the tables: at the running desk, or in the state folder alone."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from aftersales.clock import business_now, wall_now
from aftersales.errors import Misconfigured
from aftersales.tables import parcels
from local import tables_at_hand as hand
from local.business_clock import BusinessClock
from local.machine import Machine
from tests.command_line import aftersales

NUMBER = "YT0000000000001"


@pytest.fixture
def nowhere(tmp_path: Path, aws_environment: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, and an environment that names no tables."""
    aws_environment.chdir(tmp_path)
    for name in ("TABLE_PREFIX", "AFTERSALES_DYNAMODB_ENDPOINT", "AWS_ENDPOINT_URL_DYNAMODB"):
        aws_environment.delenv(name, raising=False)
    return tmp_path


@contextlib.contextmanager
def a_running_desk(folder: Path, speed: float = 1.0):
    machine = Machine(folder)
    try:
        machine.open(BusinessClock(machine.open_state(), speed))
        yield machine
    finally:
        machine.close()


def test_without_a_desk_a_command_uses_the_state_folder_and_leaves_it(nowhere):
    ran = aftersales("parcels", "add", NUMBER, "--shop", "tb1")
    assert ran.code == 0, ran.err
    assert "The desk is not running" in ran.out
    assert not (nowhere / ".state" / "engine.pid").exists()
    assert not (nowhere / ".state" / "engine.url").exists()
    assert "TABLE_PREFIX" not in os.environ
    listed = aftersales("parcels", "list", "--json").json
    assert [parcel["waybill_number"] for parcel in listed] == [NUMBER]
    assert aftersales("parcels", "list", "--state", nowhere / "other", "--json").json == []


def test_a_command_joins_the_running_desk_and_its_clock(nowhere):
    with a_running_desk(Path(".state") / "demo", speed=1000.0) as desk:
        endpoint = (desk.state_dir / "engine.url").read_text()
        before = dict(os.environ)
        with hand.tables_at_hand() as place:
            assert place.running
            assert os.environ["AWS_ENDPOINT_URL_DYNAMODB"] == endpoint
            assert business_now() > wall_now()
            assert parcels.current(NUMBER) is None
        assert dict(os.environ) == before
        # Two at a time, while the desk goes on.
        with hand.tables_at_hand(), hand.tables_at_hand():
            pass
        ran = aftersales("parcels", "add", NUMBER)
        assert ran.code == 0, ran.err
        assert "not running" not in ran.out
        assert parcels.current(NUMBER) is not None


def test_the_settings_file_of_the_folder_counts_before_the_first_run(nowhere):
    (nowhere / "aftersales.yaml").write_text("tracking:\n  shards: 3\n", "utf-8")
    with hand.tables_at_hand():
        from aftersales.tables import settings

        assert settings.load().tracking.shards == 3


def test_a_command_waits_for_another_and_then_says_so(nowhere):
    with hand.tables_at_hand(Path("kept")) as place:
        assert not place.running
        again = hand.tables_at_hand(Path("kept"), wait_seconds=0.1)
        with pytest.raises(Misconfigured, match="Another command"), again:
            pass


def test_a_desk_that_is_just_starting_is_said_to_be(nowhere):
    from local.state import alone

    with alone(Path("kept")):
        ran = aftersales("cases", "list", "--state", "kept")
    assert ran.code == 2
    assert "just starting" in ran.err


def test_a_state_folder_that_cannot_be_made_is_named(nowhere):
    (nowhere / "file").write_text("")
    ran = aftersales("cases", "list", "--state", "file/state")
    assert ran.code == 2
    assert "file/state" in ran.err
