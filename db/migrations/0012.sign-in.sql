-- depends: 0011.roles

-- The contract with the VssID back end (docs/sign-in.md): three functions, for hotline_backend alone, which may do nothing else.
-- The comparison is made here, so nobody has to be given a hash, and no attempt can be forgotten to be counted.

-- How long is the issuer's to say, so it stands beside each password.
ALTER TABLE passwords
    ADD COLUMN first_use interval NOT NULL DEFAULT interval '10 minutes',
    ADD COLUMN valid interval NOT NULL DEFAULT interval '24 hours';

COMMENT ON COLUMN passwords.first_use IS 'how long after a reading began a first sign-in makes it active';
COMMENT ON COLUMN passwords.valid IS 'how long it is valid from its activation on';

GRANT SELECT (first_use, valid), INSERT (first_use, valid) ON passwords TO hotline_app;

CREATE TABLE sign_in_rule (
    one        boolean PRIMARY KEY DEFAULT true CHECK (one),
    failures   integer NOT NULL DEFAULT 5 CHECK (failures BETWEEN 3 AND 20),
    within     interval NOT NULL DEFAULT interval '15 minutes' CHECK (within BETWEEN interval '1 minute' AND interval '12 hours'),
    locked_for interval NOT NULL DEFAULT interval '15 minutes' CHECK (locked_for BETWEEN within AND interval '12 hours'),
    salt       bytea NOT NULL DEFAULT uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
);

COMMENT ON TABLE sign_in_rule IS 'so many wrong passwords of one account within this time lock its sign-in for that time';
COMMENT ON COLUMN sign_in_rule.locked_for IS 'not shorter than "within", so a lock leaves no failure behind that counts';
COMMENT ON COLUMN sign_in_rule.salt IS 'of this database alone, for what is not to be recognised elsewhere';

INSERT INTO sign_in_rule DEFAULT VALUES;

CREATE TABLE sign_in_attempts (
    id      uuid PRIMARY KEY,
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    subject bytea NOT NULL,
    request bytea NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('ok', 'must-change', 'refused', 'locked', 'again')),
    locks   boolean NOT NULL DEFAULT false CHECK (outcome = 'locked' OR NOT locks)
);

COMMENT ON COLUMN sign_in_attempts.subject IS
    'of a member its key; of a number of nobody 24 bits of a hash, which it shares with hundreds of others';
COMMENT ON COLUMN sign_in_attempts.request IS 'salted hash of what was presented: an id is for one attempt';
COMMENT ON COLUMN sign_in_attempts.locks IS 'the failure that reached the limit';

CREATE INDEX sign_in_attempts_by_subject ON sign_in_attempts (subject, at);
GRANT SELECT (at), DELETE ON sign_in_attempts TO hotline_retention;

-- What the three functions share. Nobody may call these but they, as their owner.

CREATE FUNCTION sign_in_alone() RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF pg_current_xact_id_if_assigned() IS NOT NULL THEN
        RAISE EXCEPTION 'the functions of the sign-in are called one by one, each committed before the next'
            USING ERRCODE = 'active_sql_transaction', HINT = 'use autocommit';
    END IF;
END
$$;

CREATE FUNCTION sign_in_subject(number text, OUT member bigint, OUT subject bytea)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    SELECT id INTO member FROM public.members WHERE insurance_number = number OR personal_number = number;
    IF member IS NOT NULL THEN
        subject := int8send(member);
    ELSE
        SELECT substr(sha256(salt || convert_to(coalesce(number, ''), 'UTF8')), 1, 3) INTO subject
        FROM public.sign_in_rule;
    END IF;
END
$$;

-- The moment after which failures count: whoever signed in, or is being read a new password, begins afresh.
CREATE FUNCTION sign_in_counts_since(member bigint, subject bytea)
RETURNS timestamptz LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT greatest(
        (SELECT max(a.at) FROM public.sign_in_attempts AS a
         WHERE a.subject = $2 AND a.outcome IN ('ok', 'must-change')),
        (SELECT max(p.reading_began_at) FROM public.passwords AS p WHERE p.member_id = $1),
        '-infinity'
    )
$$;

CREATE FUNCTION sign_in_locked(member bigint, subject bytea)
RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM public.sign_in_attempts AS a, public.sign_in_rule AS rule
        WHERE a.subject = $2 AND a.locks AND a.at > clock_timestamp() - rule.locked_for
          AND a.at > public.sign_in_counts_since($1, $2)
    )
