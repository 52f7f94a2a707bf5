// Package postgres is a store in a PostgreSQL database; package state defines what a store keeps.
//
//   - A [Store] writes. There is one at a time, wherever it runs: it has the lease.
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
// message, and the types follow from the Go types. Prepared statements, and kept descriptions of results, belong to a connection. A pipeline binds
// the statement without a name more than once, which is as good: it is over with the next one.
//
// # Who writes
//
// One [Store] has the lease (package lease), wherever it runs; Open waits for it. The last statement of each transaction counts the row of the
// table lease on from just the holder, the epoch and the count that this Store left there, and the transaction commits only if it found them:
//
//   - Another holder: nothing is committed, and nothing is tried again. state.ErrLocked.
//   - The same holder and a lower count: the database has lost commits, by a failover or because it was put back. Nothing is committed until
//     arcadiad starts again. state.ErrSwapped.
//
// So each commit renews the lease, and where there is nothing to write an empty one does. [Store.Leads] is asked right before something is sent
// to the cloud, after its intent was committed (law 3). A Store that could commit nothing for the length of the lease leads no more, even
// if nobody else has taken it: state.ErrLapsed.
//
// A Store that took the lease from another one goes on as after a crash of that one, and as on a backup: a failover may have lost its last
// commits. It sends nothing until the other one's requests cannot be on their way any more ([Options]).
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
