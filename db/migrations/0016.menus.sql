-- depends: 0004.calls 0011.roles

-- The menu's versions and drafts, each with its full text, by whom, when and why. Rows are only ever added: the newest counts.

CREATE TABLE menu_versions (
    number       integer PRIMARY KEY CHECK (number > 0),
    at           timestamptz NOT NULL,
    deed         text NOT NULL CHECK (deed IN ('publish', 'rollback', 'emergency', 'branch8')),
    published_by text NOT NULL,
    login        text NOT NULL,
    why          text NOT NULL,
    body         text NOT NULL,
    sha256       bytea NOT NULL
);

COMMENT ON TABLE menu_versions IS 'published menus; callers hear the one with the highest number';
COMMENT ON COLUMN menu_versions.login IS 'login of Postgres, as Postgres knows it';

CREATE TABLE menu_drafts (
    number         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at             timestamptz NOT NULL,
    drafted_by     text NOT NULL,
    login          text NOT NULL,
    why            text NOT NULL,
    body           text,
    sha256         bytea,
    based_on       integer NOT NULL CHECK (based_on >= 0),
    testers_masked text[] NOT NULL DEFAULT '{}',
    testers_hmac   bytea[] NOT NULL DEFAULT '{}',
    CHECK (array_length(testers_masked, 1) IS NOT DISTINCT FROM array_length(testers_hmac, 1))
);

COMMENT ON TABLE menu_drafts IS 'menus that only testers hear; the newest counts, and there is none if that has no body';
COMMENT ON COLUMN menu_drafts.based_on IS 'number of the version that was live; 0 if none was published';
COMMENT ON COLUMN menu_drafts.testers_hmac IS 'keyed hashes of the numbers whose calls hear it';

-- When, by which login and which text is not for the program to say.
CREATE FUNCTION keep_menu() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.at := clock_timestamp();
    NEW.login := session_user;
    NEW.sha256 := sha256(convert_to(NEW.body, 'UTF8'));
    RETURN NEW;
END
$$;

CREATE TRIGGER menu_versions_are_kept BEFORE INSERT ON menu_versions FOR EACH ROW EXECUTE FUNCTION keep_menu();
CREATE TRIGGER menu_drafts_are_kept BEFORE INSERT ON menu_drafts FOR EACH ROW EXECUTE FUNCTION keep_menu();

CREATE FUNCTION refuse_menu_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'menus are only ever added' USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER menu_versions_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON menu_versions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_menu_change();
CREATE TRIGGER menu_drafts_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON menu_drafts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_menu_change();

-- Every process of the service listens, and looks when told; it is told when the transaction is committed.
CREATE FUNCTION tell_of_menu() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('hotline_menu', '');
    RETURN NULL;
END
$$;

CREATE TRIGGER menu_versions_are_told AFTER INSERT ON menu_versions FOR EACH STATEMENT EXECUTE FUNCTION tell_of_menu();
CREATE TRIGGER menu_drafts_are_told AFTER INSERT ON menu_drafts FOR EACH STATEMENT EXECUTE FUNCTION tell_of_menu();

REVOKE ALL ON FUNCTION keep_menu(), refuse_menu_change(), tell_of_menu() FROM PUBLIC;

GRANT SELECT ON menu_versions, menu_drafts TO hotline_app, hotline_operator;
GRANT INSERT (number, deed, published_by, why, body) ON menu_versions TO hotline_operator;
GRANT INSERT (drafted_by, why, body, based_on, testers_masked, testers_hmac) ON menu_drafts TO hotline_operator;

-- Which menu a caller had.
ALTER TABLE calls ADD COLUMN menu text;

COMMENT ON COLUMN calls.menu IS 'number of the published version, "file" where none was, or "draft"; null: before there were any';

GRANT SELECT (menu) ON calls TO hotline_reporter;
