"""`python -m bench.beside.install`: put the alternatives of `bench.beside` into folders of their own.

They come from whatever registries pip and npm are set up for. Run it where there is a network; the measuring has none.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv

from hotline.settings import CACHE

FOLDER = CACHE / "beside"
ASYNCARI = "asyncari==0.20.6"
ARI_CLIENT = "ari-client@2.2.0"
PYTHON = FOLDER / "asyncari" / "bin" / "python"
NODE_MODULES = FOLDER / "node" / "node_modules"
LIMIT_SECONDS = 300.0


def asyncari() -> str:
    """Install asyncari; return what stands in the way, nothing if it is there."""
    if not PYTHON.exists():
        venv.create(FOLDER / "asyncari", with_pip=True)
    return _run([str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", ASYNCARI])


def ari_client() -> str:
    """Install Node's ari-client; return what stands in the way, nothing if it is there."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        return "node and npm are not installed"
    folder = NODE_MODULES.parent
    folder.mkdir(parents=True, exist_ok=True)
    return _run([npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), ARI_CLIENT])


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as trouble:
        return str(trouble)
    said = (done.stderr.strip() or "no word why").splitlines()
    return "" if done.returncode == 0 else said[-1]


def main() -> None:
    """Install what can be; `bench.beside` leaves out what is not there."""
    for name, install in ((ASYNCARI, asyncari), (ARI_CLIENT, ari_client)):
        trouble = install()
        print(f"{name}: {f'left out, {trouble}' if trouble else 'installed'}", file=sys.stderr)


if __name__ == "__main__":
    main()
