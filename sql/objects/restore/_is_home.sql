-- Is this the database in which the catalog was written? Not after pg_restore, where oids and transaction ids mean nothing
-- any more, and not after pg_upgrade, where stored trees do not. A copy of the files is: a standby that was promoted,
-- point-in-time recovery, CREATE DATABASE … TEMPLATE. Nor where a dump was restored over an installation, whose row then stands
-- beside that of the dump. Asked by every call, under whatever search_path.
CREATE OR REPLACE FUNCTION pgstream._is_home() RETURNS boolean
LANGUAGE plpgsql STABLE
AS $$
BEGIN
  RETURN EXISTS (
    SELECT FROM pgstream._home h
    WHERE h.tableoid OPERATOR(pg_catalog.=) h.catalog AND h.xmin OPERATOR(pg_catalog.=) h.writer
      AND h.system_identifier OPERATOR(pg_catalog.=) pgstream._cluster()
      AND h.major_version OPERATOR(pg_catalog.=) (
        pg_catalog.current_setting('server_version_num')::pg_catalog.int4 OPERATOR(pg_catalog./) 10000))
    AND NOT EXISTS (SELECT FROM pgstream._home OFFSET 1);
END
$$;
