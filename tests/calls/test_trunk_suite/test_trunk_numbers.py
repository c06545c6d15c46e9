"""Which caller number counts, in INVITEs as carriers, other networks and impostors write them."""

import asyncio
from collections import Counter

import pytest

from hotline.desk import Vault

pytestmark = pytest.mark.asyncio(loop_scope="session")

MEMBER = "+84912345678"
SERVED = "served"
UNASSERTED, WITHHELD, FOREIGN = "caller-unasserted", "caller-withheld", "caller-foreign"
COMPACT = "compact"
"""In place of a header: the INVITE's own headers in their short forms."""

PAI = "P-Asserted-Identity:"
SAME = f"<sip:{MEMBER}@carrier.example>"
OTHER = "<sip:+84987654321@carrier.example>"
OURS = f"{PAI} {SAME}"
FULL_WIDTH = "".join(chr(ord(digit) - ord("0") + 0xFF10) for digit in "0912345678")

CASES = [
    # what the INVITE says             what comes of it, and its headers
    ("international sip", SERVED, OURS),
    ("international tel", SERVED, f"{PAI} <tel:{MEMBER}>"),
    ("bare, without brackets", SERVED, f"{PAI} sip:{MEMBER}@carrier.example"),
    ("national", SERVED, f"{PAI} <sip:0912345678@carrier.example>"),
    ("84 without plus", SERVED, f"{PAI} <sip:84912345678@carrier.example>"),
    ("0084", SERVED, f"{PAI} <sip:0084912345678@carrier.example>"),
    ("escaped plus", SERVED, f"{PAI} <sip:%2B84912345678@carrier.example>"),
    ("visual separators", SERVED, f"{PAI} <tel:+84-(91)-234.5678>"),
    ("user=phone", SERVED, f"{PAI} <sip:{MEMBER}@carrier.example:5060;user=phone;transport=udp>"),
    ("verstat passed", SERVED, f"{PAI} <sip:{MEMBER};verstat=TN-Validation-Passed@carrier.example;user=phone>"),
    ("verstat none", SERVED, f"{PAI} <tel:{MEMBER};verstat=No-TN-Validation>"),
    ("phone-context of the country", SERVED, f"{PAI} <tel:0912345678;phone-context=+84>"),
    ("phone-context of a domain", SERVED, f"{PAI} <tel:0912345678;phone-context=carrier.example>"),
    ("quoted name with traps", SERVED, f'{PAI} "Nguyễn \\"A\\", <sip:+84900000000@x>" <sip:{MEMBER}@carrier.example>'),
    ("name of words", SERVED, f"{PAI} Van A <sip:{MEMBER}@carrier.example>"),
    ("sip and tel, two headers", SERVED, OURS, f"{PAI} <tel:{MEMBER}>"),
    ("sip and tel, one header", SERVED, f"{OURS}, <tel:{MEMBER}>"),
    ("odd case of names", SERVED, f"p-ASSERTED-identity: <SIP:{MEMBER}@CARRIER.example>"),
    ("space before the colon", SERVED, f"P-Asserted-Identity  :   <sip:{MEMBER}@carrier.example>"),
    ("folded line", SERVED, f'{PAI} "Van A"\r\n  <sip:{MEMBER}@carrier.example>'),
    ("short header names", SERVED, COMPACT, OURS),
    ("another From", SERVED, OURS, "From: <sip:+14155552671@elsewhere.example>"),
    ("anonymous From, asserted", SERVED, OURS, 'From: "Anonymous" <sip:anonymous@anonymous.invalid>'),
    ("Privacy: none", SERVED, OURS, "Privacy: none"),
    ("a name with )", SERVED, f'{PAI} "A)" {SAME}'),
    ("a name with (", SERVED, f'{PAI} "A(" {SAME}'),
    ("a name with )(", SERVED, f'{PAI} ") (" {SAME}'),
    ("a name of words in brackets", SERVED, f"{PAI} Cong ty A (HN) {SAME}"),
    ("a name like an argument", SERVED, f'{PAI} ",origin=phone,number=0987654321:):0:9" {SAME}'),
    ("a name like a variable", SERVED, f'{PAI} "${{ORIGIN}} $[1+1] }}]{{[ ${{EVAL(${{PAI2}})}}" {SAME}'),
    ("a name with escapes", SERVED, f'{PAI} "%2C%00%\\\\\\"" {SAME}'),
    ("a name in Latin-1", SERVED, f'{PAI} "Ph\udcf4 \udcff" {SAME}'),
    ("two as long as may be", SERVED, *[f'{PAI} "{"<" * 475}" {SAME}'] * 2, f"Privacy: {';' * 60}none"),
    ("a long name", SERVED, f'{PAI} "{"Nguyễn " * 50}" {SAME}'),
    ("a wide gap", SERVED, f"{PAI} {' ' * 1200}{SAME}{' ' * 1200}"),
    ("400 other headers", SERVED, *(f"X-{number}: a" for number in range(400)), OURS),
    ("parameters behind it", SERVED, f"{OURS};a=b;verstat=TN-Validation-Passed-A"),
    ("national sip and tel", SERVED, f"{PAI} <sip:0912345678@carrier.example>", f"{PAI} <tel:{MEMBER}>"),
    ("nothing", UNASSERTED),
    ("From alone", UNASSERTED, f"From: <sip:{MEMBER}@carrier.example>"),
    ("Remote-Party-ID alone", UNASSERTED, f"Remote-Party-ID: <sip:{MEMBER}@carrier.example>;party=calling;screen=yes"),
    ("P-Preferred-Identity alone", UNASSERTED, f"P-Preferred-Identity: <sip:{MEMBER}@carrier.example>"),
    ("empty", UNASSERTED, f"{PAI} "),
    ("malformed", UNASSERTED, f"{PAI} <sip:{MEMBER}@carrier.example"),
    ("no number", UNASSERTED, f"{PAI} <sip:alice@carrier.example>"),
    ("too short", UNASSERTED, f"{PAI} <tel:113>"),
    ("11 digits of before 2018", UNASSERTED, f"{PAI} <tel:01201234567>"),
    ("nine bare digits", UNASSERTED, f"{PAI} <sip:912345678@carrier.example>"),
    ("nine digits of Andorra", UNASSERTED, f"{PAI} <sip:376312345@carrier.example>"),
    ("a 0 after the country", UNASSERTED, f"{PAI} <sip:+840912345678@carrier.example>"),
    ("a local tel of nowhere", UNASSERTED, f"{PAI} <tel:0912345678>"),
    ("a local tel of 1", UNASSERTED, f"{PAI} <tel:0912345678;phone-context=1>"),
    ("full-width digits", UNASSERTED, f"{PAI} <tel:{FULL_WIDTH}>"),
    ("a suffix to dial on", UNASSERTED, f"{PAI} <tel:0912345678,,123>"),
    ("a password in the address", UNASSERTED, f"{PAI} <sip:{MEMBER}:secret@carrier.example>"),
    ("two headers that differ", UNASSERTED, OURS, f"{PAI} <tel:+84987654321>"),
    ("two in one header that differ", UNASSERTED, f"{OURS}, <sip:+84987654321@carrier.example>"),
    ("three headers", UNASSERTED, OURS, OURS, OURS),
    ("a long tail that hides a second", UNASSERTED, f"{OURS};x={'a' * 2000}, <tel:+84987654321>"),
    ("diverted", UNASSERTED, OURS, "Diversion: <sip:+84987654321@carrier.example>;reason=no-answer"),
    ("retargeted", UNASSERTED, OURS, "History-Info: <sip:+84987654321@carrier.example>;index=1"),
    ("an empty Diversion before it", UNASSERTED, OURS, "Diversion: ", f"Diversion: {OTHER}"),
    ("an empty Diversion", UNASSERTED, OURS, "Diversion:"),
    ("Diversion over 4 kB", UNASSERTED, OURS, f"Diversion: {OTHER};a={'a' * 4060}"),
    ("Diversion of escapes", UNASSERTED, OURS, f"Diversion: {'<' * 1400}"),
    ("Diversion with a bracket", UNASSERTED, OURS, f"Diversion: ) {OTHER}"),
    ("Diversion, dollar", UNASSERTED, OURS, "Diversion: ${X}"),
    ("Diversion in odd case", UNASSERTED, OURS, f"dIVERSION\t\r\n : {OTHER}"),
    ("Diversion by line feed", UNASSERTED, f"{OURS}\nDiversion: {OTHER}"),
    ("Diversion by return", UNASSERTED, f"{OURS}\rDiversion: {OTHER}"),
    ("Diversion after 400", UNASSERTED, OURS, *(f"X-{number}: a" for number in range(400)), f"Diversion: {OTHER}"),
    ("Diversion, one bracket", UNASSERTED, f'{PAI} "A(" {SAME}', f"Diversion: {SAME}"),
    ("an empty History-Info before it", UNASSERTED, OURS, "History-Info: ", f"History-Info: {OTHER};index=1"),
    ("History-Info of 60", UNASSERTED, OURS, f"History-Info: {', '.join([f'{OTHER};index=1'] * 60)}"),
    ("empty ones between", UNASSERTED, OURS, PAI, PAI, f"{PAI} {OTHER}"),
    ("an empty one before", UNASSERTED, PAI, OURS),
    ("an empty one behind", UNASSERTED, OURS, PAI),
    ("300 headers", UNASSERTED, *[OURS] * 300),
    ("three in one header", UNASSERTED, f"{OURS}, {SAME}, {SAME}"),
    ("a second over 4 kB", UNASSERTED, OURS, f"{PAI} {OTHER};a={'a' * 4060}"),
    ("one byte too long", UNASSERTED, f'{PAI} "{"<" * 476}" {SAME}'),
    ("a bracket that hides another", UNASSERTED, f"{OURS};a=), {OTHER}"),
    ("a bracket and a colon", UNASSERTED, f"{OURS};a=):0:38, {OTHER}"),
    ("a backslash that hides another", UNASSERTED, f"{OURS};a=\\, {OTHER}"),
    ("another on the next line", UNASSERTED, f"{OURS},\r\n {OTHER}"),
    ("a Diversion on its line", UNASSERTED, OURS, f"\tDiversion: {OTHER}"),
    ("one within another header", UNASSERTED, f"X-Header: a\r\n {OURS}"),
    ("an argument in From", UNASSERTED, f"From: <sip:x%2Cpai-headers=1%2Cpai1={MEMBER}@carrier.example>"),
    ("Privacy twice", UNASSERTED, OURS, "Privacy: none", "Privacy: id"),
    ("an empty Privacy before it", UNASSERTED, OURS, "Privacy:", "Privacy: id"),
    ("Privacy of 202 bytes", UNASSERTED, OURS, f"Privacy: {'none;' * 40}id"),
    ("Privacy over 4 kB", UNASSERTED, OURS, f"Privacy: {'none;' * 900}id"),
    ("verstat failed, level C", UNASSERTED, f"{PAI} <tel:{MEMBER};verstat=TN-Validation-Failed-C>"),
    ("verstat failed, outside", UNASSERTED, f"{OURS};verstat=TN-Validation-Failed"),
    ("verstat failed", UNASSERTED, f"{PAI} <sip:{MEMBER};verstat=TN-Validation-Failed@carrier.example>"),
    ("Privacy: id", WITHHELD, OURS, "Privacy: id"),
    ("Privacy with a bracket", WITHHELD, OURS, "Privacy: );id"),
    ("all as long as may be", WITHHELD, *[f'{PAI} "{"<" * 475}" {SAME}'] * 2, f"Privacy: {';' * 62}id"),
    ("Privacy: id and none", WITHHELD, OURS, "Privacy: id", "Privacy: none"),
    ("Privacy with more", WITHHELD, OURS, "privacy: user;ID;critical"),
    ("anonymous PAI", WITHHELD, f'{PAI} "Anonymous" <sip:anonymous@anonymous.invalid>'),
    ("anonymous host", WITHHELD, f"{PAI} <sip:{MEMBER}@anonymous.invalid>"),
    ("anonymous From alone", WITHHELD, 'From: "Anonymous" <sip:anonymous@anonymous.invalid>'),
    ("anonymous, odd case", WITHHELD, 'From: "A)" <sip:Anonymous@anonymous.invalid>'),
    ("American", FOREIGN, f"{PAI} <sip:+14155552671@carrier.example>"),
    ("Cambodian by 00", FOREIGN, f"{PAI} <sip:0085512345678@carrier.example>"),
    ("a local number elsewhere, escaped", FOREIGN, f"{PAI} <tel:0912345678;phone-context=%2B855>"),
    ("a local number elsewhere", FOREIGN, f"{PAI} <tel:0912345678;phone-context=+1>"),
]


