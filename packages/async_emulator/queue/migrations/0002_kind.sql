-- Chains have requests too.

ALTER TABLE requests ADD COLUMN kind TEXT NOT NULL DEFAULT 'model';
