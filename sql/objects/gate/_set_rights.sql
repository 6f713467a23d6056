-- Gives the things of a schema of ours whose names match the rights that they are meant to have and no others, whatever
-- ALTER DEFAULT PRIVILEGES gave them when they were made. Only what differs is written: two who write the same catalog row
-- meet in "tuple concurrently updated".
CREATE OR REPLACE FUNCTION pgstream._set_rights(within regnamespace, pattern text DEFAULT '', prefixes name[] DEFAULT '{""}') RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
SET client_min_messages = warning
AS $$
DECLARE
  thing record;
  stranger oid;
  label text;
BEGIN
  FOR thing IN SELECT * FROM pgstream._wrong_rights(within, pattern, prefixes) LOOP
    label := thing.kind || ' ' || thing.label;
    FOREACH stranger IN ARRAY thing.strangers LOOP
      EXECUTE format('REVOKE ALL ON %s FROM %s CASCADE', label,
        CASE stranger WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(stranger)) END);
    END LOOP;
    IF thing.is_owner_lacking THEN
      EXECUTE format('GRANT ALL ON %s TO %I', label, pg_get_userbyid(thing.owner));
    END IF;
    IF thing.everybody IS NOT NULL THEN
      EXECUTE format('GRANT %s ON %s TO PUBLIC', thing.everybody, label);
    END IF;
    IF thing.caller IS NOT NULL THEN
      EXECUTE format('GRANT EXECUTE ON %s TO %I', label, pg_get_userbyid(thing.caller));
    END IF;
  END LOOP;
END
$$;
