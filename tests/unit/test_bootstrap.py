"""Setting a machine up: who is refused and how, what is done again and what is not, what progress looks like."""

import importlib.util
import re
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def bootstrap(monkeypatch):
    """The script as a module, writing to no terminal and installing nothing by accident."""
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "bootstrap.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "bootstrap", module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "install_packages", lambda missing: pytest.fail(f"would install {missing}"))
    return module


@pytest.fixture
def checkout(bootstrap, monkeypatch, tmp_path):
    """A checkout with a lock of two packages, an environment's folder, and a list of what was done to it."""
    for name, path in (
        ("ROOT", "."),
        ("LOCK", "lock"),
        ("PROJECT", "project"),
        ("VENV", ".venv"),
        ("STAMP", ".venv/.ready"),
    ):
        monkeypatch.setattr(bootstrap, name, tmp_path / path)
    (tmp_path / "lock").write_text("one==1 \\\n    --hash=sha256:00\ntwo==2 \\\n    --hash=sha256:00\n")
    (tmp_path / "project").write_text("[project]")
    (tmp_path / ".venv").mkdir()
    bootstrap.done = []
    monkeypatch.setattr(bootstrap, "make_environment", lambda: bootstrap.done.append("packages"))
    monkeypatch.setattr(bootstrap, "install_project", lambda: bootstrap.done.append("project"))
    return tmp_path


@pytest.mark.parametrize(
    "release",
    [
        'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm',
        'ID=debian\nVERSION_ID="13.1"',
        'PRETTY_NAME="Debian GNU/Linux forky/sid"\nID=debian\nVERSION_CODENAME=forky',
        "ID='debian'\n# a comment\nVERSION_CODENAME=sid\n",
    ],
)
def test_debian_from_12_on(bootstrap, release):
    """Debian 12, newer ones and those without a number yet are accepted."""
    bootstrap.check_system(release, has_mirror=False)


@pytest.mark.parametrize(
    ("release", "has_mirror"),
    [
        ('PRETTY_NAME="Debian GNU/Linux 11"\nID=debian\nVERSION_ID="11"', True),
        ('PRETTY_NAME="Ubuntu 24.04"\nID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"', False),
        ('PRETTY_NAME="Fedora Linux 43"\nID=fedora\nVERSION_ID=43', True),
        ("", False),
    ],
)
def test_other_systems(bootstrap, release, has_mirror):
    """Any other system is refused in one line that names the container image and the setting."""
    with pytest.raises(bootstrap.CannotRunHere) as refused:
        bootstrap.check_system(release, has_mirror=has_mirror)
    assert refused.value.status == 2
    assert "\n" not in str(refused.value)
    assert "Dockerfile" in str(refused.value)
    assert "HOTLINE_DEBIAN_MIRROR" in str(refused.value)


def test_relative_of_debian_with_a_mirror(bootstrap):
    """A relative of Debian is accepted once a Debian mirror is named."""
    bootstrap.check_system('ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID="22"', has_mirror=True)


@pytest.mark.parametrize("version", [(3, 7), (3, 10), (3, 15)])
def test_python_out_of_range(bootstrap, version):
    """A Python that is too old or too new is refused in one line that says which are good."""
    with pytest.raises(bootstrap.CannotRunHere, match=r"^Python 3\.11 to 3\.14 is needed.*$"):
        bootstrap.check_python(version)


def test_refusal_on_the_command_line(bootstrap, monkeypatch, capsys, tmp_path):
    """On a foreign system the command writes one line to standard error, nothing else, and exits with 2."""
    (tmp_path / "os-release").write_text("ID=arch\nPRETTY_NAME=Arch")
    monkeypatch.setattr(bootstrap, "OS_RELEASE", tmp_path / "os-release")
    assert bootstrap.main([]) == 2
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err.count("\n") == 1
    assert "this is Arch" in written.err


def test_neither_root_nor_sudo(bootstrap, monkeypatch):
    """Without root and sudo one line says what root has to type."""
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(bootstrap.shutil, "which", lambda _: None)
    with pytest.raises(bootstrap.CannotRunHere, match=r"^Only root .* apt-get install .*bubblewrap sip-tester$"):
        bootstrap.as_root(["bubblewrap", "sip-tester"])


def test_missing_packages(bootstrap, monkeypatch):
    """Missing is what dpkg does not know or has not fully installed."""
    monkeypatch.setattr(bootstrap, "output_of", lambda *_: "bubblewrap installed\nmmdebstrap half-configured\n")
    assert bootstrap.missing_packages(["bubblewrap", "mmdebstrap", "baresip-core"]) == ["mmdebstrap", "baresip-core"]


@pytest.mark.parametrize(
    ("printed", "wants_root_file_system"),
    [("", True), ("Asterisk 20.6.0", True), ("Asterisk 22.10.1~dfsg", False), ("Asterisk certified-22.8", False)],
)
def test_asterisk_of_the_machine(bootstrap, monkeypatch, printed, wants_root_file_system):
    """A machine with Asterisk 22 or newer needs nothing to make a private one with."""
    monkeypatch.setattr(bootstrap, "output_of", lambda *_: printed)
    assert ("mmdebstrap" in bootstrap.needed_packages((3, 11), is_root=True)) is wants_root_file_system


@pytest.mark.parametrize(
    ("line", "share"),
    [
        ("dlstatus:1:50.0:Retrieving file 1 of 2", 0.25),
        ("pmstatus:baresip-core:amd64:0:x", None),
        ("pmstatus:baresip-core:50.0:Unpacking baresip-core", 0.75),
        ("E: Unable to locate package nothing", None),
    ],
)
def test_apt_status(bootstrap, line, share):
    """A status line of apt is a share of the whole work; any other line is output."""
    assert bootstrap.apt_share(line) == share


