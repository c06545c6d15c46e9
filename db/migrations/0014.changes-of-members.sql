-- depends: 0007.lifts-and-alarms 0008.member-changes 0011.roles

-- Members change while calls go on, and nobody is the second person of what they did themselves.

-- A new password locks its member's row against changes of a key, and a key is every column of a unique index that is
-- not partial. Now that the index is partial, an import that fills personal numbers in holds up no call.
CREATE UNIQUE INDEX members_by_personal_number ON members (personal_number) WHERE personal_number IS NOT NULL;
ALTER TABLE members DROP CONSTRAINT members_personal_number_key;

-- Passwords of a member are issued one after another under an advisory lock, no more under that of the member's row.
REVOKE UPDATE (created_at) ON members FROM hotline_app;

-- Logins of Postgres that are one person's own; whoever administers the server grants it to them (docs/operator.md).
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'hotline_person') THEN
        BEGIN
            CREATE ROLE hotline_person NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END IF;
END
$$;

-- Of those from before nobody knows who made them: they wait for their time.
ALTER TABLE phone_changes ADD COLUMN changer_known boolean NOT NULL DEFAULT false,
                          ADD COLUMN changer_login text,
                          ADD COLUMN approver_login text;

COMMENT ON COLUMN phone_changes.changer IS 'the person behind the name: who had logged in to the machine';
COMMENT ON COLUMN phone_changes.changer_known IS 'false if that may be anybody: root, a service; then nobody can approve';
COMMENT ON COLUMN phone_changes.changer_login IS 'login of Postgres, as Postgres knows it';

CREATE FUNCTION keep_two_persons() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.changer_login := session_user;
        NEW.approved_at := NULL;
        NEW.approved_by := NULL;
        NEW.approver := NULL;
        RETURN NEW;
    END IF;
    IF OLD.approver IS NOT NULL
        OR (NEW.id, NEW.member_id, NEW.at, NEW.old_masked, NEW.new_masked, NEW.held_until,
            NEW.changed_by, NEW.changer, NEW.changer_known, NEW.changer_login, NEW.why)
        IS DISTINCT FROM
           (OLD.id, OLD.member_id, OLD.at, OLD.old_masked, OLD.new_masked, OLD.held_until,
            OLD.changed_by, OLD.changer, OLD.changer_known, OLD.changer_login, OLD.why)
    THEN
        RAISE EXCEPTION 'a phone change is approved once, and nothing else of it changes' USING ERRCODE = 'check_violation';
    END IF;
    NEW.approver_login := session_user;
    IF NOT OLD.changer_known OR NEW.approver = OLD.changer
        OR NEW.approver_login = OLD.changer_login AND EXISTS (
            SELECT FROM pg_catalog.pg_auth_members AS grants
            JOIN pg_catalog.pg_roles AS kind ON kind.oid = grants.roleid
            JOIN pg_catalog.pg_roles AS login ON login.oid = grants.member
            WHERE kind.rolname = 'hotline_person' AND login.rolname = session_user)
    THEN
        RAISE EXCEPTION 'a second person must approve a phone change' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;

REVOKE ALL ON FUNCTION keep_two_persons() FROM PUBLIC;

CREATE TRIGGER phone_changes_have_two_persons BEFORE INSERT OR UPDATE ON phone_changes
    FOR EACH ROW EXECUTE FUNCTION keep_two_persons();

GRANT INSERT (changer_known) ON phone_changes TO hotline_operator;

ALTER TABLE alarms ADD COLUMN causers text[] NOT NULL DEFAULT '{}',
                   ADD COLUMN acknowledger text,
                   ADD CHECK (acknowledger <> ALL (causers)),
                   ADD CHECK (acknowledged_at IS NULL OR causers = '{}' OR acknowledger IS NOT NULL);

COMMENT ON COLUMN alarms.causers IS 'persons whose deeds it is about; none of them may acknowledge it';

GRANT INSERT (causers), UPDATE (causers) ON alarms TO hotline_app, hotline_operator;
GRANT UPDATE (acknowledger) ON alarms TO hotline_operator;
