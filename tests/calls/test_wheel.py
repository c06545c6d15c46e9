"""The wheel, in an environment that has nothing but it and what it asks for."""

import asyncio
import contextlib
import importlib.metadata
import os
import subprocess
import sys
import venv
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from packaging.requirements import Requirement

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("wheel")]

ROOT = Path(__file__).parents[2]


def needs(distribution, extras=frozenset()):
    """Yield what a distribution asks for, with these of its extras: name and extras of each."""
    for need in map(Requirement, distribution.requires or ()):
        if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in {"", *extras}):
            yield need.name, frozenset(need.extras)


def all_needs(distribution):
    """Return the distributions that this one asks for, and those that they ask for, as they are in our environment."""
    found, to_find = {}, list(needs(distribution))
    while to_find:
        name, extras = to_find.pop()
        if (name, extras) not in found:
            found[name, extras] = importlib.metadata.distribution(name)
            to_find += needs(found[name, extras], extras)
    return found.values()


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """A new virtual environment with the wheel, built just now; what it asks for is linked to, not fetched again."""
    folder = tmp_path_factory.mktemp("fresh")
    build = ["hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run([sys.executable, "-m", *build], cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv", symlinks=True)
    install = ["--python", str(folder / "venv/bin/python"), "install", "--no-index", "--no-deps", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *install], check=True, capture_output=True)
    (packages,) = folder.glob("venv/lib/python*/site-packages")
    (installed,) = importlib.metadata.distributions(name="vssid-hotline", path=[str(packages)])
    for distribution in all_needs(installed):
        for top in {file.parts[0] for file in distribution.files} - {"..", "__pycache__"}:
            with contextlib.suppress(FileExistsError):  # two extras of one
                (packages / top).symlink_to(distribution.locate_file(top))
    return folder


@pytest.fixture
def hotline(fresh):
    """Start the installed command far from the checkout, with these settings alone."""
    environment = {"HOME": str(fresh), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "COLUMNS": "200"}

    async def start(*arguments, **settings):
        return await asyncio.create_subprocess_exec(
            str(fresh / "venv/bin/hotline"),
            *arguments,
            cwd=fresh,
            env=environment | settings,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    return start


@pytest.fixture
def run(hotline):
    """Run the installed command to its end; return what it printed."""

    async def to_its_end(*arguments, **settings):
        process = await hotline(*arguments, **settings)
        printed, complaint = await process.communicate()
        assert process.returncode == 0, complaint.decode()
        return printed.decode()

    return to_its_end


@pytest_asyncio.fixture(loop_scope="session")
async def empty_database(records, house):
    """Address of a database with nothing in it."""
    await records.execute("CREATE DATABASE fresh")
    yield house.settings.database.dsn.get_secret_value().replace("/postgres?", "/fresh?")
    await records.execute("DROP DATABASE fresh")


async def test_what_it_brings_is_whole(run, empty_database, fresh, house):
    """Help, settings, menu, migrations and the voice work far from a checkout; the prompts are the same."""
    assert "serve" in await run("--help")
    assert "#HOTLINE_DATABASE__DSN=" in await run("settings", "list")
    await run("menu", "check")
    assert "applied 0001" in await run("records", "migrate", HOTLINE_DATABASE__DSN=empty_database)
    connection = await asyncpg.connect(empty_database)
    assert await connection.fetchval("SELECT count(*) FROM members") == 0
    await connection.close()
    await run("sounds", "build")
    built = fresh / ".cache/vssid-hotline/sounds/vi"
    ours = house.settings.voice.sounds / "vi"
    assert {path.name: path.read_bytes() for path in ours.glob("*.alaw")} == {
        path.name: path.read_bytes() for path in built.glob("*.alaw")
    }


async def test_it_serves_a_call(hotline, house, ring, outcomes, desk):
    """Somebody rings, and what they hear signs in."""
    settings = house.settings
    serving = await hotline(
        "serve",
        HOTLINE_CALL__TEST_PHONES="true",
        HOTLINE_ARI__URL=settings.ari.url,
        HOTLINE_ARI__PASSWORD=settings.ari.password.get_secret_value(),
        HOTLINE_DATABASE__DSN=settings.database.dsn.get_secret_value(),
        HOTLINE_PASSWORD__PEPPER=settings.password.pepper.get_secret_value(),
        HOTLINE_VOICE__SECRETS=str(settings.voice.secrets),
        HOTLINE_VOICE__SOUNDS=str(settings.voice.sounds),
    )
    try:
        async with asyncio.timeout(30):
            while b"service_ready" not in (said := await serving.stderr.readline()):
                assert said, "it ended"
        ringer = await ring(2)
        await ringer.enter(ringer.number + "#")
        await ringer.caller.hears("repeat-password", within=20)
        await ringer.caller.hang_up()
        assert await outcomes() == ["reissued"]
        serving.terminate()
        assert await asyncio.wait_for(serving.wait(), 10) == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            serving.kill()
        await serving.communicate()
