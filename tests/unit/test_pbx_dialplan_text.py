"""The listing of a dialplan, and where its steps go."""

import pytest

from hotline.pbx.dialplan_text import Dialplan, Step, Target, targets

SHOWN = """\
[ Context 'hotline' created by 'pbx_config' ]
  'SUCCESS' =>      1. GotoIf($["${GIVEN_BACK}" = ""]?done)       [extensions.conf:81]
                    2. Goto(${HAND_OVER},1)                       [site/more.conf:9]
     [done]         3. Hangup()                                   [extensions.conf:85]
  '_X.' =>          hint: PJSIP/x                                 [extensions.conf:86]

[ Context 'empty' created by 'pbx_config' ]

-= 1 extensions (3 priorities) in 1 contexts. =-
"""
GLOBALS = "   SOUNDS=/sounds\n   HAND_OVER=broadcast\n\n    -- 2 variable(s)\n"


def test_a_listing_is_read_with_file_and_line():
    """Steps, labels, contexts without steps, and global variables."""
    plan = Dialplan.read(SHOWN, GLOBALS)
    assert plan.contexts == {"hotline", "empty"}
    assert plan.steps[1] == Step("hotline", "SUCCESS", "Goto", "${HAND_OVER},1", "site/more.conf", 9)
    assert len(plan.steps) == 3
    assert plan.globals == {"SOUNDS": "/sounds", "HAND_OVER": "broadcast"}
    assert plan.resolved("${SOUNDS}/vi/${X}") == "/sounds/vi/${X}"


@pytest.mark.parametrize(
    ("application", "arguments", "expected"),
    [
        ("Goto", "done", [("here", "s", "done")]),
        ("Goto", "T,1", [("here", "T", "1")]),
        ("Goto", "other, s ,1", [("other", "s", "1")]),
        ("Goto", "${HAND_OVER},1", [("here", "broadcast", "1")]),
        ("Goto", "${STASISSTATUS},1", []),
        ("Gosub", "other,s,1(a,${B})", []),
        ("Gosub", "other,s,1(a,b)", [("other", "s", "1")]),
        ("GotoIf", '$["${CHANNEL(state)}" = "Up"]?a,s,1:b,next', [("a", "s", "1"), ("here", "b", "next")]),
        ("GotoIf", "$[${IF($[1?2:3]?4:5)}]?yes", [("here", "s", "yes")]),
        ("GotoIf", "${X}?:no", [("here", "s", "no")]),
        ("GotoIfTime", "9:00-17:00,mon-fri,*,*?open,s,1", [("open", "s", "1")]),
        ("Playback", "other,s,1", []),
    ],
)
def test_a_step_goes_where_its_arguments_say(application, arguments, expected):
    """Context and extension are those of the step where it names none; what only a call knows is left out."""
    step = Step("here", "s", application, arguments, "extensions.conf", 1)
    assert list(targets(step, {"HAND_OVER": "broadcast"})) == [Target(*one) for one in expected]
