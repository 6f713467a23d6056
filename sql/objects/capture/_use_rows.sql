-- What the catalogs say of each object that a query may use (pgstream._uses_state), as the transactions that wrote it. Numbers of
-- different catalogs may be the same: then there are rows of both.
CREATE OR REPLACE VIEW pgstream._use_rows AS
  SELECT p.oid AS object, p.xmin AS version FROM pg_catalog.pg_proc p
  UNION ALL SELECT o.oid, o.xmin FROM pg_catalog.pg_operator o
  UNION ALL SELECT k.oid, k.xmin FROM pg_catalog.pg_collation k
  UNION ALL SELECT t.oid, t.xmin FROM pg_catalog.pg_type t
  UNION ALL SELECT t.oid, a.xmin FROM pg_catalog.pg_type t JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) t.typrelid
  UNION ALL SELECT e.enumtypid, e.xmin FROM pg_catalog.pg_enum e
  UNION ALL SELECT d.contypid, d.xmin FROM pg_catalog.pg_constraint d
  UNION ALL SELECT c.oid, c.xmin FROM pg_catalog.pg_class c
  UNION ALL SELECT c.oid, c.xmin FROM pg_catalog.pg_ts_config c
  UNION ALL SELECT m.mapcfg, m.xmin FROM pg_catalog.pg_ts_config_map m
  UNION ALL SELECT d.oid, d.xmin FROM pg_catalog.pg_ts_dict d;
