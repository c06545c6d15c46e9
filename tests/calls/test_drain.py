"""A running process takes no more calls, and takes them again."""

import os

import pytest

from hotline.console import Process, ask, control

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_drained_process_keeps_its_calls_and_takes_no_other_until_it_resumes(service, ring):
    """Who is in a call goes on; who calls then hears the fallback, free of charge; afterwards all is as before."""
    process = Process(os.geteuid(), f"drained-{os.getpid()}")
    async with control(process.name, service.steering()):
        first, second = await ring(0), await ring(1)
        await first.reach()
        state = await ask(process, "drain")
        assert (state.draining, state.ready, state.calls) == (True, False, 1)
        await second.caller.dial("19009068")
        await second.caller.hears("fallback", within=10)
        assert second.caller.witness.signalling.answered is None
        await second.caller.hang_up()
        await first.caller.press("1")
        await first.caller.hears("information")
        assert (await ask(process, "resume")).ready
        await second.reach()
