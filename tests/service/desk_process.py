"""A process of its own that hammers the desk: told its checks as JSON, begins them together at a word, tells what came.

Input, one line: {"dsn", "pepper", "read", "checks": [[call, phone, number], ...]}; then `go`. With `read`
each password issued is read out at once.
"""

import asyncio
import json
import logging
import sys

import argon2
from pydantic import SecretStr

from hotline import logs
from hotline.desk import Activation, CallerNumber, Desk, InsuranceNumber, ReissuedTooOften, TooManyFailures, Vault
from hotline.records import Database
from hotline.settings import DatabaseSettings, LimitSettings, PasswordSettings

# A hash takes 32 ms on purpose; without it the checks get in each other's way much harder.
QUICK = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


async def check(desk, call, phone, number, *, read):
    """Make one check as a call does, and say what came of it."""
    try:
        new = await desk.settle(await desk.look_up(CallerNumber(phone), InsuranceNumber(number)), call)
        if new is None:
            return "mismatch"
        if not read:
            return "issued"
        return "heard" if await new.began() and await new.heard() is Activation.ACTIVE else "overtaken"
    except TooManyFailures as limit:
        return limit.kind
    except ReissuedTooOften:
        return "often"
    except Exception as error:  # noqa: BLE001 - the test says what may come
        return type(error).__name__


async def main():
    """Do as told."""
    told = json.loads(sys.stdin.readline())
    passwords = PasswordSettings(pepper=SecretStr(told["pepper"]), hash_queue=1000)
    safe = Vault(passwords, QUICK)
    async with Database(DatabaseSettings(dsn=SecretStr(told["dsn"]), time_limit=10)) as database:
        desk = Desk(database, safe, passwords, LimitSettings())
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        came = await asyncio.gather(*(check(desk, *given, read=told["read"]) for given in told["checks"]))
        await desk.close()
    safe.close()
    sys.stdout.write(json.dumps(came))


logs.configure(logging.ERROR)
asyncio.run(main())
