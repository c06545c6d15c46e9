"""The roles of the database: each can do its job, tried by doing it, and nothing beyond."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest
from pydantic import SecretStr

from hotline.desk import (
    Activation,
    CallerNumber,
    CallRecord,
    Desk,
    InsuranceNumber,
    Ledger,
    OperatorDesk,
    Reason,
    ReissuedTooOften,
)
from hotline.members import Refused, Register, export_members, import_members, parsed
from hotline.records import (
    Database,
    EmbeddedPostgres,
    MigrationFailed,
    NotPermitted,
    bulk_transaction,
    migrate,
    retention,
    schema,
)
from hotline.records.alarms import put
from hotline.reports import CallBook, Period, summary
from hotline.reports.period import today
from hotline.settings import DatabaseSettings, LimitSettings

PARENT = CallerNumber("+84912345678")
STRANGER = CallerNumber("+84977777777")
NUMBER = InsuranceNumber("0123456789")
ROLES = ("hotline_app", "hotline_backend", "hotline_operator", "hotline_reporter", "hotline_retention")
WHY = Reason("Lan", "a test", "lan")

# r: read, a: add, w: change, d: delete; of some columns or all.
MAY = {
    "hotline_app": {
        "members": "r", "passwords": "raw", "attempts": "ra", "lifts": "r", "alarms": "raw", "calls": "raw",
        "audit": "a", "peppers": "ra", "menu_versions": "r", "menu_drafts": "r",
    },
    "hotline_backend": {},
    "hotline_operator": {
        "members": "raw", "phone_changes": "raw", "passwords": "r", "attempts": "r", "lifts": "ra", "alarms": "raw",
        "calls": "r", "call_days": "r", "step_days": "r", "audit": "a",
        "menu_versions": "ra", "menu_drafts": "ra", "peppers": "r",
    },
    "hotline_reporter": {"calls": "r", "call_days": "r", "step_days": "r"},
    "hotline_retention": {
        "calls": "rd", "attempts": "rd", "lifts": "rd", "alarms": "rd", "phone_changes": "rd", "passwords": "rd",
        "sign_in_attempts": "rd", "call_steps": "r", "daily_calls": "raw", "daily_steps": "raw",
    },
}  # fmt: skip

HASHES = ("SELECT hash FROM passwords", "SELECT * FROM passwords")
TRAIL = (
    "SELECT FROM audit",
    "UPDATE audit SET actor = 'nobody'",
    "DELETE FROM audit",
    "TRUNCATE audit",
    "INSERT INTO audit (at, actor, action) VALUES (now() - interval '1 day', 'x', 'x')",
    "ALTER TABLE audit DISABLE TRIGGER audit_is_append_only",
    "DROP TABLE audit",
)
MAY_NOT = {
    "hotline_app": (
        *HASHES,
        *TRAIL,
        "SELECT full_name FROM members",
        "SELECT email FROM members",
        "UPDATE members SET phone = '+84977777777'",
        "UPDATE members SET phone_held_until = NULL",
        "UPDATE members SET is_sample = true",
        "INSERT INTO members (phone, insurance_number, full_name) VALUES ('+84977777777', '1234567890', 'x')",
        "DELETE FROM members",
        "UPDATE passwords SET hash = 'x'",
        "UPDATE passwords SET member_id = 1",
        "UPDATE passwords SET changed_at = now()",
        "INSERT INTO passwords (id, member_id, state, hash, key_id, changed_at) VALUES (NULL, 1, '', '', '', now())",
        "DELETE FROM passwords",
        "UPDATE attempts SET outcome = 'matched'",
        "DELETE FROM attempts",
        "INSERT INTO lifts (subject, masked, hmac, lifted_by, why) VALUES ('caller', '', '', 'x', 'x')",
        "UPDATE alarms SET acknowledged_at = now()",
        "DELETE FROM alarms",
        "SELECT FROM phone_changes",
        "DELETE FROM calls",
        "UPDATE peppers SET fingerprint = ''",
        "DELETE FROM peppers",
        "INSERT INTO menu_versions (number, deed, published_by, why, body) VALUES (1, 'publish', 'x', 'x', 'x')",
        "INSERT INTO menu_drafts (drafted_by, why, based_on) VALUES ('x', 'x', 0)",
        "CREATE TABLE mine ()",
        "SET ROLE hotline_operator",
        "UPDATE _yoyo_migration SET migration_id = 'x'",
    ),
    "hotline_backend": (
        *HASHES,
        *TRAIL,
        "SELECT id FROM members",
        "SELECT id FROM passwords",
        "SELECT FROM attempts",
        "SELECT FROM calls",
        "INSERT INTO audit (actor, action) VALUES ('x', 'x')",
        "CREATE TABLE mine ()",
    ),
    "hotline_operator": (
        *HASHES,
        *TRAIL,
        "UPDATE passwords SET state = 'active'",
        "INSERT INTO passwords (id, member_id, state, hash, key_id) VALUES (gen_random_uuid(), 1, 'pending', 'x', '1')",
        "INSERT INTO peppers (key_id, fingerprint) VALUES ('1', '')",
        "DELETE FROM passwords",
        "DELETE FROM members",
        "UPDATE members SET insurance_number = '1234567890'",
        "UPDATE members SET is_sample = true",
        "DELETE FROM attempts",
        "DELETE FROM lifts",
        "UPDATE phone_changes SET changer = 'x'",
        "DELETE FROM phone_changes",
        "DELETE FROM alarms",
        "UPDATE menu_versions SET body = 'x'",
        "DELETE FROM menu_versions",
        "INSERT INTO menu_versions (number, at) VALUES (1, now())",
        "INSERT INTO menu_versions (number, login) VALUES (1, '')",
        "UPDATE menu_drafts SET testers_hmac = '{}'",
        "DELETE FROM menu_drafts",
        "CREATE TABLE mine ()",
    ),
    "hotline_reporter": (
        *HASHES,
        *TRAIL,
        "SELECT id FROM members",
        "SELECT id FROM passwords",
        "SELECT caller_hmac FROM calls",
        "SELECT * FROM calls",
        "SELECT FROM attempts",
        "SELECT FROM menu_versions",
        "SELECT FROM menu_drafts",
        "UPDATE calls SET price = 0",
        "DELETE FROM calls",
        "INSERT INTO audit (actor, action) VALUES ('x', 'x')",
    ),
    "hotline_retention": (
        *HASHES,
        *TRAIL,
        "SELECT id FROM members",
        "DELETE FROM members",
        "UPDATE passwords SET state = 'active'",
        "UPDATE calls SET price = 0",
        "INSERT INTO audit (actor, action) VALUES ('x', 'x')",
    ),
}


@pytest.fixture
async def login(dsn):
    """Make users of the database, each in one of the roles and nothing else; return the settings to come as one."""
    owner = await asyncpg.connect(dsn)
    made = []

    async def user_of(role):
        name = f"user_{uuid4().hex}"
        await owner.execute(f"CREATE ROLE {name} LOGIN IN ROLE {role}")
        made.append(name)
        return DatabaseSettings(dsn=SecretStr(dsn.replace("postgres@", f"{name}@")))

    yield user_of
    for name in made:
        await owner.execute(f"DROP ROLE {name}")
    await owner.close()


@pytest.fixture
async def records(dsn):
    """A connection of the owner."""
    connection = await asyncpg.connect(dsn)
    yield connection
    await connection.close()


@pytest.mark.parametrize("role", ROLES)
async def test_nobody_may_do_what_is_not_their_job(login, role):
    """Each statement of the list is refused by Postgres, whatever the program."""
    user = await asyncpg.connect((await login(role)).dsn.get_secret_value())
    for statement in MAY_NOT[role]:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await user.execute(statement)
    await user.close()


@pytest.mark.parametrize("role", ROLES)
async def test_the_rights_are_exactly_these(records, role):
    """Table by table: no role has come by a right that nobody decided on."""
    rows = await records.fetch(
        """
        SELECT relname, letter FROM pg_class, (
            VALUES ('r', 'SELECT'), ('a', 'INSERT'), ('w', 'UPDATE'), ('d', 'DELETE'), ('D', 'TRUNCATE'),
                   ('x', 'REFERENCES'), ('t', 'TRIGGER')
        ) AS rights (letter, name)
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v') AND relname !~ '^_?yoyo'
          AND CASE WHEN letter ~ '[dDt]' THEN has_table_privilege($1, oid, name)
                   ELSE has_any_column_privilege($1, oid, name) END
        """,
        role,
    )
    found = {}
    for row in rows:
        found.setdefault(row["relname"], set()).add(row["letter"])
    assert found == {table: set(letters) for table, letters in MAY[role].items()}


async def test_the_functions_of_the_sign_in_are_the_back_ends_alone(records):
    """Nobody else may call any function of the schema; and it none but the three of the contract."""
    query = """
        SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        AND has_function_privilege($1, oid, 'EXECUTE') ORDER BY proname
    """
    may = {role: [row["proname"] for row in await records.fetch(query, role)] for role in ROLES}
    backend = ["vssid_sign_in_outcome", "vssid_sign_in_present", "vssid_sign_in_salts"]
    assert may == {role: [] for role in ROLES} | {"hotline_backend": backend}
    definers = "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef"
    assert sorted(row["proname"] for row in await records.fetch(definers)) == backend
    loose = f"{definers} AND NOT 'search_path=pg_catalog, pg_temp' = ANY (proconfig)"
    assert await records.fetch(loose) == []


async def test_the_service_takes_calls_as_its_own_user(login, vault, password_settings, records):
    """From the schema's check to the call's end: match, mismatch, limits, alarms, records, a new password heard."""
    async with Database(await login("hotline_app")) as database:
        await schema.require_current(database)
        desk = Desk(database, vault, password_settings, LimitSettings())
        await desk.require_known_peppers()
        desk.look_for_missing_peppers()
        await desk.admit(PARENT)
        for nth in range(3):
            new = await desk.settle(await desk.look_up(PARENT, NUMBER), f"call-{nth}")
            assert await new.began()
            assert await new.heard() is Activation.ACTIVE
        with pytest.raises(ReissuedTooOften):
            await desk.settle(await desk.look_up(PARENT, NUMBER), "call-3")
        for nth in range(6):
            assert await desk.settle(await desk.look_up(STRANGER, InsuranceNumber(f"999999999{nth}")), "call") is None
        await desk._alarms._work
        await desk.close()
        now = datetime.now(UTC)
        ledger = Ledger(database, vault, price_per_minute=1000)
        for outcome in (None, "reissued"):
            await ledger.write(CallRecord("call-1", now, now, now, outcome, [("menu", 1.0)], PARENT))
    assert await records.fetchval("SELECT outcome FROM calls") == "reissued"
    assert await records.fetchval("SELECT kind FROM alarms") == "caller-tried-many-numbers"
    assert await records.fetchval("SELECT count(*) FROM audit WHERE action = 'password-active'") == 3


async def test_operators_do_their_work_as_their_own_user(login, vault, tmp_path, records):
    """Members in and out, one by one and by file, a phone approved, a limit lifted, an alarm acknowledged, peppers."""
    settings = await login("hotline_operator")
    hold = timedelta(hours=72)
    file = tmp_path / "members.csv"
    file.write_text("phone,insurance_number,personal_number,full_name,email\n0987000001,1000000001,,Trần Thị Một,\n")
    trace = vault.trace(STRANGER.e164)
    await records.execute(
        "INSERT INTO attempts (call_id, caller_masked, caller_hmac, number_masked, number_hmac, outcome) "
        "VALUES ('call', $1, $2, '', '', 'mismatched')",
        trace.masked,
        trace.hmac,
    )
    alarm = await put(records, "calls-failed-often", trace, 1, window=hold)
    with Refused(tmp_path / "refused.csv") as refused:
        await import_members(settings, file, WHY, refused=refused, hold=hold)
        file.write_text(file.read_text().replace("0987000001", "0987000002"))
        await import_members(settings, file, WHY, refused=refused, hold=hold)
    assert await export_members(settings, tmp_path / "all.csv", WHY) == 1
    async with Database(settings) as database:
        register = Register(database, vault, hold)
        row = {"phone": "0987000003", "insurance_number": "1000000002", "full_name": "Lê Văn Hai"}
        await register.add(parsed(row | {"personal_number": "", "email": ""}), WHY)
        for field, value in {"phone": "0987000004", "email": "hai@example.com", "full_name": "Lê Hai"}.items():
            await register.change("1000000002", field, value, WHY)
        (first, _) = await register.held()
        await register.approve(first.id, Reason("Minh", "saw the form", "minh"))
        desk = OperatorDesk(database, vault)
        assert (await desk.lift("caller", STRANGER.e164, WHY)).failures_day == 1
        await desk.standing("number", NUMBER.digits)
        await desk.acknowledge(alarm, WHY)
        assert await desk.peppers()
        assert await CallBook(database, vault).listed(caller=PARENT.e164) == []


async def test_reporters_see_calls_and_sums_as_their_own_user(login, vault, database):
    """Masked, and not by their caller."""
    now = datetime.now(UTC)
    await Ledger(database, vault, price_per_minute=1000).write(CallRecord("one", now, now, now, "reissued", (), PARENT))
    async with Database(await login("hotline_reporter")) as reporters:
        (listed,) = await CallBook(reporters).listed()
        assert listed.caller == "*******678"
        day = (now + timedelta(hours=7)).date()
        assert (await summary(reporters, Period.of("month", day))).outcomes[0].calls == 1
        with pytest.raises(NotPermitted, match=r"calls.*docs/operator\.md"):
            await CallBook(reporters, vault).listed(caller=PARENT.e164)


async def test_old_rows_are_deleted_as_a_user_of_its_own(login, vault, database):
    """The daily job leaves the sums."""
    long_ago = datetime.now(UTC) - timedelta(days=100)
    call = CallRecord("old", long_ago, long_ago, long_ago, "reissued", (), PARENT)
    await Ledger(database, vault, price_per_minute=1000).write(call)
    async with bulk_transaction(await login("hotline_retention")) as connection:
        assert (await retention.clean(connection, retention.cutoff(today(), 90))).calls == 1


async def test_a_bulk_job_without_its_role_says_so(login):
    """In one line that names the table and the page."""
    with pytest.raises(NotPermitted, match=r"calls.*docs/operator\.md"):
        async with bulk_transaction(await login("hotline_reporter")) as connection:
            await retention.clean(connection, retention.cutoff(today(), 90))


async def test_databases_of_one_server_share_the_roles(tmp_path):
    """Made by the first, also when several are migrated at once, by owners who are no superusers."""
    async with EmbeddedPostgres(tmp_path) as postgres:
        owner = await asyncpg.connect(postgres.dsn)
        await owner.execute("CREATE ROLE powerless LOGIN; CREATE ROLE migrator LOGIN CREATEROLE")
        for name in ("one", "two", "three", "four"):
            await owner.execute(f"CREATE DATABASE {name} OWNER {'powerless' if name == 'four' else 'migrator'}")
        four = postgres.dsn_of("four").replace("postgres@", "powerless@")
        with pytest.raises(MigrationFailed, match=r"0011\.roles: permission denied to create role.*docs/operator\.md"):
            await migrate(four)
        applied = await asyncio.gather(
            *(migrate(postgres.dsn_of(name).replace("postgres@", "migrator@")) for name in ("one", "two", "three"))
        )
        assert all("0011.roles" in names for names in applied)
        assert "0011.roles" in await migrate(four)
        roles = await owner.fetch("SELECT rolname FROM pg_roles WHERE rolname LIKE 'hotline%' AND NOT rolcanlogin")
        assert {row["rolname"] for row in roles} == {*ROLES, "hotline_person"}
        await owner.close()
