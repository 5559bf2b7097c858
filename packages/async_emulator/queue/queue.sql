-- The statements of the durable queue, one name each. Times are microseconds since 1970, UTC.

-- name: create_requests
CREATE TABLE IF NOT EXISTS requests (
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
  errors TEXT NOT NULL,
  kind TEXT NOT NULL DEFAULT 'model'
) STRICT;

-- name: select_kind_column
SELECT 1 FROM pragma_table_info('requests') WHERE name = 'kind';

-- name: add_kind_column
ALTER TABLE requests ADD COLUMN kind TEXT NOT NULL DEFAULT 'model';

-- Inputs stand apart, so that a change of status never rewrites 256 KiB.
-- name: create_inputs
CREATE TABLE IF NOT EXISTS inputs (
  seq INTEGER PRIMARY KEY,
  model_input BLOB NOT NULL
) STRICT;

-- name: create_erasure
CREATE TRIGGER IF NOT EXISTS erasure AFTER UPDATE OF status ON requests
WHEN NEW.status NOT IN ('QUEUED', 'IN_PROGRESS') BEGIN DELETE FROM inputs WHERE seq = NEW.seq; END;

-- name: create_queued_index
CREATE INDEX IF NOT EXISTS queued ON requests (deployment_id, priority, seq) WHERE status = 'QUEUED';

-- name: create_deadline_index
CREATE INDEX IF NOT EXISTS deadlines ON requests (queue_deadline) WHERE status = 'QUEUED';

-- name: create_ended_index
CREATE INDEX IF NOT EXISTS ended ON requests (status_at) WHERE status NOT IN ('QUEUED', 'IN_PROGRESS');

-- name: insert_request
INSERT INTO requests (
  request_id, model_id, deployment_id, status, webhook_status, created_at, status_at, queue_deadline,
  max_time_in_queue_seconds, priority, webhook_endpoint, max_attempts, initial_delay_ms, max_delay_ms, errors,
  kind
) VALUES (
  :request_id, :model_id, :deployment_id, :status, :webhook_status, :created_at, :status_at, :queue_deadline,
  :max_time_in_queue_seconds, :priority, :webhook_endpoint, :max_attempts, :initial_delay_ms, :max_delay_ms,
  :errors, :kind
);

-- name: insert_input
INSERT INTO inputs (seq, model_input) VALUES (:seq, :model_input);

-- name: select_request
SELECT requests.*, NULL AS model_input FROM requests WHERE request_id = :request_id;

-- name: select_next
SELECT requests.*, inputs.model_input FROM requests JOIN inputs USING (seq)
WHERE status = 'QUEUED' AND deployment_id = :deployment_id AND queue_deadline > :now
ORDER BY priority, seq LIMIT 1;

-- name: select_due
SELECT requests.*, NULL AS model_input FROM requests
WHERE status = 'QUEUED' AND queue_deadline <= :now;

-- name: select_in_progress
SELECT requests.*, NULL AS model_input FROM requests WHERE status = 'IN_PROGRESS';

-- name: select_next_deadline
SELECT min(queue_deadline) AS queue_deadline FROM requests WHERE status = 'QUEUED';

-- name: select_counts
SELECT deployment_id, status, count(*) AS number FROM requests
WHERE status IN ('QUEUED', 'IN_PROGRESS') GROUP BY deployment_id, status;

-- name: update_request
UPDATE requests SET
  status = :status, webhook_status = :webhook_status, status_at = :status_at,
  queue_deadline = :queue_deadline, errors = :errors
WHERE request_id = :request_id;

-- name: delete_ended
DELETE FROM requests WHERE status NOT IN ('QUEUED', 'IN_PROGRESS') AND status_at <= :before;

-- name: select_newest
SELECT requests.*, NULL AS model_input FROM requests
WHERE :status IS NULL OR status = :status ORDER BY seq DESC LIMIT :limit;

-- name: delete_all
DELETE FROM requests WHERE status != 'IN_PROGRESS';

-- name: delete_inputs
DELETE FROM inputs WHERE seq NOT IN (SELECT seq FROM requests);
