// Package sqlite is a store in one SQLite file; package state defines what a store keeps.
//
//   - A [Store] writes. There is one per file, in one process: it holds an flock on FILE.lock.
//   - A [Reader] reads, beside a daemon or without one, and leaves no trace. Every Store is one too.
//
// What is read and written, and the writer, are package state/tables'.
//
// # Writing
//
// A commit is durable (synchronous=FULL), so an answer is never in doubt while the process lives. Before each commit the writer checks that
// the file at its path, and the lock, are still those that it opened.
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
package sqlite
