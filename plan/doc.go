// Package plan compares what is desired, what is recorded and what is seen, and says what is to be done: a [Plan].
//
// [Build] is a pure function. It asks nobody, waits for nothing and remembers nothing; the same three inputs give the same plan,
// in the same order, under the same id, however they were sorted. It goes in four strides, a file for each:
//
//   - index.go sorts every saga, record and droplet under the name that it belongs to. A registered droplet belongs to the name
//     it was recorded under, by id, whatever the console calls it. A droplet that is not ours belongs to nobody.
//   - decide.go looks at one name at a time. A name with a live saga is left alone. A desired and registered name is compared
//     field by field (diff.go): the file changed, or the record is behind, or somebody changed the droplet behind our back.
//     A desired name without a droplet adopts one that bears our tags (claim.go), or is provisioned. What nobody wants is destroyed.
//   - hold.go goes over all actions with an ordered table: each [Hold] is a row. A held action stays in the plan, with the hold and
//     the reason, and is not carried out. A person lets some of them through by naming the plan's id.
//   - license.go: each destroy and replace that is not held gets a [License]. Nothing else makes one, and no droplet is
//     destroyed without one.
//
// What else hangs on a droplet that goes (takes.go) is told to people, and decides nothing.
//
// Every name has at most one action that may start, because it has at most one live saga; what else is due for it is held by
// turn. Failures hold too, for a while (backoff.go), and [Plan.Lapses] says when the first of these waits is over.
//
// What a plan never does by itself, because it takes a person who names the droplet, is in transfer.go: [Adoptable] and [Releasable].
//
// As JSON a plan has the shape that `arcadiad plan -o json` promises. What people read is laid out by package view.
package plan
