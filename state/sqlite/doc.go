// Package sqlite keeps what arcadiad must not forget in one SQLite file; package state says what that is.
//
//   - A [Store] writes. There is one per file, for one process: it holds an flock on FILE.lock.
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
// What a droplet looks like (resources) hardly ever changes; when it was last seen (sightings) changes with every sync. They lie
// apart, so that a sync of an account at rest writes 80 bytes for each droplet. cloud_resources is a view of the two as one, for
// those who read.
//
// # Backups
//
// [Reader.Backup] copies the database as of one moment, beside a daemon or without one. A plain copy of the file would miss what is
// in the -wal file.
//
// # Secrets
//
// secure_delete overwrites freed pages with zeros, but cells that SQLite moves between the pages of a tree may leave a copy in the
// gap of the old page. Therefore each secret lies behind a page's worth of zeros in its row: what is beyond a page is kept on pages
// of its own, never moved, and zeroed when freed. Older copies in the -wal file go with a truncating checkpoint, a second after the
// first secret was erased.
//
// # Times and JSON
//
// Times are RFC 3339 text in UTC with nine digits of the second, so that they compare as text; a zero time is NULL. cloud_resources
// keeps the API's own JSON beside the columns. The recorded spec is JSON that reads like the fleet file.
package sqlite
