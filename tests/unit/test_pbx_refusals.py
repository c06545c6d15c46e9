"""Refusals, counted by the minute."""

from types import SimpleNamespace

from hotline.pbx.refusals import Refusals


def event(name, severity="Error", service="PJSIP"):
    """A security event."""
    return SimpleNamespace(event=name, severity=severity, service=service)


def test_refusals_of_the_last_hour_are_counted_by_service_and_kind():
    """A login that succeeds, or a challenge, is none; what is over an hour old is forgotten."""
    now = 1000.0
    refusals = Refusals(lambda: now)
    for name in ("InvalidPassword", "InvalidPassword", "ChallengeResponseFailed"):
        refusals.note(event(name))
    refusals.note(event("SuccessfulAuth", "Informational"))
    now += 1800
    refusals.note(event("InvalidPassword", service="AMI"))
    assert refusals.last_hour() == {
        "PJSIP InvalidPassword": 2,
        "PJSIP ChallengeResponseFailed": 1,
        "AMI InvalidPassword": 1,
    }
    now += 1860
    assert refusals.last_hour() == {"AMI InvalidPassword": 1}


def test_a_flood_costs_no_memory():
    """However many there are, an hour has sixty minutes."""
    now = 0.0
    refusals = Refusals(lambda: now)
    for _ in range(299):
        now += 30
        refusals.note(event("InvalidPassword"))
    assert refusals.last_hour() == {"PJSIP InvalidPassword": 120}
    assert len(refusals._minutes) == 60
