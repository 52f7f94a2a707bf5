// Package tables is what the stores in SQL databases have in common: it reads and writes the tables in a transaction that the store gives.
//
//   - [Reads] and [Writes] are the methods of a store, as package state describes them.
//   - A [Writer] gathers what is to be written into few transactions.
//   - A [Dialect] is what a database says in words of its own.
//
// The store itself opens the database, makes the tables, takes the right to write, gives snapshots, and explains errors.
//
// # Writing
//
// All changes go through one goroutine and one connection. The goroutine takes all waiting requests, gives each a savepoint in one
// transaction, and commits: a thousand sagas share one commit, and a single one waits for nobody. A request that fails is rolled back
// alone; a commit that fails is an error for all of its requests, and writes nothing. A request is answered when it is durable.
//
// A database behind a connection has a [Pipeline]. Requests that touch different sagas and droplets are recorded as statements, merged, and sent
// at once, in one savepoint: a statement is parsed once for all of them, and nobody waits for answers in between. When one fails, all of them are
// taken back, and it is looked for by halving. The sightings of a look go as lists of a hundred rows ([Dialect]).
//
// # Sightings
//
// What a droplet looks like (resources) hardly ever changes; when it was last seen (sightings) changes with every sync. They are
// separate tables, so that a sync of an account at rest writes 80 bytes for each droplet. The view cloud_resources joins them for
// readers.
//
// # Times and JSON
//
// Times are RFC 3339 text in UTC with nine digits of the second, so that they compare as text; a zero time is NULL. cloud_resources
// keeps the API's own JSON beside the columns. The recorded spec is JSON with the keys of the fleet file. True and false are 1 and 0.
package tables