AT_ONCE = 40
"""Callers who ring at a time."""


async def comes_to(caller, headers):
    """Ring with these headers; return SERVED, or the one sentence heard by who is never answered."""
    caller.invite(*(header for header in headers if header != COMPACT), compact=COMPACT in headers)
    status = await caller.status(first=200)
    if status == 200:
        caller.ack()
        caller.bye()
        return SERVED
    assert status >= 400
    heard = caller.heard()
    assert [one.complete for one in heard] == [True]
    return heard[0].id


@pytest.fixture
def vault(house):
    """The key to which number is which in the records."""
    vault = Vault(house.settings.password)
    yield vault
    vault.close()


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("door", ["ari", "ari-in-turn", "fastagi"], indirect=True)
async def test_only_the_number_the_network_asserts_counts(udp_caller, records, outcomes, vault):
    """Who is asserted as one Vietnamese number is served as that number; all others are told why, before answer."""
    room = asyncio.Semaphore(AT_ONCE)

    async def rings(headers):
        async with room:
            return await comes_to(udp_caller(), headers)

    came_to = await asyncio.gather(*(rings(headers) for _, _, *headers in CASES))
    results = {what: result for (what, *_), result in zip(CASES, came_to, strict=True)}
    assert results == {what: expected for what, expected, *_ in CASES}
    await outcomes(len(CASES))
    served = list(results.values()).count(SERVED)
    recorded = await records.fetch("SELECT caller_hmac, outcome, answered_at IS NULL AS free FROM calls")
    assert Counter(map(tuple, recorded)) == {
        (vault.trace(MEMBER).hmac, "hung-up", False): served,
        (None, "refused", True): len(CASES) - served,
    }


