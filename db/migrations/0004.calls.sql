-- What became of each call.

CREATE TABLE calls (
    id             text PRIMARY KEY,
    started_at     timestamptz NOT NULL,
    answered_at    timestamptz,
    ended_at       timestamptz,
    outcome        text,
    steps          jsonb NOT NULL DEFAULT '[]',
    billed_minutes integer NOT NULL DEFAULT 0 CHECK (billed_minutes >= 0),
    price          integer NOT NULL DEFAULT 0 CHECK (price >= 0),
    caller_masked  text,
    caller_hmac    bytea,
    CHECK (answered_at >= started_at),
    CHECK (ended_at >= started_at)
);

COMMENT ON COLUMN calls.steps IS 'points of the conversation reached: [[name, seconds since the start], ...]';
COMMENT ON COLUMN calls.price IS 'đồng, for all its started minutes';

CREATE INDEX calls_by_start ON calls (started_at);
CREATE INDEX calls_by_caller ON calls (caller_hmac, started_at);
