-- depends: 0001.members 0005.audit

-- Members come by import or one by one, and change. A changed phone number is the way to take an account over, so it
-- cannot be used for a re-issue for a while, unless a second person approves it.

ALTER TABLE members ADD COLUMN phone_held_until timestamptz;

COMMENT ON COLUMN members.phone_held_until IS 'until then the phone matches nobody; null once it is approved';

CREATE INDEX members_by_phone ON members (phone);

CREATE TABLE phone_changes (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id   bigint NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    at          timestamptz NOT NULL DEFAULT now(),
    old_masked  text NOT NULL,
    new_masked  text NOT NULL,
    held_until  timestamptz NOT NULL,
    changed_by  text NOT NULL CHECK (changed_by <> ''),
    changer     text NOT NULL CHECK (changer <> ''),
    why         text NOT NULL CHECK (why <> ''),
    approved_at timestamptz,
    approved_by text CHECK (approved_by <> ''),
    approver    text CHECK (approver <> changer),
    CHECK (num_nulls(approved_at, approved_by, approver) IN (0, 3))
);

COMMENT ON COLUMN phone_changes.changer IS 'the person behind the name: a user of the machine';
COMMENT ON COLUMN phone_changes.approver IS 'a second person';

CREATE INDEX phone_changes_by_member ON phone_changes (member_id, id);
CREATE INDEX phone_changes_open ON phone_changes (held_until) WHERE approved_at IS NULL;
