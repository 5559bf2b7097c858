-- The first layout of the file. Times are microseconds since 1970, UTC.

CREATE TABLE requests (
  seq INTEGER PRIMARY KEY,
  request_id TEXT NOT NULL UNIQUE,
  model_id TEXT NOT NULL,
  deployment_id TEXT NOT NULL,
  status TEXT NOT NULL,
  webhook_status TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  status_at INTEGER NOT NULL,
  queue_deadline INTEGER NOT NULL,
  max_time_in_queue_seconds INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  webhook_endpoint TEXT,
  max_attempts INTEGER NOT NULL,
  initial_delay_ms INTEGER NOT NULL,
  max_delay_ms INTEGER NOT NULL,
  errors TEXT NOT NULL
) STRICT;

-- Inputs have a table of their own, so that a change of status never rewrites 256 KiB.
CREATE TABLE inputs (
  seq INTEGER PRIMARY KEY,
  model_input BLOB NOT NULL
) STRICT;

CREATE TRIGGER erasure AFTER UPDATE OF status ON requests
WHEN NEW.status NOT IN ('QUEUED', 'IN_PROGRESS') BEGIN DELETE FROM inputs WHERE seq = NEW.seq; END;

CREATE INDEX queued ON requests (deployment_id, priority, seq) WHERE status = 'QUEUED';

CREATE INDEX deadlines ON requests (queue_deadline) WHERE status = 'QUEUED';

CREATE INDEX ended ON requests (status_at) WHERE status NOT IN ('QUEUED', 'IN_PROGRESS');
