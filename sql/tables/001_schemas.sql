-- Made once. Everything users call or read is in pgstream; the other two hold what pg_stream generates.
CREATE SCHEMA IF NOT EXISTS pgstream;
CREATE SCHEMA IF NOT EXISTS pgstream_changes;
CREATE SCHEMA IF NOT EXISTS pgstream_state;

COMMENT ON SCHEMA pgstream IS 'pg_stream: stream tables, their catalog and their functions';
COMMENT ON SCHEMA pgstream_changes IS 'pg_stream: change buffers and capture functions, one set per source table';
COMMENT ON SCHEMA pgstream_state IS 'pg_stream: state tables and generated refresh functions, one set per stream table';

-- Names must resolve for every owner of a stream table; what is inside is guarded by its own privileges.
GRANT USAGE ON SCHEMA pgstream, pgstream_changes, pgstream_state TO PUBLIC;
