"""The contract with the VssID back end, by a user of the database that has nothing but its three functions."""

from __future__ import annotations

import asyncio
from collections import Counter
from uuid import uuid4

import asyncpg
import pytest
from pydantic import SecretStr

from hotline.desk import CallerNumber, InsuranceNumber, SecretDigits, SignIn, Vault
from hotline.desk.sign_in import change, sign_in
from hotline.records import Database, sign_ins
from hotline.settings import DatabaseSettings, PasswordSettings

PARENT = CallerNumber("+84912345678")
NUMBER = "0123456789"
PERSONAL = "001085012345"
CHILD = "0123456790"
NOBODYS = "9999999999"
OLD = "87654321"
WRONG = "11111111"


@pytest.fixture
async def records(dsn):
    """A connection of the owner."""
    connection = await asyncpg.connect(dsn)
    yield connection
    await connection.close()


@pytest.fixture
async def back_end_dsn(dsn, records):
    """Address of the database for a user in the role of the back end."""
    name = f"vssid_{uuid4().hex}"
    await records.execute(f"CREATE ROLE {name} LOGIN IN ROLE hotline_backend")
    yield dsn.replace("postgres@", f"{name}@")
    await records.execute(f"DROP ROLE {name}")


@pytest.fixture
async def back_end(back_end_dsn):
    """The database as the back end has it."""
    async with Database(DatabaseSettings(dsn=SecretStr(back_end_dsn), time_limit=10)) as opened:
        yield opened


@pytest.fixture
async def sql(back_end_dsn):
    """A bare connection of the back end."""
    connection = await asyncpg.connect(back_end_dsn)
    yield connection
    await connection.close()


@pytest.fixture
def enter(back_end, vault):
    """Sign in as the back end does."""

    async def signing_in(password, number=NUMBER):
        return await sign_in(back_end, vault, number, SecretDigits(password))

    return signing_in


async def later(records, interval):
    """Let time pass: what happened is longer ago."""
    await records.execute(f"UPDATE sign_in_attempts SET at = at - interval '{interval}'")


async def proofs_of(connection, vault, password, number=NUMBER):
    """Hash a password with every salt there is."""
    salts = await sign_ins.salts(connection, number)
    return [await vault.proof(SecretDigits(password), salt.member_id, salt.text, salt.key_id) for salt in salts]


async def heard(desk, *, to_the_end):
    """Re-issue a password by phone; return it."""
    new = await desk.settle(await desk.look_up(PARENT, InsuranceNumber(NUMBER)), f"call-{uuid4()}")
    assert await new.began()
    if to_the_end:
        await new.heard()
    return new.password.reveal()


async def test_a_citizen_signs_in_and_changes_a_reissued_password(enter, back_end, vault, desk):
    """Must change, is changed, and is then their own; the old one is dead; either number opens the account."""
    new = await heard(desk, to_the_end=True)
    assert await enter(new, PERSONAL) is SignIn.OK_MUST_CHANGE
    assert await enter(OLD) is SignIn.REFUSED
    assert not await change(back_end, vault, NUMBER, SecretDigits(OLD), SecretDigits("own choice"))
    assert await change(back_end, vault, NUMBER, SecretDigits(new), SecretDigits("own choice"))
    assert await enter("own choice") is SignIn.OK
    assert await enter(new) is SignIn.REFUSED


async def test_a_pending_password_becomes_active_by_its_first_use(enter, desk, records):
    """Within ten minutes of a reading that began, by the time that the hotline wrote beside it; then it expires."""
    new = await heard(desk, to_the_end=False)
    assert await enter(OLD) is SignIn.OK
    assert await enter(new) is SignIn.OK_MUST_CHANGE
    assert await enter(OLD) is SignIn.REFUSED
    left = "SELECT expires_at - now() BETWEEN '23:59' AND '24:00' FROM passwords WHERE call_id IS NOT NULL"
    assert await records.fetchval(left)
    actors = "SELECT actor FROM audit WHERE action = 'password-active'"
    assert await records.fetchval(actors) == "sign-in"
    await records.execute("UPDATE passwords SET expires_at = now() WHERE call_id IS NOT NULL")
    assert await enter(new) is SignIn.REFUSED


