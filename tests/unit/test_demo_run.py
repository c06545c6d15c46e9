"""What `hotline run` tells testers."""

from __future__ import annotations

import io
from types import SimpleNamespace

from rich.console import Console

from hotline.demo.house import accounts
from hotline.demo.run import explain
from hotline.desk import sample_members


def test_all_that_a_tester_types_in_is_shown_whole_on_a_narrow_terminal():
    """On 80 columns, also into a file, no user name, password or number is cut or broken."""
    members = sample_members()
    phones = accounts(members)
    rooms = SimpleNamespace(
        asterisk=SimpleNamespace(site=SimpleNamespace(number="19009068")),
        server="127.0.0.1:10000",
        phones=phones,
        members=members,
    )
    shown = io.StringIO()
    explain(rooms, Console(file=shown, width=80))
    said = shown.getvalue()
    for account in phones:
        assert account.name in said
        assert account.password in said
    for member in members:
        assert member.insurance_number in said
        assert (member.personal_number or "") in said
    assert "…" not in said.replace("baresip …", "")
    assert max(map(len, said.splitlines()[4:-3])) <= 80
