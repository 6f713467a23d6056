-- Asks the gate of a stream table, as the caller. Whoever may call the gate need not be looked up: PostgreSQL checks it, and
-- the gate says when it is not the one of the present owner. Words for the others, and a gate for a new owner of whom
-- nothing told, are made by pgstream._check_owner.
CREATE OR REPLACE FUNCTION pgstream._ask(id bigint, operation text, arguments jsonb DEFAULT NULL) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  call CONSTANT text := format('SELECT pgstream_state.gate_%s($1, $2)', id);
  answer text;
BEGIN
  IF current_setting('transaction_read_only') = 'on' AND operation <> 'query' THEN
    PERFORM pgstream._refuse_read_only();
  END IF;
  IF current_setting('restrict_nonsystem_relation_kind', true) <> '' THEN
    PERFORM pgstream._check_views();
  END IF;
  IF has_function_privilege(to_regproc('pgstream_state.gate_' || id), 'EXECUTE') IS NOT TRUE THEN
    PERFORM pgstream._check_owner(id);
  END IF;
  EXECUTE call INTO answer USING operation, arguments;
  IF answer = 'OWNER CHANGED' THEN
    PERFORM pgstream._check_owner(id);
    EXECUTE call INTO answer USING operation, arguments;
    IF answer = 'OWNER CHANGED' THEN
      RAISE EXCEPTION 'the owner of the stream table has changed' USING ERRCODE = 'insufficient_privilege';
    END IF;
  END IF;
  RETURN answer;
END
$$;
