// Package postgres is a store in a PostgreSQL database; package state defines what a store keeps.
//
//   - A [Store] writes. The last that was opened, wherever it runs, is the one that writes.
//   - A [Reader] reads, beside stores or without one. Every Store is one too.
//   - [CopyFrom] moves a state there from a file.
//
// What is read and written, and the writer, are package state/tables'. The tables have the same names and columns as in a file, and the same
// text for times and JSON: the nine digits of a second and the API's own JSON would not survive PostgreSQL's own types.
//
// # Behind a pooler
//
// A pooler gives each transaction another connection, so nothing here lasts longer than one: no advisory lock, no LISTEN, no SET but for a
// transaction. Of pgx's ways to send a statement this is QueryExecModeExec: a statement without a name goes out with its arguments in one
// message, and the types follow from the Go types. Prepared statements, and kept descriptions of results, belong to a connection.
//
// # Who writes
//
// There is no lock that the end of a process gives back. Instead the one row of the table lease has a random id of the holder, an epoch that
// grows with each holder, and a counter that grows with each transaction. Opening a store puts a new id and epoch there. The last statement of
// each transaction counts the row on from just the id, the epoch and the count that this process left there, and the transaction commits only
// if it found them:
//
//   - Another holder: nothing is committed, and nothing is tried again. state.ErrLocked.
//   - The same holder and a lower count: the database has lost commits, by a failover or because it was put back. Nothing is committed until
//     arcadiad starts again, which looks before it sends anything (law 16). state.ErrSwapped.
//
// This keeps the database right. It does not keep two processes from talking to the cloud at the same moment, because the one that has lost the
// row learns it with its next commit. Every request to the cloud has its intent committed first (law 3), so it sends none after that.
//
// # Answers
//
// A request is answered when it is durable. When the connection breaks during a commit, the counter tells what became of it: the row stays
// locked until that transaction has ended. When the database does not say for twenty seconds, the store writes nothing more.
//
// # Secrets
//
// A saga's secret is deleted with its end. PostgreSQL leaves the bytes in its files until it needs the space, and in its log and the copies that
// are made of it. Who must not see user_data must not see those.
package postgres
