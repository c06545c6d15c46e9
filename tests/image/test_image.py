"""The container image, without a container engine: both roles started from it, and a call between them."""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from pydantic import SecretStr

from hotline.demo.house import accounts, back_end, move_in
from hotline.desk import SignIn, sample_members
from hotline.pbx import Ports, Site
from hotline.phone import Caller, Ear, Softphone
from hotline.prompts import Library, Script
from hotline.records import EmbeddedPostgres
from hotline.settings import SCRIPT, Settings

IMAGE = os.environ.get("IMAGE", "")
USER = 10001
NUMBER = "19009068"

pytestmark = [
    pytest.mark.skipif(not IMAGE or shutil.which("buildah") is None, reason="`make image-test` builds an image for it"),
    pytest.mark.asyncio(loop_scope="session"),
]


class Container:
    """A container made of the image; what is run in it shares this test's network and process ids."""

    def __init__(self, volumes):
        self._name = subprocess.check_output(["buildah", "from", "--pull-never", IMAGE], text=True).strip()
        self._options = [f"--volume={outside}:{inside}" for outside, inside in volumes.items()]
        self._running = []

    def command(self, *words, environment=None):
        """Return the command line that runs `words` in it, as the user of the image."""
        settings = [f"--env={name}={value}" for name, value in (environment or {}).items()]
        return [
            "buildah",
            "run",
            "--isolation=chroot",
            "--network=host",
            *self._options,
            *settings,
            self._name,
            "--",
            *words,
        ]

    async def start(self, *words, **environment):
        """Start a role; its output can be read."""
        process = await asyncio.create_subprocess_exec(
            *self.command(*words, environment=environment),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        self._running.append(process)
        return process

    async def run(self, *words, **environment):
        """Run a command to its end; return exit status and what it printed."""
        process = await self.start(*words, **environment)
        printed, _ = await process.communicate()
        return process.returncode, printed.decode()

    async def close(self):
        """End all that runs in it, and remove it."""
        for process in self._running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        await (
            await asyncio.create_subprocess_exec("buildah", "rm", self._name, stdout=asyncio.subprocess.DEVNULL)
        ).wait()


@pytest_asyncio.fixture(loop_scope="session")
async def container():
    """Make containers of the image, gone after the test."""
    async with contextlib.AsyncExitStack() as stack:

        def make(volumes=None):
            made = Container(volumes or {})
            stack.push_async_callback(made.close)
            return made

        yield make


@pytest_asyncio.fixture(loop_scope="session")
async def postgres():
    """A database, by TCP as another container's would be."""
    with tempfile.TemporaryDirectory(prefix="hotline-pg-", dir="/dev/shm") as folder:
        async with EmbeddedPostgres(Path(folder)) as server:
            socket = Path(parse_qs(urlsplit(server.dsn).query)["host"][0]) / ".s.PGSQL.5432"

            async def pass_on(reader, writer):
                back, forth = await asyncio.open_unix_connection(socket)
                await asyncio.gather(_pipe(reader, forth), _pipe(back, writer), return_exceptions=True)

            door = await asyncio.start_server(pass_on, "127.0.0.1", 0)
            port = door.sockets[0].getsockname()[1]
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres?sslmode=disable"
            door.close()


async def _pipe(source, sink):
    with contextlib.suppress(OSError):
        while data := await source.read(65536):
            sink.write(data)
    sink.close()


@dataclass(frozen=True)
class Folders:
    site: Path
    keys: Path
    spoken: Path
    sounds: Path


@pytest.fixture
def folders():
    """What compose.yaml mounts: the site, the secrets of the application, the tmpfs for spoken passwords."""
    with tempfile.TemporaryDirectory(prefix="hotline-image-", dir="/dev/shm") as folder:
        Path(folder).chmod(0o755)
        made = Folders(*(Path(folder) / name for name in ("site", "keys", "spoken", "sounds")))
        for path in (made.site, made.keys, made.spoken, made.sounds):
            path.mkdir(mode=0o700)
            os.chown(path, USER, USER)
        yield made


async def until(printed, process):
    """Read what `process` prints, up to a line with `printed`; return it."""
    said = b""
    async with asyncio.timeout(40):
        while printed not in said:
            line = await process.stdout.readline()
            assert line, said.decode()
            said += line
    return said


async def well(container):
    """Wait until the image's own look says that a role is well."""
    async with asyncio.timeout(40):
        while (await container.run("health"))[0] != 0:
            await asyncio.sleep(0.3)


async def test_what_is_in_it(container):
    """Asterisk 22, commands and prompts, for a user who may change none of it; no example's password, no pip."""
    box = container()
    bins = "/opt/vssid-hotline/bin"
    sounds = "/var/lib/vssid-hotline/sounds/vi"
    status, printed = await box.run("sh", "-c", f"id -u; asterisk -V; hotline menu check; ls {bins} {sounds}")
    assert status == 0, printed
    assert printed.startswith(f"{USER}\nAsterisk 22.")
    assert "menu.alaw" in printed
    assert "pip" not in printed
    for forbidden in (
        "grep -r change-me /etc/asterisk",
        "touch /etc/asterisk/x",
        f"touch {bins}/x",
        f"touch {sounds}/x",
    ):
        assert (await box.run("sh", "-c", forbidden))[0] != 0


async def prepare(box, dsn):
    """Make the schema, and take a copy of the prompts: another version of the engine speaks them differently."""
    for command in (["hotline", "records", "migrate"], ["cp", "-r", "/var/lib/vssid-hotline/sounds/.", "/out"]):
        status, printed = await box.run(*command, HOTLINE_DATABASE__DSN=dsn)
        assert status == 0, printed


async def test_a_call_from_one_role_to_the_other(container, postgres, folders):
    """Both roles come up and say that they are well; somebody rings, and what they hear signs in."""
    async with contextlib.AsyncExitStack() as stack:
        settings = Settings.load()
        settings.database.dsn = SecretStr(postgres)
        settings.password.pepper = SecretStr(secrets.token_urlsafe(32))
        await prepare(container({folders.sounds: "/out"}), postgres)
        library = Library.open(folders.sounds, Script.load(SCRIPT))
        await move_in(settings)
        ports = stack.enter_context(Ports.claim("127.0.0.1"))
        member = sample_members()[0]
        phones = accounts([member])
        site = Site(
            **ports.for_site(),
            ari_password=secrets.token_urlsafe(24),
            sounds=Path("/var/lib/vssid-hotline/sounds"),
            secrets=Path("/run/vssid-hotline/spoken"),
            phones=phones,
        )
        site.write(folders.site)
        for name, secret in {"pepper": settings.password.pepper.get_secret_value(), "ari": site.ari_password}.items():
            (folders.keys / name).write_text(secret)
            (folders.keys / name).chmod(0o400)
        for file in (*folders.site.iterdir(), *folders.keys.iterdir()):
            os.chown(file, USER, USER)

        spoken = {folders.spoken: "/run/vssid-hotline/spoken"}
        pbx = container({folders.site: "/etc/asterisk/site", **spoken})
        switchboard = await pbx.start("asterisk", "-f")
        await well(pbx)
        app = container({folders.keys: "/run/keys", **spoken})
        serving = await app.start(
            "hotline",
            "serve",
            HOTLINE_ARI__URL=f"http://127.0.0.1:{ports.http}",
            HOTLINE_ARI__PASSWORD_FILE="/run/keys/ari",
            HOTLINE_PASSWORD__PEPPER_FILE="/run/keys/pepper",
            HOTLINE_DATABASE__DSN=postgres,
            HOTLINE_CALL__TEST_PHONES="true",
        )
        await until(b"service_ready", serving)
        await well(app)

        last = site.rtp_last
        phone = Softphone(
            phones[0].name, phones[0].password, f"127.0.0.1:{ports.sip}", run_dir=folders.site.parent / "phone",
            sip_port=last - 11, rtp_ports=(last - 9, last),
        )  # fmt: skip
        async with phone, Caller(phone, Ear(library, library)) as caller:
            await caller.dial(NUMBER)
            await caller.hears("menu", within=15)
            await caller.press("8")
            await caller.hears("ask-number")
            await caller.press(f"{member.insurance_number}#")
            await caller.hears("after-reading", within=40)
            await caller.hang_up()
            heard = caller.digits()
        assert len(heard) == 2
        async with back_end(settings) as desk:
            assert await desk.sign_in(member.insurance_number, heard[0]) is SignIn.OK_MUST_CHANGE

        assert switchboard.returncode is None
        await pbx.run("asterisk", "-rx", "core stop now")
        said = (await switchboard.communicate())[0].decode()
        assert "NOTICE[" in said, "its log is not to be seen from outside"
        assert heard[0] not in said