async def test_how_long_a_first_use_may_wait_is_the_hotlines_setting(enter, desk, records):
    """It stands beside the password, so the back end can't have another one."""
    desk._first_use *= 2
    new = await heard(desk, to_the_end=False)
    await records.execute("UPDATE passwords SET reading_began_at = now() - interval '19 min' WHERE call_id IS NOT NULL")
    assert await enter(new) is SignIn.OK_MUST_CHANGE


@pytest.mark.parametrize("number", [NUMBER, PERSONAL, NOBODYS])
async def test_five_wrong_passwords_lock_a_sign_in_for_a_quarter_of_an_hour(enter, records, number):
    """The fifth locks, also of a number of nobody, so it tells nothing; after 15 minutes all is as before."""
    assert [await enter(WRONG, number) for _ in range(5)] == [SignIn.REFUSED] * 4 + [SignIn.LOCKED]
    assert await enter(OLD, number) is SignIn.LOCKED
    await later(records, "14 min 50 s")
    assert await enter(OLD, number) is SignIn.LOCKED
    await later(records, "11 s")
    assert await enter(OLD, number) is (SignIn.REFUSED if number == NOBODYS else SignIn.OK)


async def test_a_lock_is_of_one_account_and_audited_once(enter, records):
    """Another account on the same phone is not concerned; a number of nobody leaves no entry."""
    for number in (NUMBER, PERSONAL, NUMBER, PERSONAL, NUMBER, NUMBER, *[NOBODYS] * 6):
        await enter(WRONG, number)
    assert await enter(OLD, CHILD) is SignIn.OK
    entries = await records.fetch("SELECT actor, detail, member_id FROM audit WHERE action = 'sign-in-locked'")
    member_id = await records.fetchval("SELECT id FROM members WHERE insurance_number = $1", NUMBER)
    assert [tuple(entry.values()) for entry in entries] == [("sign-in", '{"failures": 5}', member_id)]


async def test_wrong_passwords_long_apart_or_before_a_right_one_do_not_lock(enter, records):
    """Four count for 15 minutes, and until the owner signs in."""
    for _ in range(4):
        assert await enter(WRONG) is SignIn.REFUSED
    await later(records, "15 min")
    for _ in range(4):
        assert await enter(WRONG) is SignIn.REFUSED
    assert await enter(OLD) is SignIn.OK
    for _ in range(4):
        assert await enter(WRONG) is SignIn.REFUSED
    assert await enter(OLD) is SignIn.OK


@pytest.mark.parametrize("to_the_end", [True, False])
async def test_who_is_read_a_new_password_is_not_locked_out_of_it(enter, desk, to_the_end):
    """What was tried before, and locked, was about another password; five wrong ones lock again."""
    for _ in range(5):
        await enter(WRONG)
    assert await enter(OLD) is SignIn.LOCKED
    new = await heard(desk, to_the_end=to_the_end)
    assert [await enter(WRONG) for _ in range(4)] == [SignIn.REFUSED] * 4
    assert await enter(new) is SignIn.OK_MUST_CHANGE
    assert [await enter(WRONG) for _ in range(5)][-1] is SignIn.LOCKED


async def test_wrong_passwords_at_the_same_moment_are_all_counted(back_end, sql, vault, quick_vault, records):
    """Of twenty presented at once five are compared; the right one among the others opens nothing."""
    del quick_vault
    wrong = await proofs_of(sql, vault, WRONG)

    async def present(number):
        attempt = uuid4()
        await back_end.insist(lambda connection: sign_ins.present(connection, attempt, number, wrong))
        return await back_end.insist(lambda connection: sign_ins.outcome(connection, attempt))

    for number in (NUMBER, NOBODYS):
        outcomes = Counter(await asyncio.gather(*(present(number) for _ in range(20))))
        assert outcomes == {"refused": 4, "locked": 16}
    assert await records.fetchval("SELECT count(*) FROM sign_in_attempts WHERE locks") == 2


