-- depends: 0006.once 0007.lifts-and-alarms 0008.member-changes 0009.days

-- Who may do what. Group roles that nobody signs in with: the operator grants them to users (docs/operator.md). The owner of
-- the tables, the migrator, may do everything, so nothing that runs day by day is its member.

-- Roles are of the whole server: another database of it may have made them, or be making them at this moment.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY[
        'hotline_app', 'hotline_backend', 'hotline_operator', 'hotline_reporter', 'hotline_retention'
    ] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
    END LOOP;
END
$$;

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;

-- Everybody may find out which schema this is.
GRANT SELECT (migration_id) ON _yoyo_migration
    TO hotline_app, hotline_backend, hotline_operator, hotline_reporter, hotline_retention;

-- The service that takes calls. It makes hashes, but reads none.

GRANT SELECT (id, phone, insurance_number, personal_number, phone_held_until, is_sample) ON members TO hotline_app;
-- Locking a row asks for the right to change something of it; this column says nothing to anybody.
GRANT UPDATE (created_at) ON members TO hotline_app;
GRANT SELECT (id, ordinal, member_id, call_id, state, key_id, created_at, reading_began_at, activated_at, replaced_at,
              expires_at, changed_at, used_at),
      INSERT (id, member_id, call_id, state, hash, key_id),
      UPDATE (state, reading_began_at, activated_at, replaced_at, expires_at)
    ON passwords TO hotline_app;
GRANT SELECT, INSERT (finding_id, call_id, caller_masked, caller_hmac, number_masked, number_hmac, outcome)
    ON attempts TO hotline_app;
GRANT SELECT ON lifts TO hotline_app;
GRANT SELECT, INSERT (kind, subject_masked, subject_hmac, first_seen, last_seen, count), UPDATE (last_seen, count)
    ON alarms TO hotline_app;
GRANT SELECT, INSERT, UPDATE ON calls TO hotline_app;
-- Not the time either: an entry is of the moment at which it is added.
GRANT INSERT (actor, action, member_id, call_id, detail) ON audit TO hotline_app;

-- People at a terminal: members, limits, alarms, peppers, calls. Each deed leaves an entry they can't take back.

GRANT SELECT, INSERT (phone, insurance_number, personal_number, full_name, email),
      UPDATE (phone, personal_number, full_name, email, phone_held_until)
    ON members TO hotline_operator;
GRANT SELECT, INSERT (member_id, old_masked, new_masked, held_until, changed_by, changer, why),
      UPDATE (approved_at, approved_by, approver)
    ON phone_changes TO hotline_operator;
GRANT SELECT (id, ordinal, member_id, call_id, state, key_id, created_at, reading_began_at, activated_at, replaced_at,
              expires_at, changed_at, used_at)
    ON passwords TO hotline_operator;
GRANT SELECT ON attempts, calls, call_days, step_days TO hotline_operator;
GRANT SELECT, INSERT (subject, masked, hmac, last_attempt, lifted_by, why) ON lifts TO hotline_operator;
GRANT SELECT, INSERT (kind, subject_masked, subject_hmac, first_seen, last_seen, count),
      UPDATE (last_seen, count, acknowledged_at, acknowledged_by, acknowledged_why)
    ON alarms TO hotline_operator;
GRANT INSERT (actor, action, member_id, call_id, detail) ON audit TO hotline_operator;

-- Whoever wants to know about calls: masked ones, and days. Not by whom, not even as a keyed hash.

GRANT SELECT (id, started_at, answered_at, ended_at, outcome, steps, billed_minutes, price, caller_masked)
    ON calls TO hotline_reporter;
GRANT SELECT ON call_days, step_days TO hotline_reporter;

-- The daily job that deletes what is older than it may be kept.

GRANT SELECT, DELETE ON calls, attempts, lifts, alarms, phone_changes TO hotline_retention;
GRANT SELECT (id, state, created_at, replaced_at), DELETE ON passwords TO hotline_retention;
GRANT SELECT ON call_steps TO hotline_retention;
GRANT SELECT, INSERT, UPDATE ON daily_calls, daily_steps TO hotline_retention;
