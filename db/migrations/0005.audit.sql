-- What was done to whose account, by whom. Rows are only ever added.

CREATE TABLE audit (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL DEFAULT now(),
    actor     text NOT NULL,
    action    text NOT NULL,
    member_id bigint,
    call_id   text,
    detail    jsonb NOT NULL DEFAULT '{}'
);

COMMENT ON COLUMN audit.member_id IS 'no foreign key: the trail outlives the member';

CREATE INDEX audit_by_member ON audit (member_id, at);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of the audit trail are only ever added' USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
