// Package sqlite is a store in one SQLite file; package state defines what a store keeps.
//
//   - A [Store] writes. There is one per file, in one process: it holds an flock on FILE.lock.
//   - A [Reader] reads, beside a daemon or without one, and leaves no trace. Every Store is one too.
//
// # Writing
//
// All changes go through one goroutine and one connection. The goroutine takes all waiting requests, gives each a savepoint in one
// transaction, and commits: a thousand sagas share one fsync, and a single one waits for nobody. A request that fails is rolled back
// alone; a commit that fails is an error for all of its requests, and writes nothing. A request is answered when it is durable
// (synchronous=FULL), so an answer is never in doubt while the process lives. Before each commit the writer checks that the file at
// its path, and the lock, are still those that it opened.
//
// # Sightings
//
// What a droplet looks like (resources) hardly ever changes; when it was last seen (sightings) changes with every sync. They are
// separate tables, so that a sync of an account at rest writes 80 bytes for each droplet. The view cloud_resources joins them for
// readers.
//
// # Backups
//
// [Reader.Backup] copies the database as of one moment, beside a daemon or without one. A plain copy of the file would miss what is
// in the -wal file.
//
// # Secrets
//
// secure_delete overwrites freed pages with zeros, but when SQLite moves a cell between the pages of a tree, a copy may stay in the
// gap of the old page. Therefore each secret is stored behind a page's worth of zeros in its row: content beyond one page is kept on
// pages of its own, never moved, and zeroed when freed. A truncating checkpoint, a second after the first secret was erased, removes
// older copies from the -wal file.
//
// # Times and JSON
//
// Times are RFC 3339 text in UTC with nine digits of the second, so that they compare as text; a zero time is NULL. cloud_resources
// keeps the API's own JSON beside the columns. The recorded spec is JSON with the keys of the fleet file.
package sqlite
