-- depends: 0004.calls

-- What remains of calls whose rows were deleted after their time: sums a day, of nobody in particular.

-- A call as a row for each step it reached: how long it stayed there, and whether it ended there.
CREATE VIEW call_steps AS
SELECT c.id AS call_id,
       c.started_at,
       (c.started_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS day,
       c.outcome,
       s.step ->> 0 AS step,
       greatest(0, coalesce(lead((s.step ->> 1)::float) OVER (PARTITION BY c.id ORDER BY s.ordinal),
                            extract(epoch FROM c.ended_at - c.started_at)) - (s.step ->> 1)::float) AS seconds,
       s.ordinal = jsonb_array_length(c.steps) AS is_last
FROM calls AS c CROSS JOIN LATERAL jsonb_array_elements(c.steps) WITH ORDINALITY AS s (step, ordinal);

CREATE TABLE daily_calls (
    day            date NOT NULL,
    outcome        text NOT NULL,
    calls          integer NOT NULL CHECK (calls > 0),
    seconds        double precision NOT NULL CHECK (seconds >= 0),
    billed_minutes integer NOT NULL,
    price          bigint NOT NULL,
    PRIMARY KEY (day, outcome)
);

CREATE TABLE daily_steps (
    day     date NOT NULL,
    step    text NOT NULL,
    calls   integer NOT NULL CHECK (calls > 0),
    seconds double precision NOT NULL CHECK (seconds >= 0),
    gave_up integer NOT NULL CHECK (gave_up >= 0),
    PRIMARY KEY (day, step)
);

COMMENT ON TABLE daily_calls IS 'calls that are not in calls any more; a day as in Vietnam';
COMMENT ON COLUMN daily_steps.calls IS 'calls that reached the step';
COMMENT ON COLUMN daily_steps.seconds IS 'all they spent in it';
COMMENT ON COLUMN daily_steps.gave_up IS 'of them hung up in it before they had an outcome';

-- The days as they are now: of rows that are still there, and of those that are not.
CREATE VIEW call_days AS
SELECT day, outcome, sum(calls)::bigint AS calls, sum(seconds) AS seconds,
       sum(billed_minutes)::bigint AS billed_minutes, sum(price)::bigint AS price
FROM (
    SELECT day, outcome, calls, seconds, billed_minutes, price FROM daily_calls
    UNION ALL
    SELECT (started_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date, coalesce(outcome, 'lost'), count(*),
           coalesce(sum(extract(epoch FROM ended_at - started_at)), 0), sum(billed_minutes), sum(price)
    FROM calls GROUP BY 1, 2
) AS days GROUP BY day, outcome;

CREATE VIEW step_days AS
SELECT day, step, sum(calls)::bigint AS calls, sum(seconds) AS seconds, sum(gave_up)::bigint AS gave_up
FROM (
    SELECT day, step, calls, seconds, gave_up FROM daily_steps
    UNION ALL
    SELECT day, step, count(DISTINCT call_id), coalesce(sum(seconds), 0),
           count(*) FILTER (WHERE is_last AND outcome = 'hung-up')
    FROM call_steps GROUP BY day, step
) AS days GROUP BY day, step;
