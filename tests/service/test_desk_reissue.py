"""The life of a re-issued password, over a real Postgres."""

from __future__ import annotations

import asyncio

import pytest

from hotline.desk import AlreadyIssued, CallerNumber, InsuranceNumber, SignIn

PARENT = CallerNumber("+84912345678")
NUMBER = "0123456789"
CHILD = "0123456790"
PERSONAL = "001085012345"
OLD = "87654321"


async def check(desk, call="call-1", caller=PARENT, number=NUMBER):
    """Look up and settle at once."""
    return await desk.settle(await desk.look_up(caller, InsuranceNumber.parse(number)), call)


async def test_the_old_password_works_until_the_new_one_was_heard(desk):
    """A password that is only pending changes nothing; once heard it works and the old one is dead."""
    new = await check(desk)
    assert await desk.sign_in(NUMBER, OLD) is SignIn.OK
    assert await desk.sign_in(NUMBER, new.password.reveal()) is SignIn.REFUSED
    assert await new.began()
    assert await desk.sign_in(NUMBER, OLD) is SignIn.OK
    assert await new.heard()
    assert await desk.sign_in(NUMBER, OLD) is SignIn.REFUSED
    assert await desk.sign_in(NUMBER, new.password.reveal()) is SignIn.OK_MUST_CHANGE
