"""The dashboard and the alert rules ask for figures that exist, and each alert leads to a section of the runbook."""

import json
import re
import shutil
import subprocess

import pytest

from hotline.console import Meters, Vitals
from hotline.console.textfile import canary_figures
from hotline.settings import SHARE

MONITORING = SHARE / "docs" / "monitoring"
ALERTS = MONITORING / "alerts.yaml"
TEXT = ALERTS.read_text(encoding="utf-8") if ALERTS.exists() else ""
RULES = re.split(r"^ +- alert: ", TEXT, flags=re.MULTILINE)[1:]
NAMES = [rule.splitlines()[0] for rule in RULES]


@pytest.fixture(scope="module")
def figures():
    """The names of all figures there are, and of what a histogram is made of."""
    meters = Meters()
    meters.vitals = Vitals(
        doors={"ari": True},
        draining=False,
        calls=0,
        calls_at_once=1,
        connections=0,
        transactions_waiting=0,
        hashes=0,
        hashes_waiting=0,
        entries_waiting=0,
        prompts_missing=0,
        limits_hit={"hashes": 1},
        alarms_open={"line-unsafe": 1},
    )
    names = {"up"}  # Prometheus's own: whether it got an answer
    canary = canary_figures(success=True, seconds={"call": 1.0})
    for family in [*meters.registry.collect(), *canary.collect()]:
        kinds = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(family.type, ("",))
        names |= {family.name + kind for kind in kinds}
    return names


def asked_for(expression):
    """Return the names of figures in an expression."""
    return set(re.findall(r"\b(?:hotline|process)_[a-z_]+|\bup\b", expression))


def test_each_alert_asks_for_figures_that_exist(figures):
    """A rule on a misspelt name would never fire."""
    expressions = re.findall(r"^ +expr: (.+)$", TEXT, re.MULTILINE)
    assert len(expressions) == len(NAMES)
    for expression in expressions:
        assert asked_for(expression), expression
        assert asked_for(expression) <= figures, expression


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_each_alert_has_a_line_in_the_runbook(rule):
    """Who is woken is told in one line where to read on, and there is a section of that name."""
    name = rule.splitlines()[0]
    page, _, heading = re.search(r"runbook: (\S+)", rule)[1].partition("#")
    assert heading == name.lower()
    assert re.search(rf"^## {name}$", (SHARE / page).read_text(encoding="utf-8"), re.MULTILINE)
    assert re.search(r"severity: (page|ticket)$", rule, re.MULTILINE)


def test_each_panel_of_the_dashboard_asks_for_figures_that_exist(figures):
    """An empty panel is taken for a quiet night."""
    board = json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8"))
    expressions = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    for expression in expressions:
        assert asked_for(expression), expression
        assert asked_for(expression) <= figures, expression
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_takes_the_rules():
    """Prometheus itself finds no fault with them."""
    checked = subprocess.run(["promtool", "check", "rules", ALERTS], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
