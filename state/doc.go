// Package state says what a store keeps for arcadiad, whatever database it keeps it in. Package state/sqlite is a store in one file.
//
//   - A [Reader] reads, beside a daemon or without one.
//   - A [Store] writes too. It is the engine's [saga.Journal], and keeps observations, pins, approvals and the pause.
//
// Package statetest holds the tests that every store must pass.
//
// # Rows
//
// A saga's commit brings rows with it:
//
//   - [fleet.Droplet] is a sighting, and the end of the droplet's absence. What the sighting does not know stays as it was.
//   - [fleet.Record] is what was sent. A protection that is recorded already stays, unless the record lifts it.
//   - [fleet.Deleted] marks the droplet as gone, unless it was seen later, and drops its record.
//   - [fleet.Unrecorded] drops the record.
//   - [fleet.Released] and [fleet.Readopted] note that a person gave the droplet back, or took it again.
//
// Any other type is [ErrRow], and fails the whole commit.
//
// # Sightings
//
// A sighting says how a droplet looked, and when the request that showed it began. Sightings arrive out of order: a saga commits what
// it saw a second ago while a listing that began a minute ago is still being saved. An older sighting never overwrites a newer one,
// nor brings back a droplet that is known to be gone since. The row of a droplet that is gone is only marked; [Store.Retain] removes
// it when it is of no use any more, with the sagas that nothing asks for. A droplet that comes without its data looks as the row's
// data says: what the inventory drops by the digest of [fleet.Known] need not be held, nor written.
//
// # Deviations
//
// What a registered droplet shows that is not as recorded is remembered by field and value, so that plans can tell since when. The
// rows hang on the droplet's record, and go with it.
//
// # Secrets
//
// A saga's secret (user_data) leaves the store when the saga ends, with all that remains of it.
//
// # Calls
//
// The requests to the API that are made for a saga are noted in memory and ride with the saga's next commit, so that they cost no
// write of their own. A crash loses the last of them. Reads that are alike and follow each other share a row; of a long list the first
// and the newest are kept.
package state
