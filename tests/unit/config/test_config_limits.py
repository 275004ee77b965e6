"""Quotas: what Muster may use of a Marketo subscription, and which subscription a destination belongs to."""

from __future__ import annotations

from muster.config import MarketoLimits, load

DESTINATION = "    name: marketo__emea\n    connection: marketo__emea\n"
OTHER = "    name: marketo__emea\n    connection: marketo__apac\n"
LIMITS = "    objects: [leads, activities]\n    limits: {calls_per_day: 20000, in_flight: 5}\n"


def test_the_defaults_are_those_of_a_usual_contract() -> None:
    assert MarketoLimits().model_dump() == {
        "calls_per_day": 50_000,
        "calls_per_20_seconds": 80,
        "in_flight": 8,
        "export_jobs_running": 2,
        "export_jobs_queued": 10,
        "export_bytes_per_day": 500_000_000,
        "bulk_share": 0.9,
    }


def test_a_destination_takes_subscription_and_limits_from_the_source_of_its_connection(folder, valid) -> None:
    (folder / "platform.yml").write_text(valid.replace("    objects: [leads, activities]\n", LIMITS))
    platform = load(folder).platform
    key, limits = platform.subscription(platform.destination("marketo__emea"))
    assert (key, limits.calls_per_day, limits.in_flight) == ("123-EMA-001", 20_000, 5)
    assert platform.subscription(platform.source("marketo__emea")) == (key, limits)


def test_a_destination_may_have_limits_of_its_own(folder, valid) -> None:
    own = DESTINATION + "    munchkin_id: 123-EMA-001\n    limits: {in_flight: 2}\n"
    (folder / "platform.yml").write_text(valid.replace(DESTINATION, own))
    platform = load(folder).platform
    key, limits = platform.subscription(platform.destination("marketo__emea"))
    assert (key, limits.in_flight, limits.calls_per_day) == ("123-EMA-001", 2, 50_000)


def test_a_marketo_that_is_only_a_destination_says_which_one_it_is(folder, valid, change) -> None:
    found, _ = change((DESTINATION, OTHER))
    assert len(found) == 1
    assert "munchkin_id is missing: no source has the connection 'marketo__apac'" in found[0]
    (folder / "platform.yml").write_text(valid.replace(DESTINATION, OTHER + "    munchkin_id: 456-AMR-002\n"))
    platform = load(folder).platform
    assert platform.subscription(platform.destination("marketo__emea"))[0] == "456-AMR-002"


def test_one_connection_is_one_subscription(change) -> None:
    found, _ = change((DESTINATION, DESTINATION + "    munchkin_id: 456-AMR-002\n"))
    assert len(found) == 1
    assert "munchkin_id: 'marketo__emea' is 123-EMA-001 in line 11" in found[0]


def test_limits_of_nothing_are_refused(change) -> None:
    found, _ = change(("    objects: [leads, activities]\n", LIMITS.replace("5}", "0}")))
    assert len(found) == 1
    assert "in_flight" in found[0]
