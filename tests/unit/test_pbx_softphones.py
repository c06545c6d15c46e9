"""What a tester sets in a softphone."""

from xml.etree import ElementTree as ET

from hotline.pbx import PhoneAccount
from hotline.pbx.softphones import REALM, Softphone
from hotline.settings import SHARE

PHONE = Softphone(PhoneAccount("lan", "abcdefgh23456789", "+84912345678"), "192.0.2.5", 5060)


def test_linphone_gets_an_account_that_registers():
    """Server, identity and password stand in the sections that Linphone reads, in its namespace."""
    config = ET.fromstring(PHONE.linphone())
    space = "{http://www.linphone.org/xsds/lpconfig.xsd}"
    assert config.tag == f"{space}config"
    values = {
        (section.get("name"), entry.get("name")): entry.text
        for section in config.iter(f"{space}section")
        for entry in section.iter(f"{space}entry")
    }
    assert values["proxy_0", "reg_proxy"] == "<sip:192.0.2.5:5060;transport=udp>"
    assert values["proxy_0", "reg_identity"] == "sip:lan@192.0.2.5"
    assert (values["auth_info_0", "username"], values["auth_info_0", "passwd"]) == ("lan", "abcdefgh23456789")
    assert values["auth_info_0", "realm"] == REALM


def test_the_realm_is_the_switchboards():
    """A phone that is told another realm does not answer the challenge."""
    assert f"default_realm = {REALM}\n" in (SHARE / "dialplan" / "pjsip.conf").read_text()


def test_baresip_gets_one_line():
    """With A-law alone, and without registering."""
    assert PHONE.baresip() == (
        "<sip:lan@192.0.2.5:5060;transport=udp>;auth_user=lan;auth_pass=abcdefgh23456789;audio_codecs=PCMA;regint=0"
    )


def test_a_password_is_not_in_a_repr():
    """Where a phone is shown by mistake, its password is not."""
    assert "abcdefgh" not in repr(PHONE)
