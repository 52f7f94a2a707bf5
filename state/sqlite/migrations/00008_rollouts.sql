-- +goose Up
-- +goose StatementBegin

-- Changes on their way through a group, and those that have ended. How far one has come is not in it: its sagas tell (their label
-- "rollout").
CREATE TABLE rollouts (
    id        TEXT NOT NULL PRIMARY KEY,          -- 16 hex digits
    group_key TEXT NOT NULL,                      -- the group's name, case-folded
    from_what TEXT NOT NULL,                      -- in words, as to_what
    to_what   TEXT NOT NULL,
    spec      TEXT NOT NULL,                      -- hash of what the file asks for
    rules     TEXT NOT NULL,                      -- hash of the same with the rules of the group
    members   TEXT NOT NULL,                      -- JSON list of {"name", "droplet_id"}: those that were to change when it began
    approval  TEXT NOT NULL,                      -- plan_id that a person approved; empty: it needed none
    phase     TEXT NOT NULL,
    reason    TEXT NOT NULL,
    began_at  TEXT NOT NULL,
    lifted_at TEXT,                               -- NULL: nobody has lifted a stop
    ended_at  TEXT                                -- NULL while live
) STRICT;

CREATE UNIQUE INDEX rollouts_live_group ON rollouts (group_key) WHERE ended_at IS NULL;
-- +goose StatementEnd
