-- What the scheduler has told people of and is still so: an alert is sent when it begins, not again while it lasts.
CREATE TABLE pgstream.open_alerts (
  event text NOT NULL,
  -- The stream table or source table it is about.
  relid oid NOT NULL,
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (event, relid)
);

-- When somebody last looked for such things.
CREATE TABLE pgstream._scheduler (watched_at timestamptz NOT NULL) WITH (fillfactor = 50);
INSERT INTO pgstream._scheduler VALUES ('-infinity');

COMMENT ON TABLE pgstream.open_alerts IS 'alerts that have been sent and still hold';
COMMENT ON TABLE pgstream._scheduler IS 'what the callers of the scheduler share';
GRANT SELECT ON pgstream.open_alerts TO PUBLIC;
