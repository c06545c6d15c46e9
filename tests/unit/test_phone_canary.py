"""What the canary makes of a call: words, digits and times."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import pytest

from hotline.phone import CallClosed, Credentials, Key, NotInTime, Signalling, Utterance
from hotline.phone.canary import Limits, judge, ring

LIMITS = Limits(response=1.0, reaction=1.0, call=40.0)
PASSWORD = "590142"


def prompt(name, at, seconds=2.0, **more):
    """A prompt as it was heard."""
    return Utterance("prompt", name, "…", at, at + seconds, **more)


def reading(at, digits=PASSWORD):
    """Digits, two a second."""
    return [
        Utterance("digit", digit, digit, at + place * 0.5, at + place * 0.5 + 0.4) for place, digit in enumerate(digits)
    ]


@dataclass
class Heard:
    """A call as it was heard; as it should be, unless told otherwise."""

    speech: list = field(
        default_factory=lambda: [
            prompt("menu", 0.1, 0.5, complete=False),
            prompt("ask-number", 1.0, 0.5, complete=False),
            prompt("check", 4.2),
            prompt("new-password", 6.5, 1.0),
            *reading(7.6),
            prompt("repeat-password", 11.0, 1.0),
            *reading(12.1),
            prompt("after-reading", 16.0, 1.0, complete=False),
        ]
    )
    signalling: Signalling = field(default_factory=lambda: Signalling(invited=100.0, progressed=100.1, answered=104.0))
    keys: list = field(default_factory=lambda: [Key("8", 104.3, 0.1), Key("#", 108.0, 0.1)])

    def said(self):
        return sorted(self.speech, key=lambda one: one.starts)

    def seconds(self, at):
        return at - self.signalling.answered

    def readings(self):
        runs, before = [], None
        for one in self.said():
            if one.kind == "digit":
                runs = [*runs[:-1], runs[-1] + one.id] if before == "digit" else [*runs, one.id]
            before = one.kind
        return runs


def faults(heard, digits=6):
    """What is found wrong with a call."""
    return list(judge(heard, digits=digits, limits=LIMITS).faults)


def test_a_call_as_it_should_be():
    """No fault, and how long what took: to the first response, from the last key's end, to the last digit read."""
    finding = judge(Heard(), digits=6, limits=LIMITS)
    assert finding.faults == []
    assert [round(seconds, 2) for seconds in (finding.response, finding.reaction, finding.call)] == [0.1, 0.1, 15.0]


def without(heard, *names):
    """The call without these words."""
    heard.speech = [one for one in heard.speech if one.id not in names]
    return heard


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            lambda heard: heard.speech.__setitem__(slice(11, 17), reading(12.1, "590149")),
            "the two readings were not alike",
        ),
        (lambda heard: heard.speech.__delitem__(slice(11, 17)), "the password was read 1 times, not twice"),
        (lambda heard: heard.speech.__delitem__(2), "the prompt check was not heard whole"),
        (lambda heard: heard.speech.__setitem__(3, prompt("new-password", 6.5, 0.4, complete=False)), "new-password"),
        (lambda heard: heard.speech.append(Utterance("unknown", "?", "?", 20.0, 21.0)), "that is no prompt"),
        (lambda heard: heard.speech.__setitem__(2, prompt("check", 1.2)), "silence for more than 3 s"),
        (
            lambda heard: setattr(heard.signalling, "progressed", 101.5),
            "the first response: 1.50 s, and it may take 1 s",
        ),
        (lambda heard: heard.keys.__setitem__(1, Key("#", 106.0, 0.1)), "the first sound after the number: 2.10 s"),
    ],
)
def test_each_wrong_thing_is_named(change, fault):
    """In words that an operator can act on, and never with a digit of the password."""
    heard = Heard()
    change(heard)
    found = faults(heard)
    assert any(fault in one for one in found), found
    assert not any(PASSWORD in one or "590149" in one for one in found)


def test_a_reading_of_another_length_is_named():
    """Twice alike is not enough: a digit may be lost both times."""
    assert faults(Heard(), digits=9) == ["not all readings had 9 digits"]


@pytest.mark.parametrize(
    "trouble", [CallClosed("the call was closed: 503 Service Unavailable"), NotInTime("not heard")]
)
async def test_a_call_that_comes_to_nothing_has_one_fault(trouble):
    """What stopped it is told, and nothing that follows from it."""

    class Phone:
        witness = without(Heard(), "check", "new-password", "repeat-password", *PASSWORD)

        async def dial(self, number):
            raise trouble

    finding = await ring(Phone(), "19009068", "0123456789", digits=6, limits=LIMITS)
    assert (list(finding.faults), finding.call) == ([str(trouble)], None)


def test_a_challenge_is_answered_as_in_the_rfc():
    """With the values of RFC 2617, 3.5, but for our own nonce: the proof is what a server would compute."""
    challenge = 'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b", opaque="5ccc", algorithm=MD5'
    header = Credentials("Mufasa", "Circle Of Life").answer(challenge, "INVITE", "sip:1@host")
    told = dict(part.split("=", 1) for part in header.partition("Digest ")[2].split(", "))
    assert (told["username"], told["nonce"], told["opaque"]) == ('"Mufasa"', '"dcd98b"', '"5ccc"')
    ours = told["cnonce"].strip('"')
    who = ("Mufasa", "testrealm@host.com", "Circle Of Life")
    assert told["response"].strip('"') == proof(who, "INVITE", "sip:1@host", ours)


def proof(who, method, uri, ours):
    """RFC 2617, 3.2.2, written down once more."""

    def digest(*parts):
        return hashlib.md5(":".join(parts).encode()).hexdigest()

    return digest(digest(*who), "dcd98b", "00000001", ours, "auth", digest(method, uri))


def test_a_proof_that_can_not_be_given_is_no_call():
    """A server that asks for another algorithm is told from a wrong password."""
    with pytest.raises(CallClosed, match="a proof of the password that we can't give"):
        Credentials("canary", "hush").answer(
            'Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256', "INVITE", "sip:1@h"
        )
