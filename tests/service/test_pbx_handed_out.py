"""A softphone's settings, handed out once."""

import aiohttp

from hotline.pbx.softphones import handed_out


async def test_settings_are_given_to_the_first_who_asks_for_their_path():
    """Another path finds nothing, a second request gets nothing, and after the block nobody listens."""
    async with aiohttp.ClientSession() as session:

        async def ask(url):
            async with session.get(url) as answer:
                return answer.status, await answer.read(), answer.content_type

        async with handed_out(b"<config/>", "127.0.0.1") as offer:
            assert (await ask(offer.url.rpartition("/")[0] + "/"))[0] == 404
            assert (await ask(offer.url + "x"))[0] == 404
            assert not offer.fetched.is_set()
            assert await ask(offer.url) == (200, b"<config/>", "application/xml")
            assert offer.fetched.is_set()
            assert (await ask(offer.url))[0] == 410
        try:
            await ask(offer.url)
        except aiohttp.ClientConnectorError:
            pass
        else:
            raise AssertionError("somebody still listens")
