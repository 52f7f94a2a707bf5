-- +goose Up
-- +goose StatementBegin

-- What a person approved: one action, in spite of one rule, for the facts that the person saw. The approvals of whole plans stay for those
-- that are given without a daemon: the next pass turns one into grants, if the plan is still the same.
CREATE TABLE grants (
    id          INTEGER NOT NULL PRIMARY KEY,
    plan_id     TEXT    NOT NULL,
    kind        TEXT    NOT NULL,                 -- of the action
    name        TEXT    NOT NULL,                 -- case-folded
    droplet     TEXT,                             -- external_id; NULL: the action makes a droplet
    spec        TEXT    NOT NULL,                 -- hash of what is wanted; empty: nothing
    rule        TEXT    NOT NULL,
    facts       TEXT    NOT NULL,                 -- JSON list of strings, sorted
    approved_at TEXT    NOT NULL,
    used_at     TEXT                              -- NULL: not used yet
) STRICT;

-- The name that the fleet file in force gives the droplet by `was`, while the rename was not carried out; NULL: the recorded one.
ALTER TABLE cloud_provisioned ADD COLUMN heir TEXT;
-- +goose StatementEnd
