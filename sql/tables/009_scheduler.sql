-- What the scheduler has told people of and is still so: an alert is sent when it begins, not again while it lasts.
CREATE TABLE pgstream.open_alerts (
  event text NOT NULL,
  -- The stream table or source table it is about.
  relid oid NOT NULL,
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (event, relid)
);

CREATE TABLE pgstream._scheduler (
  -- When somebody last looked for such things.
  watched_at timestamptz NOT NULL DEFAULT '-infinity',
  -- When somebody last looked which stream tables have something to consume, and those that had: the others were exact then,
  -- over what these showed, each of which had been exact at the moment beside it.
  looked_at timestamptz NOT NULL DEFAULT '-infinity',
  behind bigint[] NOT NULL DEFAULT '{}',
  behind_as_of timestamptz[] NOT NULL DEFAULT '{}'
) WITH (fillfactor = 50);
INSERT INTO pgstream._scheduler DEFAULT VALUES;

-- Seen at once, by everybody, and written without a transaction number or a word in the log: sequences that are not logged.
-- When a caller of the scheduler was last seen at work (pgstream._beat).
CREATE UNLOGGED SEQUENCE pgstream._beats AS bigint MINVALUE 0 START 0 CACHE 1;
-- The value of pgstream.change_seq when somebody last began to look and found nothing due.
CREATE UNLOGGED SEQUENCE pgstream._quiet_seq AS bigint MINVALUE 0 START 0 CACHE 1;
-- Until when, in microseconds since 1970, the clock alone could make nothing due then.
CREATE UNLOGGED SEQUENCE pgstream._quiet_until AS bigint MINVALUE 0 START 0 CACHE 1;

-- Nothing but locks: on these nobody else has any right, while an advisory lock is anybody's to take.
CREATE TABLE pgstream._graph_lock ();
CREATE TABLE pgstream._definition_lock ();

COMMENT ON TABLE pgstream.open_alerts IS 'alerts that have been sent and still hold';
COMMENT ON TABLE pgstream._scheduler IS 'what the callers of the scheduler share';
GRANT SELECT ON pgstream.open_alerts, pgstream._scheduler TO PUBLIC;
