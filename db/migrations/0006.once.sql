-- depends: 0002.passwords 0003.attempts

-- What lets a write be repeated whose commit went unanswered, and when a re-issued password has done its service.

-- The default is for processes of the version before, while both run.
ALTER TABLE attempts ADD COLUMN finding_id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE;
ALTER TABLE passwords ADD COLUMN used_at timestamptz CHECK (used_at IS NULL OR state = 'replaced');

COMMENT ON COLUMN attempts.finding_id IS
    'drawn by us before the check is settled, so that it is counted once; the password issued for it has the same id';
COMMENT ON COLUMN passwords.used_at IS 'when the owner completed the change from it to one of their own';
