// Package lease decides who of several processes may write to what they share, by one row in a database.
//
// The row has a random id of its holder, an epoch that grows with each holder, and a counter that grows with each of the holder's commits. It
// is changed by compare-and-set alone, and only its holder changes it until somebody takes it over. No clock is compared with another one, and
// none has to be right: each process measures times by its own.
//
//   - The [Leader] trusts its lease from the start of its last commit for the lease's length less a margin. Past that it sends nothing.
//   - A [Watch] is the view of a challenger. It may take the row over when it has seen it unchanged for a whole length.
//
// So the two never lead together. A commit that the challenger has seen happened before it saw it, and had started before that. When the
// challenger has waited for a whole length since, more than a whole length has passed since that start, and the leader stopped a margin earlier.
// The margin is for clocks that do not run at the same speed: a fifth of the length allows for more than any clock is wrong by.
//
// A leader that commits after a whole length without a commit finds the row as it was, and still leads no more. Perhaps somebody has led
// meanwhile, and a failover of the database has lost every trace of that. It starts again, and looks before it sends anything.
//
// A new leader sends nothing for a length, or for as long as a request of the old one may be on its way. This also covers a database that loses
// its last commits in a failover: a challenger may have watched a row that stood still because its changes were lost, and a leader may trust a
// lease that nobody else knows of; that one ends before the new one begins. A holder that ends in order gives the lease back, and
// nobody waits for it. This leaves one case open: two take a lease that was given back, because a failover has lost that the first one took it.
// Then both may send within one length, each what its own commits allow, and the first one's next commit ends it.
//
// What a process sends outside the database it sends right after a commit, and after it has looked at its clock once more. When the process is
// stopped after that look, nobody can hold it back.
package lease
