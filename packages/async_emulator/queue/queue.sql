-- The statements of the durable queue, one name each. Times are microseconds since 1970, UTC.
-- {columns}, {values}, {changes} and {statuses} are filled in by sqlite_row. The tables are made by migrations/.

-- name: insert_request
INSERT INTO requests ({columns}) VALUES ({values});

-- name: insert_input
INSERT INTO inputs (seq, model_input) VALUES (:seq, :model_input);

-- name: select_request
SELECT {columns}, NULL AS model_input FROM requests WHERE request_id = :request_id;

-- name: select_next
SELECT {columns}, model_input FROM requests LEFT JOIN inputs USING (seq)
WHERE status = 'QUEUED' AND deployment_id = ?1 AND queue_deadline > ?2 AND (?3 IS NULL OR priority < ?3)
ORDER BY priority, seq LIMIT 1;

-- name: select_due
SELECT {columns}, NULL AS model_input FROM requests
WHERE status = 'QUEUED' AND queue_deadline <= :now;

-- name: select_in_progress
SELECT {columns}, NULL AS model_input FROM requests WHERE status = 'IN_PROGRESS';

-- name: select_unknown_status
SELECT {columns}, NULL AS model_input FROM requests WHERE status NOT IN ({statuses}, 'UNREADABLE');

-- name: set_aside
UPDATE requests SET status = 'UNREADABLE' WHERE CAST(request_id AS BLOB) = CAST(:request_id AS BLOB);

-- name: select_next_deadline
SELECT min(queue_deadline) AS queue_deadline FROM requests WHERE status = 'QUEUED';

-- name: select_counts
SELECT deployment_id, status, count(*) AS number FROM requests
WHERE status IN ('QUEUED', 'IN_PROGRESS') GROUP BY deployment_id, status;

-- name: update_request
UPDATE requests SET {changes} WHERE request_id = ?;

-- name: delete_ended
DELETE FROM requests
WHERE status NOT IN ('QUEUED', 'IN_PROGRESS') AND status != 'UNREADABLE' AND status_at <= :before;

-- name: select_newest
SELECT {columns}, NULL AS model_input FROM requests
WHERE (:status IS NULL OR status = :status) AND status != 'UNREADABLE' ORDER BY seq DESC LIMIT :limit;

-- name: delete_all
DELETE FROM requests WHERE status != 'IN_PROGRESS';

-- name: delete_inputs
DELETE FROM inputs WHERE seq NOT IN (SELECT seq FROM requests);
