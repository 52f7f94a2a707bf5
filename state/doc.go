// Package state keeps what arcadiad must not forget in one SQLite file.
//
//   - A [Store] writes. There is one per file, for one process: it holds an flock on FILE.lock. It is the engine's [saga.Journal],
//     and keeps observations, pins, approvals and the pause.
//   - A [Reader] reads, beside a daemon or without one, and leaves no trace. Every Store is one too.
//
// # Writing
//
// All changes go through one goroutine and one connection. It takes all requests that wait, gives each a savepoint in one
// transaction, and commits: a thousand sagas share one fsync, a lone one waits for nobody. A request that fails is taken back
// alone; a commit that fails is an error for all of its requests, and nothing of it is written. A request is answered when it is
// durable (synchronous=FULL), so an answer is never in doubt while the process lives. Before each commit the writer looks whether
// the file at its path, and the lock, are still those that it opened.
//
// # Sightings
//
// What a droplet looks like (resources) hardly ever changes; when it was last seen (sightings) is when the request that showed it
// began, and changes with every sync. They lie apart, so that a sync of an account at rest writes 80 bytes for each droplet.
// cloud_resources is a view of the two as one, for those who read. A droplet that comes without its data looks as the row's data
// says: what the inventory drops by the digest of [fleet.Known] need not be held, nor written.
//
// Sightings arrive out of order: a saga commits what it saw a second ago while a listing that began a minute ago is still being
// saved. An older sighting never overwrites a newer one, nor brings back a droplet that is known to be gone since. The row of a
// droplet that is gone is only marked; [Store.Retain] removes it when it is of no use any more, with the sagas that nothing asks for.
//
// # Deviations
//
// What a registered droplet shows that is not as recorded is remembered by field and value, so that plans can tell since when. The
// rows hang on the droplet's record, and go with it.
//
// # Backups
//
// [Reader.Backup] copies the database as of one moment, beside a daemon or without one. A plain copy of the file would miss what is
// in the -wal file.
//
// # Secrets
//
// A saga's secret (user_data) leaves the file when the saga ends. secure_delete overwrites freed pages with zeros, but cells that
// SQLite moves between the pages of a tree may leave a copy in the gap of the old page. Therefore each secret lies behind a page's
// worth of zeros in its row: what is beyond a page is kept on pages of its own, never moved, and zeroed when freed. Older copies
// in the -wal file go with a truncating checkpoint, a second after the first secret was erased.
//
// # Calls
//
// The requests to the API that are made for a saga are noted in memory and ride with the saga's next commit, so that they cost no
// fsync. A crash loses the last of them. Reads that are alike and follow each other share a row; of a long list the first and the
// newest are kept.
//
// # Times and JSON
//
// Times are RFC 3339 text in UTC with nine digits of the second, so that they compare as text; a zero time is NULL. cloud_resources
// keeps the API's own JSON beside the columns. The recorded spec is JSON that reads like the fleet file.
package state
