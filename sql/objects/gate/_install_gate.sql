-- The two doors of a stream table. `gate_<id>` does, with our rights, what only its owner may ask for: whoever can call it
-- is its owner or a member of that role, and PostgreSQL itself sees to that, whatever session or function the call comes
-- from. `refresh_<id>_as_owner` is the other way round: what we must do with no more than the owner's rights. Who may call
-- them is set by pgstream._set_rights.
--
-- What an owner sees of a source, and of a change buffer, is the same in every session: with row_security off PostgreSQL would
-- refuse both. (So it does where a query is given by somebody for whom policies hold, as with CREATE MATERIALIZED VIEW.)
CREATE OR REPLACE FUNCTION pgstream._install_gate(id bigint, owner oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
AS $$
BEGIN
  EXECUTE format($ddl$
    CREATE OR REPLACE FUNCTION pgstream_state.gate_%1$s(operation text, arguments jsonb) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
    AS 'BEGIN RETURN pgstream._operate(%1$s, %2$s, operation, arguments); END'$ddl$, id, owner);
  EXECUTE format($ddl$
    CREATE OR REPLACE FUNCTION pgstream_state.refresh_%1$s_as_owner(operation text, arguments jsonb) RETURNS SETOF jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
    SET pg_stream.refreshing = 'on'
    %2$s
    AS 'BEGIN RETURN QUERY SELECT * FROM pgstream._as_owner(%1$s, operation, arguments); END'$ddl$, id, (
      SELECT string_agg(format('SET %s = %L', s.key, s.value), ' ' ORDER BY s.key)
      FROM pgstream.pgs_stream_tables t, jsonb_each_text(t.settings) AS s WHERE t.pgs_id = id));
END
$$;
