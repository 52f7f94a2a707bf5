-- +goose Up
-- +goose StatementBegin

-- Droplets that were taken out of their names and are kept for a while: switched off, without their user tags, and with a tag that says so.
CREATE TABLE quarantine (
    provider    TEXT NOT NULL,
    external_id TEXT NOT NULL,
    name        TEXT NOT NULL,                    -- the name that it had
    record      TEXT NOT NULL,                    -- JSON: what was recorded of it when it was taken out
    tags        TEXT NOT NULL,                    -- JSON list: what was taken off it
    reserved_ip TEXT NOT NULL,                    -- the address that it had last; empty: none
    saga_id     TEXT NOT NULL,
    taken_at    TEXT NOT NULL,
    until       TEXT NOT NULL,                    -- from then on it may be destroyed
    PRIMARY KEY (provider, external_id)
) STRICT;
-- +goose StatementEnd
