-- Text search configurations and dictionaries, given as catalog/oid, with what they are made of: parser, dictionaries and
-- templates. Those that come with PostgreSQL can be altered as well.
CREATE OR REPLACE FUNCTION pgstream._text_search_uses(uses text[]) RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH given AS (
    SELECT split_part(u, '/', 1)::oid AS class, split_part(u, '/', 2)::oid AS object FROM unnest(uses) AS u
  ), configuration AS (
    SELECT c.oid, c.cfgparser FROM given g JOIN pg_ts_config c ON g.class = 'pg_ts_config'::regclass AND c.oid = g.object
  ), dictionary AS (
    SELECT d.oid, d.dicttemplate FROM pg_ts_dict d
    WHERE d.oid IN (SELECT m.mapdict FROM configuration c JOIN pg_ts_config_map m ON m.mapcfg = c.oid)
      OR d.oid IN (SELECT g.object FROM given g WHERE g.class = 'pg_ts_dict'::regclass)
  )
  SELECT ARRAY(
    SELECT format('%s/%s', 'pg_ts_config'::regclass::oid, oid) FROM configuration
    UNION SELECT format('%s/%s', 'pg_ts_parser'::regclass::oid, cfgparser) FROM configuration
    UNION SELECT format('%s/%s', 'pg_ts_dict'::regclass::oid, oid) FROM dictionary
    UNION SELECT format('%s/%s', 'pg_ts_template'::regclass::oid, dicttemplate) FROM dictionary)
$$;
