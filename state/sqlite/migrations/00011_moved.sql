-- +goose Up
-- +goose StatementBegin

-- Where `arcadiad state copy` has moved the state to, and when: this file is written no more. NULL: it was not moved.
ALTER TABLE control ADD COLUMN moved_to TEXT;
ALTER TABLE control ADD COLUMN moved_at TEXT;
-- +goose StatementEnd
