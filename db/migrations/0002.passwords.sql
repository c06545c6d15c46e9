-- depends: 0001.members

-- Every password an account has or had, as a hash. A row is one password's life:
-- pending -> active -> replaced, or pending -> replaced when a newer one became active first.

CREATE TABLE passwords (
    id               uuid PRIMARY KEY,
    ordinal          bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    member_id        bigint NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    call_id          text,
    state            text NOT NULL CHECK (state IN ('pending', 'active', 'replaced')),
    hash             text NOT NULL,
    key_id           text NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    reading_began_at timestamptz,
    activated_at     timestamptz,
    replaced_at      timestamptz,
    expires_at       timestamptz,
    changed_at       timestamptz,
    CHECK (state <> 'pending' OR activated_at IS NULL),
    CHECK (state <> 'active' OR activated_at IS NOT NULL),
    CHECK ((state = 'replaced') = (replaced_at IS NOT NULL))
);

COMMENT ON COLUMN passwords.ordinal IS 'order of issue within an account: the newest wins';
COMMENT ON COLUMN passwords.call_id IS 'the call it was issued in; null for one the owner brought along. No foreign key: a call may go unrecorded';
COMMENT ON COLUMN passwords.key_id IS 'name of the pepper that its hash was made with';
COMMENT ON COLUMN passwords.expires_at IS 'set when it becomes active; null once it is the owner''s own';
COMMENT ON COLUMN passwords.changed_at IS 'when the owner completed the change to it: from then on it is their own';

CREATE UNIQUE INDEX passwords_one_active_a_member ON passwords (member_id) WHERE state = 'active';
CREATE UNIQUE INDEX passwords_one_read_a_call ON passwords (call_id) WHERE reading_began_at IS NOT NULL;
CREATE INDEX passwords_by_member ON passwords (member_id, created_at);
CREATE INDEX passwords_by_call ON passwords (call_id);
