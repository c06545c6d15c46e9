"""The pair at the desk: what may not be told apart gets the same answer after the same work."""

import random
from collections import Counter

import pytest

from bench.equal_time.at_the_desk import checks
from bench.equal_time.cases import REFUSED, Case, Stage
from hotline.desk import CallerNumber, InsuranceNumber, TooManyFailures
from hotline.settings import LimitSettings

TIMES = 3


@pytest.fixture
async def stage(database, vault):
    """Records for every case, among those of many bystanders."""
    made = Stage(database, vault, LimitSettings(), random.Random(1))
    await made.fill()
    return made


async def test_only_the_right_pair_gets_a_password(desk, stage, database):
    """Unknown number, another's number, both unknown and the silently limited number are all refused alike."""
    done = []
    made = await checks(desk, stage, tuple(Case), times=TIMES, rng=random.Random(2), done=lambda: done.append(1))
    assert Counter(check.case for check in made) == dict.fromkeys(Case, TIMES)
    assert {check.case for check in made if check.refused} == set(REFUSED)
    assert len(done) == len(made)


@pytest.mark.parametrize("case", Case)
async def test_the_slow_work_is_done_in_every_case(desk, stage, vault, monkeypatch, case):
    """A password is drawn and hashed whether the pair matches or not: nothing else in a check takes long."""
    hashed = []
    hash_really = vault.hash

    async def hash_and_tell(password, member_id):
        hashed.append(len(password.reveal()))
        return await hash_really(password, member_id)

    monkeypatch.setattr(vault, "hash", hash_and_tell)
    phone = "+84901234567"
    number = InsuranceNumber(await stage.set_up(case, phone))
    assert (await desk.look_up(CallerNumber(phone), number)).matches is (case in {Case.MATCH, Case.SILENCED})
    assert hashed == [9]


@pytest.mark.parametrize("case", REFUSED)
async def test_every_refusal_counts_for_the_caller(desk, stage, case):
    """The limit of failures is reached after the same number of calls, so it tells nothing either."""
    phone = CallerNumber("+84901234567")
    number = InsuranceNumber(await stage.set_up(case, phone.e164))
    refused = 0
    for attempt in range(6):
        await desk.admit(phone)
        refused += await desk.settle(await desk.look_up(phone, number), f"call-{attempt}") is None
    assert refused == 6
    with pytest.raises(TooManyFailures):
        await desk.admit(phone)