async def test_a_test_phone_is_its_account_whatever_it_asserts(house, service, udp_caller, records, outcomes):
    """A tester's own P-Asserted-Identity counts for nothing, so nobody can ask as somebody else with an account."""
    account = house.phones[1]
    caller = udp_caller("127.0.0.1")
    await caller.authenticated(account.name, account.password, OURS, "Remote-Party-ID: <sip:+84912345678@x>")
    assert await caller.status(first=200) == 200
    caller.ack()
    caller.bye()
    assert await outcomes() == ["hung-up"]
    assert account.number[-3:] != MEMBER[-3:]
    assert await records.fetchval("SELECT caller_masked FROM calls") == "*******" + account.number[-3:]


async def test_a_test_phone_gets_nothing_of_a_real_member(service, ring, records):
    """Also with the phone number of a real member a tester's account is told that the pair does not match."""
    ringer = await ring(1)
    real = "5566778899"
    await records.execute(
        "INSERT INTO members (phone, insurance_number, full_name, is_sample) VALUES ($1, $2, 'real', false)",
        ringer.phone,
        real,
    )
    try:
        await ringer.enter(real + "#")
        await ringer.caller.hears("mismatch")
        assert ringer.caller.digits() == []
    finally:
        await ringer.caller.hang_up()
        await records.execute("DELETE FROM members WHERE insurance_number = $1", real)


@pytest.mark.parametrize("claims", ["trunk", "stranger", "0912345678"])
async def test_who_is_neither_carrier_nor_tester_is_not_let_in(service, udp_caller, records, claims):
    """From an unknown address there is no call at all, whatever it asserts and whomever it claims to be."""
    caller = udp_caller("127.0.0.3")
    caller.invite(OURS, f"From: <sip:{claims}@carrier.example>")
    assert await caller.status() == 401
    assert caller.received == 0
    assert await records.fetchval("SELECT count(*) FROM calls") == 0
