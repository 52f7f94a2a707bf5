// Package state defines what a store keeps for arcadiad, whatever the database. Package state/sqlite is a store in one file, package
// state/postgres one in a PostgreSQL database.
//
//   - A [Reader] reads, beside a daemon or without one.
//   - A [Store] writes too. It is the engine's [saga.Journal], and keeps observations, pins, approvals and the pause.
//
// Package statetest has the tests that every store must pass.
//
// # Rows
//
// A saga's beginning and its commits contain rows:
//
//   - [fleet.Droplet] is a sighting, and ends the droplet's absence. Values that the sighting does not know stay as they were.
//   - [fleet.Record] is what was sent. An already recorded protection stays, unless the record lifts it.
//   - [fleet.Deleted] marks the droplet as gone, unless it was seen later, and drops its record.
//   - [fleet.Unrecorded] drops the record.
//   - [fleet.Quarantined] takes the droplet out of its name: its record goes with the same commit. A record, [fleet.Deleted] or
//     [fleet.Unquarantined] ends that, and so does an observation that proves the droplet gone.
//   - [fleet.Rollout] is a new rollout. [fleet.ErrRolloutLive] where its group has a live one.
//   - [fleet.RolloutStands] is written nowhere. [fleet.ErrRolloutChanged] unless the rollout is live and in that phase.
//   - [fleet.Released] and [fleet.Readopted] note that a person gave the droplet back, or took it again.
//
// Any other type is [ErrRow], and fails the whole commit.
//
// # Sightings
//
// A sighting says how a droplet looked, and when the request that showed it began. Sightings arrive out of order: a saga commits
// what it saw a second ago while a listing that began a minute ago is still being saved. An older sighting never overwrites a newer
// one, and never revives a droplet that is known to be gone since. The row of a gone droplet is only marked; [Store.Retain] removes it
// once nothing needs it, together with the sagas that nothing needs. A droplet without data looks as the row's data says: data
// that the inventory drops, because its digest is in [fleet.Known], is neither held in memory nor written.
//
// # Deviations
//
// A deviation is a value of a registered droplet that differs from its record. Deviations are stored by field and value, so that plans
// know since when. They belong to the droplet's record, and are deleted with it.
//
// # Secrets
//
// A saga's secret (user_data) and all copies of it leave the store when the saga ends.
//
// # Calls
//
// API requests for a saga are kept in memory and written with the saga's next commit, so that they cost no write of their own. A crash
// loses the last of them. Similar reads in a row share one row; of a long list the first and the newest are kept.
package state