async def test_an_attempt_repeated_counts_once(sql, vault, records):
    """As when the answer to a commit got lost; the same id with anything else is refused."""
    wrong, attempt = await proofs_of(sql, vault, WRONG), uuid4()
    for _ in range(6):
        await sign_ins.present(sql, attempt, NUMBER, wrong)
    assert await sign_ins.outcome(sql, attempt) == "refused"
    assert await records.fetchval("SELECT count(*) FROM sign_in_attempts") == 1
    for number, proofs in ((NUMBER, await proofs_of(sql, vault, OLD)), (CHILD, wrong)):
        with pytest.raises(asyncpg.UniqueViolationError, match="an id of its own"):
            await sign_ins.present(sql, attempt, number, proofs)


async def test_an_outcome_is_told_for_a_minute(sql, vault, records):
    """An old success opens nothing."""
    attempt = uuid4()
    await sign_ins.present(sql, attempt, NUMBER, await proofs_of(sql, vault, OLD))
    assert await sign_ins.outcome(sql, attempt) == "ok"
    await later(records, "61 s")
    with pytest.raises(asyncpg.NoDataFoundError):
        await sign_ins.outcome(sql, attempt)


async def test_who_rolls_back_learns_nothing(sql, vault):
    """A back end whose framework undoes a refused sign-in would not have it counted: then it is not told of either."""
    right, attempt = await proofs_of(sql, vault, OLD), uuid4()
    undone = sql.transaction()
    await undone.start()
    await sign_ins.present(sql, attempt, NUMBER, right)
    await undone.rollback()
    with pytest.raises(asyncpg.NoDataFoundError, match="and committed"):
        await sign_ins.outcome(sql, attempt)


@pytest.mark.parametrize(
    "then",
    [
        sign_ins.outcome,
        lambda sql, _: sign_ins.salts(sql, NUMBER),
        lambda sql, _: sign_ins.present(sql, uuid4(), NUMBER, []),
    ],
)
async def test_nothing_more_is_told_in_the_transaction_of_an_attempt(sql, vault, then):
    """Neither what became of it, nor whether the account is locked by now; nor after a savepoint undid it."""
    wrong, attempt = await proofs_of(sql, vault, WRONG), uuid4()
    for undo in (False, True):
        outer = sql.transaction()
        await outer.start()
        inner = sql.transaction()
        await inner.start()
        await sign_ins.present(sql, attempt, NUMBER, wrong)
        if undo:
            await inner.rollback()
        with pytest.raises(asyncpg.ActiveSQLTransactionError):
            await then(sql, attempt)
        await outer.rollback()


async def test_an_attempt_sees_all_before_it(sql):
    """With an older snapshot it would not, and not count what others presented: so that is refused."""
    with pytest.raises(asyncpg.ActiveSQLTransactionError, match="READ COMMITTED"):
        async with sql.transaction(isolation="repeatable_read"):
            await sign_ins.present(sql, uuid4(), NUMBER, [])


async def test_an_attempt_is_one_guess(sql, vault, desk, records):
    """Two proofs for one salt are refused; with two passwords that might be meant there is one for each."""
    (right,), (wrong,) = await proofs_of(sql, vault, OLD), await proofs_of(sql, vault, WRONG)
    with pytest.raises(asyncpg.InvalidParameterValueError, match="one proof for each salt"):
        await sign_ins.present(sql, uuid4(), NUMBER, [wrong, right])
    await heard(desk, to_the_end=False)
    assert len(await sign_ins.salts(sql, NUMBER)) == 2
    assert await records.fetchval("SELECT count(*) FROM sign_in_attempts") == 0


