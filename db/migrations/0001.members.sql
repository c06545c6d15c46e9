-- Who has a VssID account. Whole phone and insurance numbers are kept in this table and in no other.

CREATE TABLE members (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    phone            text NOT NULL CHECK (phone ~ '^[+][1-9][0-9]{7,14}$'),
    insurance_number text NOT NULL UNIQUE CHECK (insurance_number ~ '^[0-9]{10}$'),
    personal_number  text UNIQUE CHECK (personal_number ~ '^[0-9]{12}$'),
    full_name        text NOT NULL CHECK (full_name <> ''),
    email            text CHECK (email <> ''),
    is_sample        boolean NOT NULL DEFAULT false,
    created_at       timestamptz NOT NULL DEFAULT now()
);

COMMENT ON COLUMN members.phone IS 'E.164 with plus; several members may share one, as children do a parent''s';
COMMENT ON COLUMN members.insurance_number IS 'mã số BHXH; text, as leading zeros count';
COMMENT ON COLUMN members.personal_number IS 'số định danh cá nhân, which replaces it since 1 August 2025';
COMMENT ON COLUMN members.is_sample IS 'an invented member; the only kind that a test phone may ask for';
