-- Raises an error when the code of others has left other settings behind (pgstream._session_state).
CREATE OR REPLACE FUNCTION pgstream._check_session(before text) RETURNS void
LANGUAGE plpgsql STABLE
AS $$
BEGIN
  IF pgstream._session_state() OPERATOR(pg_catalog.<>) before THEN
    RAISE EXCEPTION 'a function that was called changed a setting of the session'
      USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = 'A refresh takes back nothing that a function has set, so it is refused.',
        HINT = 'Give the function a SET clause, or use SET LOCAL in one that has such a clause.';
  END IF;
END
$$;
