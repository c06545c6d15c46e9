-- depends: 0003.attempts 0005.audit

-- Failed checks that an operator lifted: none is deleted, but those up to `last_attempt` count for no limit any more.

CREATE TABLE lifts (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at           timestamptz NOT NULL DEFAULT now(),
    subject      text NOT NULL CHECK (subject IN ('caller', 'number')),
    masked       text NOT NULL,
    hmac         bytea NOT NULL,
    last_attempt bigint NOT NULL,
    lifted_by    text NOT NULL CHECK (lifted_by <> ''),
    why          text NOT NULL CHECK (why <> '')
);

COMMENT ON COLUMN lifts.last_attempt IS
    'attempts.id of the subject''s last failure; ids are drawn under the subject''s lock, so they are in order';

CREATE INDEX lifts_by_subject ON lifts (hmac, subject, last_attempt);

-- One row is one alarm: raised once for a subject, and noted again while it goes on within its window.

CREATE TABLE alarms (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind             text NOT NULL CHECK (kind ~ '^[a-z]+(-[a-z]+)*$'),
    subject_masked   text NOT NULL,
    subject_hmac     bytea NOT NULL,
    first_seen       timestamptz NOT NULL,
    last_seen        timestamptz NOT NULL,
    count            integer NOT NULL CHECK (count > 0),
    acknowledged_at  timestamptz,
    acknowledged_by  text CHECK (acknowledged_by <> ''),
    acknowledged_why text CHECK (acknowledged_why <> ''),
    CHECK (last_seen >= first_seen),
    CHECK (num_nulls(acknowledged_at, acknowledged_by, acknowledged_why) IN (0, 3))
);

COMMENT ON COLUMN alarms.kind IS 'the application knows which there are';
COMMENT ON COLUMN alarms.subject_hmac IS 'keyed hash of a number; of a subject that is no number, its plain name';
COMMENT ON COLUMN alarms.count IS 'what the alarm is about, at its highest: numbers, callers, failures, per cent';

CREATE INDEX alarms_by_subject ON alarms (kind, subject_hmac, first_seen);
CREATE INDEX alarms_open ON alarms (id) WHERE acknowledged_at IS NULL;

-- For the share of failed calls in the last hour.
CREATE INDEX attempts_by_time ON attempts (at) INCLUDE (call_id, outcome);
