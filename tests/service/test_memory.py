"""A crash of the service leaves nothing of its memory behind."""

import signal
import subprocess
import sys

CRASH = """
import ctypes, os, resource
from hotline.memory import never_dump
resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
never_dump()
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), *resource.getrlimit(resource.RLIMIT_CORE), flush=True)
os.abort()
"""


def test_a_crash_writes_no_core_file(tmp_path):
    """The process is not dumpable (PR_GET_DUMPABLE), its limit is nought and can't be raised again; nothing is left."""
    crashed = subprocess.run([sys.executable, "-c", CRASH], cwd=tmp_path, capture_output=True, check=False, text=True)
    assert crashed.returncode == -signal.SIGABRT
    assert crashed.stdout == "0 0 0\n"
    assert list(tmp_path.iterdir()) == []
