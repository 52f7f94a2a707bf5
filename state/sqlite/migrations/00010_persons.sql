-- +goose Up
-- +goose StatementBegin

-- Who gave an order, and why: as the command said. NULL: not known.
ALTER TABLE control ADD COLUMN paused_by TEXT;
ALTER TABLE control ADD COLUMN paused_because TEXT;
ALTER TABLE approvals ADD COLUMN approved_by TEXT;
ALTER TABLE approvals ADD COLUMN approved_because TEXT;
ALTER TABLE grants ADD COLUMN approved_by TEXT;
ALTER TABLE grants ADD COLUMN approved_because TEXT;
-- +goose StatementEnd