$$;

-- The passwords that open the account now, newest first.
CREATE FUNCTION sign_in_usable(member bigint)
RETURNS SETOF passwords LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT * FROM public.passwords
    WHERE member_id = $1
      AND (state = 'active' AND coalesce(expires_at > now(), true)
           OR state = 'pending' AND reading_began_at > now() - first_use)
    ORDER BY ordinal DESC
$$;

-- All of a hash but its last field, which is the secret of it.
CREATE FUNCTION sign_in_salt(hash text) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT regexp_replace($1, '[$][^$]*$', '')
$$;

-- 1. With what to hash. A row for each password that might be meant; for a number of nobody one just like it. None: locked.

CREATE FUNCTION vssid_sign_in_salts(number text)
RETURNS TABLE (member_id bigint, salt text, key_id text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    member bigint;
    who bytea;
BEGIN
    PERFORM public.sign_in_alone();
    SELECT s.member, s.subject INTO member, who FROM public.sign_in_subject(number) AS s;
    IF public.sign_in_locked(member, who) THEN
        RETURN;
    END IF;
    RETURN QUERY SELECT p.member_id, public.sign_in_salt(p.hash), p.key_id FROM public.sign_in_usable(member) AS p;
    IF NOT FOUND THEN
        RETURN QUERY
        SELECT 0::bigint,
               coalesce(public.sign_in_salt(public.sign_in_salt(newest.hash)), '$argon2id$v=19$m=19456,t=2,p=1')
                   || '$' || rtrim(encode(uuid_send(gen_random_uuid()), 'base64'), '='),
               coalesce(newest.key_id, '1')
        FROM (SELECT) AS nobody LEFT JOIN (SELECT p.hash, p.key_id FROM public.passwords AS p ORDER BY p.ordinal DESC LIMIT 1)
             AS newest ON true;
    END IF;
END
$$;

-- 2. What came out of it. It is compared, counted and acted upon here; what became of it is told after the commit only, so who
-- rolls back learns nothing.

CREATE FUNCTION vssid_sign_in_present(
    attempt uuid, number text, proofs text[],
    purpose text DEFAULT 'sign-in', new_hash text DEFAULT NULL, new_key_id text DEFAULT NULL
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    rule public.sign_in_rule;
    member bigint;
    who bytea;
    asked bytea;
    earlier bytea;
    used public.passwords;
    outcome text;
    locks boolean := false;
BEGIN
    PERFORM public.sign_in_alone();
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'an attempt is presented in a transaction that is READ COMMITTED'
            USING ERRCODE = 'active_sql_transaction';
    END IF;
    IF attempt IS NULL OR number IS NULL OR proofs IS NULL OR purpose IS NULL
       OR purpose NOT IN ('sign-in', 'renew', 'change')
       OR (purpose = 'sign-in') <> (new_hash IS NULL) OR (new_hash IS NULL) <> (new_key_id IS NULL)
       OR new_hash !~ '^[$]argon2id[$]v=19[$]m=[0-9]+,t=[0-9]+,p=[0-9]+[$][A-Za-z0-9+/]{22}[$][A-Za-z0-9+/]{43}$'
       OR new_key_id !~ '^[a-z0-9-]{1,16}$' THEN
        RAISE EXCEPTION 'not an attempt as docs/sign-in.md has it' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF (SELECT count(*) <> count(DISTINCT public.sign_in_salt(proof)) FROM unnest(proofs) AS proof) THEN
        RAISE EXCEPTION 'an attempt has one proof for each salt' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT * INTO rule FROM public.sign_in_rule;
    asked := sha256(rule.salt || convert_to(concat_ws(' ', number, purpose, new_hash, new_key_id, proofs), 'UTF8'));

    -- From here on nobody else presents anything for this account or number, nor issues or activates a password of it.
    SELECT s.member, s.subject INTO member, who FROM public.sign_in_subject(number) AS s;
    -- The application takes the same lock (agi/hotline/records/passwords.py).
    PERFORM pg_advisory_xact_lock(hashtextextended(
        CASE WHEN member IS NOT NULL THEN 'passwords of ' || member ELSE 'sign-in of nobody ' || encode(who, 'hex') END, 0
    ));
    SELECT a.request INTO earlier FROM public.sign_in_attempts AS a WHERE a.id = attempt;
    IF earlier = asked THEN
        RETURN;
    ELSIF earlier IS NOT NULL THEN
        RAISE EXCEPTION 'each attempt has an id of its own' USING ERRCODE = 'unique_violation';
    END IF;

    IF public.sign_in_locked(member, who) THEN
        outcome := 'locked';
    ELSE
        SELECT * INTO used FROM public.sign_in_usable(member) AS p WHERE p.hash = ANY (proofs) LIMIT 1;
        IF used.id IS NOT NULL THEN
            outcome := CASE WHEN purpose = 'change' OR used.changed_at IS NOT NULL THEN 'ok' ELSE 'must-change' END;
        ELSIF EXISTS (SELECT FROM public.sign_in_usable(member))
              AND NOT EXISTS (SELECT FROM public.sign_in_usable(member) AS p, unnest(proofs) AS proof
                              WHERE public.sign_in_salt(p.hash) = public.sign_in_salt(proof)) THEN
            outcome := 'again'; -- The salts are not those of now: no guess was made.
        ELSE
            SELECT count(*) + 1 >= rule.failures INTO locks FROM public.sign_in_attempts AS a
            WHERE a.subject = who AND (a.outcome = 'refused' OR a.locks)
              AND a.at > clock_timestamp() - rule.within AND a.at > public.sign_in_counts_since(member, who);
            outcome := CASE WHEN locks THEN 'locked' ELSE 'refused' END;
        END IF;
    END IF;

    IF used.state = 'pending' THEN
        UPDATE public.passwords AS p SET state = 'replaced', replaced_at = now()
        WHERE p.member_id = member AND p.ordinal < used.ordinal AND p.state <> 'replaced';
        UPDATE public.passwords AS p SET state = 'active', activated_at = now(), expires_at = now() + p.valid
        WHERE p.id = used.id;
        INSERT INTO public.audit (actor, action, member_id) VALUES ('sign-in', 'password-active', member);
    END IF;
    IF used.id IS NOT NULL AND purpose = 'renew' THEN
        UPDATE public.passwords AS p SET hash = new_hash, key_id = new_key_id WHERE p.id = used.id;
    ELSIF used.id IS NOT NULL AND purpose = 'change' THEN
        -- Pending ones end as well: the owner's word is newer.
        UPDATE public.passwords AS p SET state = 'replaced', replaced_at = now(),
               used_at = CASE WHEN p.id = used.id AND p.call_id IS NOT NULL THEN now() END
        WHERE p.member_id = member AND p.state <> 'replaced';
        INSERT INTO public.passwords (id, member_id, state, hash, key_id, activated_at, changed_at)
        VALUES (attempt, member, 'active', new_hash, new_key_id, now(), now());
        INSERT INTO public.audit (actor, action, member_id) VALUES ('sign-in', 'password-changed', member);
    END IF;
    IF locks AND member IS NOT NULL THEN
        INSERT INTO public.audit (actor, action, member_id, detail)
        VALUES ('sign-in', 'sign-in-locked', member, jsonb_build_object('failures', rule.failures));
    END IF;
    INSERT INTO public.sign_in_attempts (id, subject, request, outcome, locks)
    VALUES (attempt, who, asked, outcome, locks);
END
$$;

-- 3. What became of it, once it is committed.

CREATE FUNCTION vssid_sign_in_outcome(attempt uuid)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    outcome text;
BEGIN
    PERFORM public.sign_in_alone();
    SELECT a.outcome INTO outcome FROM public.sign_in_attempts AS a
    WHERE a.id = attempt AND a.at > clock_timestamp() - interval '1 minute';
    IF outcome IS NULL THEN
        RAISE EXCEPTION 'no such attempt was presented, and committed, within the last minute'
            USING ERRCODE = 'no_data_found';
    END IF;
    RETURN outcome;
END
$$;

REVOKE ALL ON FUNCTION
    sign_in_alone(), sign_in_subject(text), sign_in_counts_since(bigint, bytea), sign_in_locked(bigint, bytea),
    sign_in_usable(bigint), sign_in_salt(text), vssid_sign_in_salts(text),
    vssid_sign_in_present(uuid, text, text[], text, text, text), vssid_sign_in_outcome(uuid)
FROM PUBLIC;

GRANT EXECUTE ON FUNCTION
    vssid_sign_in_salts(text), vssid_sign_in_present(uuid, text, text[], text, text, text), vssid_sign_in_outcome(uuid)
TO hotline_backend;
