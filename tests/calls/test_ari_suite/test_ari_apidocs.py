"""What the client believes of ARI, against the description that the running Asterisk gives of itself."""

import asyncio
import contextlib
import inspect
import re
import typing
from urllib.parse import unquote

import aiohttp
import msgspec
import pytest
import pytest_asyncio

from hotline.ari import Client, errors, models, operations
from hotline.ari.http import Lane
from hotline.ari.playback import SCHEMES

pytestmark = pytest.mark.asyncio(loop_scope="session")

OPERATIONS = {
    operations.Channels: "channels",
    operations.Playbacks: "playbacks",
    operations.Applications: "applications",
    operations.Events: "events",
    operations.Asterisk: "asterisk",
}
EVENTS = [kind for kind in typing.get_args(models.KnownEvent) if kind is not models.RESTResponse]
# `Caller` is what ARI calls CallerID; `ChannelRef` is a Channel of which only the id is read.
MODELS = {
    models.Caller: "CallerID",
    models.Channel: "Channel",
    models.ChannelRef: "Channel",
    models.Playback: "Playback",
    models.Application: "Application",
    models.Ping: "AsteriskPing",
    **{kind: kind.__name__ for kind in EVENTS},
    models.RESTResponse: "RESTResponse",
}
TYPES = {str: {"string", "Date"}, int: {"int", "long"}, list[str]: {"List[string]"}}
SAMPLES = {
    "media": ["sound:a"],
    "variables": {"a": "b"},
    "disallowed": ["Dial"],
    "priority": 1,
    "reason_code": 16,
    "ring_seconds": 30,
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def docs(real_pbx):
    """The api-docs, as the running Asterisk serves them."""
    described = {}
    async with aiohttp.ClientSession(headers=dict(real_pbx._session.headers)) as session:
        for name in ["channels", "playbacks", "applications", "asterisk", "events"]:
            async with session.get(f"http://127.0.0.1:{real_pbx.port}/ari/api-docs/{name}.json") as answer:
                assert answer.status == 200
                described[name] = await answer.json(content_type=None)
    return described


@pytest.fixture
def described(docs):
    """Every model of every resource, with the properties it inherits."""
    every = {name: model for resource in docs.values() for name, model in resource["models"].items()}
    parents = {child: name for name, model in every.items() for child in model.get("subTypes", ())}

    def properties(name):
        inherited = properties(parents[name]) if name in parents else {}
        return inherited | every[name]["properties"]

    return {name: properties(name) for name in every}


class Recorder:
    """Takes requests in the place of Asterisk and notes what they are."""

    def __init__(self):
        self.sent = []

    async def send(self, method, path, *, query=None, body=None, repeatable=None, lane=Lane.QUICK):
        self.sent.append((method, path, dict(query or {}), dict(body or {}), lane))
        return b"{}"


async def request_of(group, name):
    """Call an operation with every parameter it has; return the request it makes, ids in braces."""
    recorder = Recorder()
    operation = getattr(group(recorder), name)
    given = {
        parameter: SAMPLES.get(parameter, f"<{parameter}>") for parameter in inspect.signature(operation).parameters
    }
    with contextlib.suppress(errors.ConnectionLost):  # the recorder's answer is none
        await operation(**given)
    method, path, query, body, lane = recorder.sent[0]
    camel = lambda found: "{" + re.sub("_(.)", lambda part: part[1].upper(), found[1]) + "}"  # noqa: E731
    return method, re.sub("<(.+?)>", camel, unquote(path)), query, body, lane


def operations_of(group):
    """The names of a group's operations."""
    return [name for name, thing in vars(group).items() if inspect.iscoroutinefunction(thing)]


EACH = [(group, name) for group in OPERATIONS for name in operations_of(group)]


@pytest.mark.parametrize(("group", "name"), EACH, ids=[f"{OPERATIONS[group]}.{name}" for group, name in EACH])
async def test_an_operation_is_as_described(docs, group, name):
    """An operation has ARI's name, method and path; its parameters exist, and those required are sent."""
    method, path, query, body, _ = await request_of(group, name)
    found = [
        operation
        for api in docs[OPERATIONS[group]]["apis"]
        if api["path"] == path
        for operation in api["operations"]
        if operation["httpMethod"] == method
    ]
    assert len(found) == 1, f"{method} {path} is not described"
    nickname = re.sub("([A-Z])", r"_\1", found[0]["nickname"]).lower()
    assert name == nickname
    parameters = {
        parameter["name"]: parameter for parameter in found[0].get("parameters", []) if parameter["paramType"] != "path"
    }
    in_body = {given for given, parameter in parameters.items() if parameter["paramType"] == "body"}
    # A JSON body may hold what is described as query; `eventFilter` takes the object itself.
    sent = set(query) | ({"filter"} if "disallowed" in body else set(body))
    assert sent <= set(parameters)
    assert not set(query) & in_body
    assert {given for given, parameter in parameters.items() if parameter.get("required")} <= sent


async def test_every_error_described_has_a_meaning(docs):
    """Each status that an operation may answer with, as described, becomes an error on purpose, not by default."""
    described = {
        int(error["code"])
        for group, name in EACH
        for api in docs[OPERATIONS[group]]["apis"]
        for operation in api["operations"]
        if re.sub("([A-Z])", r"_\1", operation["nickname"]).lower() == name
        for error in operation.get("errorResponses", [])
    }
    assert described <= set(errors._BY_STATUS)


@pytest.mark.parametrize("model", MODELS, ids=[model.__name__ for model in MODELS])
async def test_a_struct_is_as_described(described, model):
    """Every field of a struct is a property of ARI's model and of its type; one without a default is required there."""
    properties = described[MODELS[model]]
    for field in msgspec.structs.fields(model):
        about = properties.get(field.encode_name)
        assert about is not None, f"ARI's {MODELS[model]} has no {field.encode_name}"
        assert about["type"] in TYPES.get(field.type, {MODELS.get(field.type)}), field.encode_name
        if field.required:
            assert about["required"], f"{field.encode_name} may be missing"


async def test_every_struct_is_compared():
    """No struct that is decoded from Asterisk is left out of the comparison."""
    own = {models.Event, models.UnknownEvent}
    structs = {
        thing for thing in vars(models).values() if isinstance(thing, type) and issubclass(thing, msgspec.Struct)
    }
    assert structs - {msgspec.Struct} == set(MODELS) | own


async def test_every_event_is_used_or_filtered(docs):
    """An event type that Asterisk has and the client neither uses nor filters out, or the other way round, is drift."""
    used = {kind.__name__ for kind in typing.get_args(models.KnownEvent)}
    assert used | set(models.UNUSED_EVENTS) == set(docs["events"]["models"]["Event"]["subTypes"])


async def test_the_schemes_are_those_it_plays(real_pbx, app):
    """Of the media schemes, which the description does not name, Asterisk plays those that the client lets pass."""
    async with Client(f"http://127.0.0.1:{real_pbx.port}", "hotline", "correct-horse-battery", app) as client:

        async def handler(stay):
            await stay.answer()
            for scheme in [*sorted(SCHEMES - {"tone"}), "bogus", "tone"]:  # a tone has no end
                await client.channels.play_with_id(stay.channel.id, f"{app}-{scheme}", [f"{scheme}:0"])
            await over.wait()

        over = asyncio.Event()
        running = asyncio.create_task(client.run(handler))
        await asyncio.wait_for(client.connected.wait(), 3)
        call = await real_pbx.incoming(app, [], "", None)
        await call.playing("tone:0", limit_seconds=5)
        over.set()
        await call.over()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    log = real_pbx.asterisk.log.read_text()
    assert re.findall(r"to play URI '(\w+):0' on channel .* scheme is unsupported", log) == ["bogus"]


async def test_each_operation_goes_its_lane():
    """What Asterisk merely queues goes over the socket; what may wait at Asterisk goes where nothing else does."""
    lanes = {lane: {name for group, name in EACH if (await request_of(group, name))[4] is lane} for lane in Lane}
    assert lanes[Lane.QUEUED] == {
        *("ring", "progress", "hangup", "continue_in_dialplan", "play_with_id", "stop"),
        *("user_event", "claim_channel"),
    }
    assert lanes[Lane.WAITING] == {"answer", "set_channel_var", "originate_with_id"}
