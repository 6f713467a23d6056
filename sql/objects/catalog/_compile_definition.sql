-- Request to plan, refusals raised. `owner`: who owns the stream table, or will. A source that cannot be captured, or not
-- for this owner, is known when the plan says what is read of it; the request then names it and is compiled once more:
-- mode AUTO recomputes for that reason, mode DIFFERENTIAL refuses.
CREATE OR REPLACE FUNCTION pgstream._compile_definition(request jsonb, owner name) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  reply jsonb;
  bad record;
BEGIN
  PERFORM pgstream._check_definition(request);
  request := pgstream._with_row_security(request, owner);
  request := pgstream._with_literals(pgstream._with_copies(request, owner));
  LOOP
    reply := pgstream._compile(request);
    IF reply ? 'error' THEN
      PERFORM pgstream._raise_refusal(reply -> 'error');
    END IF;
    SELECT r.relation, o.* INTO bad
    FROM jsonb_array_elements(reply #> '{plan,sources}') AS s
    CROSS JOIN LATERAL (SELECT (s ->> 'relation')::oid, ARRAY(SELECT c::smallint FROM jsonb_array_elements_text(s -> 'columns') AS c)) AS r(relation, columns)
    CROSS JOIN LATERAL pgstream._source_obstacle((request #>> '{target,id}')::bigint, owner, r.relation, r.columns) AS o
    WHERE o.construct IS NOT NULL ORDER BY r.relation LIMIT 1;
    IF NOT FOUND OR request #> ARRAY['relations', bad.relation::text, 'obstacle'] IS NOT NULL THEN
      -- For those who compile the stored tree again.
      RETURN (reply -> 'plan') || CASE WHEN request ? 'literals' THEN jsonb_build_object('literals', request -> 'literals') ELSE '{}' END;
    END IF;
    IF bad.is_denied AND request ->> 'mode' = 'DIFFERENTIAL' THEN
      RAISE EXCEPTION 'permission denied to capture changes of table %', (SELECT c.relname FROM pg_class c WHERE c.oid = bad.relation)
        USING ERRCODE = 'insufficient_privilege', DETAIL = bad.detail, HINT = bad.hint;
    END IF;
    request := jsonb_set(request, ARRAY['relations', bad.relation::text, 'obstacle'],
      jsonb_build_object('construct', bad.construct, 'detail', bad.detail, 'hint', bad.hint));
  END LOOP;
END
$$;