def test_pip_progress(bootstrap, tmp_path):
    """Each package counts once when fetched and once when installed; what was there before does not count."""
    (tmp_path / "pip-1.dist-info").mkdir()
    pip = bootstrap.PipProgress(2, tmp_path)
    assert pip.seen("Collecting one==1")
    assert pip.share == 0.25
    assert not pip.seen("ERROR: no matching distribution")
    (tmp_path / "one-1.dist-info").mkdir()
    assert pip.share == 0.5


def test_nothing_is_done_twice(bootstrap, checkout):
    """The second run finds everything done."""
    assert bootstrap.prepare_environment()
    assert not bootstrap.prepare_environment()
    assert bootstrap.done == ["packages", "project"]


@pytest.mark.parametrize(("changed", "again"), [("lock", ["packages", "project"]), ("project", ["project"])])
def test_a_change_redoes_what_it_touches(bootstrap, checkout, changed, again):
    """A new lock makes the environment anew, a new project file only installs the project again."""
    bootstrap.prepare_environment()
    bootstrap.done.clear()
    (checkout / changed).write_text("three==3")
    assert bootstrap.prepare_environment()
    assert bootstrap.done == again


def test_an_interrupted_installation_is_redone(bootstrap, checkout, monkeypatch):
    """What was interrupted half-way is made again, what was finished before it is not."""

    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(bootstrap, "make_environment", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bootstrap.prepare_environment()
    monkeypatch.setattr(bootstrap, "make_environment", lambda: bootstrap.done.append("packages"))
    monkeypatch.setattr(bootstrap, "install_project", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bootstrap.prepare_environment()
    monkeypatch.setattr(bootstrap, "install_project", lambda: bootstrap.done.append("project"))
    bootstrap.prepare_environment()
    assert bootstrap.done == ["packages", "project"]


def test_a_failing_command_is_quoted(bootstrap):
    """A step that fails shows the command's last output, without its lines about progress."""
    script = "print('progress 1'); print('disk full'); raise SystemExit(3)"
    with pytest.raises(bootstrap.StepFailed) as failed:
        bootstrap.follow("Filling the disk", [sys.executable, "-c", script], lambda line: line.startswith("progress"))
    assert failed.value.status == 1
    assert (
        str(failed.value) == "Filling the disk failed. Its last words:\n    disk full\nPut that right and run it again."
    )


def test_a_broken_network_is_explained(bootstrap):
    """When the output speaks of the network the message says what to check."""
    failed = bootstrap.StepFailed("apt-get update", ["E: Temporary failure resolving 'example.org'"])
    assert bootstrap.NETWORK_ADVICE in str(failed)


def test_a_program_that_is_not_there(bootstrap):
    """A command that cannot be started is a failed step, not a traceback."""
    with pytest.raises(bootstrap.StepFailed, match="No such file"):
        bootstrap.follow("Starting it", ["/nonexistent/program"])


def test_a_log_stays_short(bootstrap, capsys):
    """Away from a terminal a step of a thousand parts writes five lines, with percent."""
    with bootstrap.Bar("Step") as bar:
        for part in range(1001):
            bar.show(part / 1000)
    written = capsys.readouterr().out
    assert re.fullmatch(r"Step: 0 %\nStep: 25 %\nStep: 50 %\nStep: 75 %\nStep: done in \d+ s\n", written)


def test_a_terminal_gets_one_line(bootstrap, monkeypatch, capsys):
    """On a terminal the bar redraws one line and leaves only that the step is done."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    with bootstrap.Bar("Step") as bar:
        bar.show(0.5)
    written = capsys.readouterr().out
    assert written.count("\n") == 1
    assert "\r\x1b[KStep [###############---------------]  50 %" in written


def locked(lock):
    """Return what a lock says of each package: version and hashes."""
    entries = re.split(r"\n(?=[a-z0-9])", re.sub(r"^#.*\n", "", lock, flags=re.MULTILINE).strip())
    return {re.match(r"([a-z0-9-]+)==\S+", entry)[1]: entry for entry in entries}


def test_the_lock_is_whole():
    """Every package is pinned with a hash, no line names a server, and all the set-up installs is there."""
    lock = (ROOT / "requirements.lock").read_text()
    pinned = locked(lock)
    assert all("--hash=sha256:" in entry for entry in pinned.values())
    assert "://" not in lock
    assert "--index" not in lock
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [*project["build-system"]["requires"], "editables", *project["project"]["dependencies"]]
    extras = project["project"]["optional-dependencies"]
    asked += extras["demo"] + extras["dev"]
    assert {re.match(r"[A-Za-z0-9-]+", need)[0].lower() for need in asked} <= set(pinned)
    beside = [need for extra in extras.keys() - {"demo", "dev"} for need in extras[extra]]
    assert all("==" in need for need in beside), "what is installed by hand is one version"


def test_a_server_gets_what_was_tested():
    """Its lock has what the package needs, in the versions that the tests run with, and no tool of developers."""
    tested = locked((ROOT / "requirements.lock").read_text())
    server = locked((ROOT / "deploy" / "requirements.lock").read_text())
    assert server.items() <= tested.items()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {re.match(r"[A-Za-z0-9-]+", need)[0].lower() for need in project["dependencies"]}
    tools = {re.match(r"[A-Za-z0-9-]+", need)[0].lower() for need in project["optional-dependencies"]["dev"]}
    assert needed <= set(server)
    assert not tools & set(server)
