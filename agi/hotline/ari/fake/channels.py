"""The fake's requests about channels and playbacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from .answers import NO_CHANNEL, NOT_IN_STASIS, error, in_turn
from .call import NORMAL_CLEARING, FakePlayback

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .call import FakeCall

NO_FUNCTION = "Unable to read provided function"
NO_VARIABLE = "Provided variable was not found"


class ChannelRequests:
    """Does what is asked of channels and playbacks.

    Args:
        calls: the calls there were.
        playbacks: the playbacks that are queued or playing, by id.
    """

    def __init__(self, calls: Sequence[FakeCall], playbacks: Mapping[str, FakePlayback]) -> None:
        self._calls = calls
        self._playbacks = playbacks

    def routes(self) -> list[web.RouteDef]:
        """Return what it answers."""
        return [
            web.get("/ari/channels", self._list),
            web.get("/ari/channels/{id}", self._get),
            web.delete("/ari/channels/{id}", self._hang_up),
            web.post("/ari/channels/{id}/play/{playback}", self._play),
            web.post("/ari/channels/{id}/continue", self._continue),
            web.post("/ari/channels/{id}/variable", self._set_variable),
            web.get("/ari/channels/{id}/variable", self._get_variable),
            web.post("/ari/channels/{id}/{what:answer|ring|progress}", self._do),
            web.get("/ari/playbacks/{id}", self._playback),
            web.delete("/ari/playbacks/{id}", self._stop_playback),
        ]

    def _call(self, request: web.Request) -> FakeCall | None:
        return next((call for call in self._calls if call.id == request.match_info["id"] and call.alive), None)

    def _in_stasis(self, request: web.Request) -> FakeCall | web.Response:
        """Return the call, or the answer that it is not here."""
        call = self._call(request)
        if call is None:
            return error(404, NO_CHANNEL)
        return error(409, NOT_IN_STASIS) if call.app is None else call

    async def _list(self, _: web.Request) -> web.Response:
        return web.json_response([call.as_json() for call in self._calls if call.alive])

    async def _get(self, request: web.Request) -> web.Response:
        call = self._call(request)
        return error(404, NO_CHANNEL) if call is None else web.json_response(call.as_json())

    async def _hang_up(self, request: web.Request) -> web.Response:
        call = self._call(request)
        if call is None:
            return error(404, NO_CHANNEL)
        await call.hung_up_by_application(int(request.query.get("reason_code", NORMAL_CLEARING)))
        return web.Response(status=204)

    async def _do(self, request: web.Request) -> web.Response:
        call = self._in_stasis(request)
        if isinstance(call, web.Response):
            return call
        call.done.append(request.match_info["what"])
        return await in_turn(call.answer()) if request.match_info["what"] == "answer" else web.Response(status=204)

    async def _continue(self, request: web.Request) -> web.Response:
        call = self._in_stasis(request)
        if isinstance(call, web.Response):
            return call
        where = request.query
        call.continue_at(where.get("context", ""), where.get("extension", ""), int(where.get("priority", 1)))
        return web.Response(status=204)

    async def _set_variable(self, request: web.Request) -> web.Response:
        call = self._in_stasis(request)
        if isinstance(call, web.Response):
            return call
        given = await request.json()
        return await in_turn(call.set_variable(given["variable"], given["value"]))

    async def _get_variable(self, request: web.Request) -> web.Response:
        name = request.query["variable"]
        if not name:
            return error(400, "Variable name is required")
        call = self._call(request)
        if call is None:
            return error(404, "Provided channel was not found")
        if name not in call.variables:
            is_function = name.endswith(")")
            return error(500, NO_FUNCTION) if is_function else error(404, NO_VARIABLE)
        return web.json_response({"value": call.variables[name]})

    async def _play(self, request: web.Request) -> web.Response:
        call = self._in_stasis(request)
        if isinstance(call, web.Response):
            return call
        media = (await request.json()).get("media")
        if not media:
            return error(500, "Failed to queue media for playback")
        playback = FakePlayback(request.match_info["playback"], media, call.id)
        queued = playback.as_json()
        call.enqueue(playback)
        return web.json_response(queued, status=201)

    async def _playback(self, request: web.Request) -> web.Response:
        playback = self._playbacks.get(request.match_info["id"])
        return error(404, "Playback not found") if playback is None else web.json_response(playback.as_json())

    async def _stop_playback(self, request: web.Request) -> web.Response:
        playback = self._playbacks.get(request.match_info["id"])
        if playback is None or playback.stop.is_set():
            return error(404, "Playback not found")
        playback.stop.set()
        return web.Response(status=204)
