// Package plan compares what is desired, what is recorded and what is seen, and says what is to be done: a [Plan].
//
// [Build] is a pure function. It asks nobody, waits for nothing and remembers nothing; the same three inputs give the same plan,
// in the same order, under the same id, however they were sorted. It goes in four strides:
//
//   - Every saga, record and droplet is sorted under the name that it belongs to. A registered droplet belongs to the name it was
//     recorded under, by id, whatever the console calls it. A droplet that is not ours belongs to nobody.
//   - One name is decided at a time. A name with a live saga is left alone. A desired and registered name is compared field by
//     field: the file changed, or the record is behind, or somebody changed the droplet behind our back. A desired name without a
//     droplet adopts one that bears our tags, or is provisioned. What nobody wants is destroyed.
//   - An ordered table of holds goes over all actions. A held action stays in the plan, with the [Hold] and the reason, and is not
//     carried out. A person lets some of them through by naming the plan's id.
//   - Each destroy and replace that is not held gets a [License]. Nothing else makes one, and no droplet is destroyed without one.
//
// What else hangs on a droplet that goes is told to people, and decides nothing.
//
// Every name has at most one action that may start, because it has at most one live saga; what else is due for it is held by
// turn. So is what would take too many of a group out of service: a change goes through a group batch by batch, as a [Rollout]. Failures hold too, for a while, and [Plan.Lapses] says when the first of these waits is over.
//
// What a plan never does by itself, because it takes a person who names the droplet, are [Adoptable], [Releasable] and [Undoable].
//
// [Plan.MarshalJSON] writes a plan for programs; package view lays it out for people.
//
// A file uses only those below it:
//
//	build.go                   the strides
//	transfer.go                what takes a person: adopt and release
//	json.go                    a plan for programs
//	only.go                    what it has for some names
//	licensing.go               licenses for what nothing holds
//	id.go                      what a plan is called
//	decide.go                  one name at a time
//	adopt.go                   untracked droplets: the one to keep, and the others
//	quarantine.go              droplets in quarantine
//	compare.go update.go       one droplet, field by field, and what is changed in place
//	back.go                    what a rollout that has stopped brings back
//	undo.go                    what takes a person: undo
//	rollouts.go                the changes that go through groups, for people, and what becomes of them
//	probes.go                  what is to be asked before the plan is built again
//	hold.go                    the table of holds
//	hold_turn.go               one action of a name, and of a group those whose turn it is
//	hold_bounds.go             max_droplets, max_monthly_cost, account_limit
//	batch.go                   who of a group goes now
//	hold_maxdestroy.go hold_preflight.go
//	hold_stopped.go hold_ready.go hold_window.go
//	ending.go                  how droplets end
//	groups.go                  how the groups stand in service, and what is to change in them
//	failed.go                  names whose last try failed, by the journal alone
//	hold_backoff.go            what failed, or did not last: loop, stalled, backoff
//	hold_confirm.go hold_lost.go hold_rename.go hold_nametaken.go hold_origin.go
//	hold_attached.go           volumes, reserved_ip
//	hold_protect.go hold_tags.go
//	warn.go                    what people should know besides
//	effort.go cost.go          how long it takes, and what it costs
//	sideeffects.go drain.go    what hangs on droplets that go, and how they leave their load balancers
//	address.go                 the reserved IP that follows a name
//	builder.go                 a plan in the making
//	group.go                   a group, and the change that goes through it
//	draft.go                   an action of a plan in the making
//	newindex.go renames.go     which name each saga, record and droplet belongs to
//	index.go                   everything that is known, by name
//	tally.go                   what became of the creates of a group
//	shape.go                   what specs ask for and records say
//	pin.go                     inputs that do not belong together
//	grant.go                   approvals
//	plan.go byname.go action.go change.go rollout.go
//	license.go                 the leave to destroy one droplet
package plan
