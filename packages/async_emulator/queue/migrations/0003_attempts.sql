-- Attempts that have ended are counted, and a row that cannot be read keeps its input until somebody looks.

ALTER TABLE requests ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;

DROP TRIGGER erasure;

CREATE TRIGGER erasure AFTER UPDATE OF status ON requests
WHEN NEW.status NOT IN ('QUEUED', 'IN_PROGRESS') AND NEW.status != 'UNREADABLE' -- a list of three costs more
BEGIN DELETE FROM inputs WHERE seq = NEW.seq; END;