async def test_a_salt_of_before_is_no_wrong_password(sql, vault, records):
    """Somebody else signing in may have had the hash renewed meanwhile: once more, and nothing is counted."""
    right, attempt = await proofs_of(sql, vault, OLD), uuid4()
    renewed = await vault.hash(SecretDigits(OLD), await records.fetchval("SELECT member_id FROM passwords LIMIT 1"))
    await sign_ins.present(sql, uuid4(), NUMBER, right, purpose="renew", hashed=renewed, key_id="1")
    await sign_ins.present(sql, attempt, NUMBER, right)
    assert await sign_ins.outcome(sql, attempt) == "again"
    assert await records.fetchval("SELECT count(*) FROM sign_in_attempts WHERE outcome = 'refused'") == 0


@pytest.mark.parametrize(
    "given",
    [
        {"purpose": "renew"},
        {"purpose": "anything"},
        {"purpose": "change", "hashed": "in the clear", "key_id": "1"},
        {"hashed": "$argon2id$v=19$m=8,t=1,p=1$" + "a" * 22 + "$" + "a" * 43, "key_id": "1"},
    ],
)
async def test_what_is_no_attempt_is_refused(sql, given):
    """A hash that is none, or that the purpose does not ask for."""
    with pytest.raises(asyncpg.InvalidParameterValueError):
        await sign_ins.present(sql, uuid4(), NUMBER, [], **given)


async def test_no_hash_leaves_the_database(sql, records):
    """The back end gets salts; the last field of a hash, which is the secret of it, is in none of its answers."""
    (salt,) = await sign_ins.salts(sql, NUMBER)
    query = "SELECT hash FROM passwords AS p JOIN members AS m ON m.id = member_id WHERE insurance_number = $1"
    whole, _, secret = (await records.fetchval(query, NUMBER)).rpartition("$")
    assert salt.text == whole
    assert secret not in salt.text


async def test_nobodys_number_is_given_the_same_work(enter, sql, vault, monkeypatch):
    """One hash at the same cost and with the same pepper, whether the account exists, or its password is right."""
    done = []
    proof = vault.proof

    async def noted(password, member_id, salt, key_id):
        done.append((salt.rpartition("$")[0], len(salt), key_id))
        return await proof(password, member_id, salt, key_id)

    monkeypatch.setattr(vault, "proof", noted)
    for password, number in ((OLD, NUMBER), (WRONG, NUMBER), (WRONG, NOBODYS), (WRONG, "no number")):
        await enter(password, number)
    assert len(done) == 4
    assert len(set(done)) == 1
    (one,), (other,) = await sign_ins.salts(sql, NOBODYS), await sign_ins.salts(sql, NOBODYS)
    assert one.text != other.text


async def test_an_empty_register_answers_as_well(sql, records):
    """Before the first password there is a salt at the cost of the day."""
    await records.execute("DELETE FROM passwords")
    (salt,) = await sign_ins.salts(sql, NUMBER)
    assert salt.text.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_attempts_hold_no_number(enter, records):
    """Neither of a member nor of nobody, and none that could be told from a hash by trying all numbers."""
    for number in (NUMBER, NOBODYS):
        await enter(WRONG, number)
    rows = await records.fetch("SELECT t::text AS text, octet_length(subject) AS size FROM sign_in_attempts AS t")
    assert not any(NUMBER in row["text"] or NOBODYS in row["text"] for row in rows)
    assert {row["size"] for row in rows} == {8, 3}


async def test_a_missing_pepper_refuses_and_is_told(back_end):
    """In the same time as any other; what else may be wrong with the back end's set-up is its operator's to see."""
    settings = PasswordSettings(pepper=SecretStr("another pepper of another site altogether"), pepper_key_id="9")
    vault, missed = Vault(settings), []
    vault.on_missing_pepper = missed.append
    assert await sign_in(back_end, vault, NUMBER, SecretDigits(OLD)) is SignIn.REFUSED
    assert missed == ["1"]
    vault.close()
