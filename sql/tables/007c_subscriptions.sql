-- Who wants to be told of refreshes that changed something: one notification for each channel.
CREATE TABLE pgstream.pgs_subscriptions (
  pgs_id bigint NOT NULL REFERENCES pgstream.pgs_stream_tables ON DELETE CASCADE,
  channel text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (pgs_id, channel)
);

COMMENT ON TABLE pgstream.pgs_subscriptions IS 'channels that are notified when a refresh has changed a stream table';
