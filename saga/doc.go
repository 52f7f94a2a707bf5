// Package saga is a durable step engine: it finishes or undoes work, whatever crashes in between.
//
// A [Saga] is one piece of work for one subject, in named steps. It is a row in a [Journal]; the [Engine] runs each live saga in a
// goroutine of its own and keeps no state outside the journal.
//
//	pending -> running ------> completed                        every step returned nil
//	              |
//	              v            a step returned Permanent, or a person aborted
//	         compensating ---> compensated, or superseded       every step undone, in reverse order
//
//	running or compensating -> stuck -> back again              needs a person, or time
//
// # A step
//
// A [Step] has a name, a Run and perhaps a Compensate. The result of Run decides what comes next:
//
//	nil              the step is done: its result, the context and the rows of [Run.Put] are committed together, in one
//	                 transaction of the journal, and the next step begins
//	any error        a failed try: try again, with a durable backoff, forever
//	Later(d, err)    try again after d; not a failure
//	Permanent(err)   this will never work: compensate this step and all before it
//	Supersede(why)   this is no longer asked for: compensate too, but end superseded
//	NeedsPerson(err) only a person can fix this: stuck at once, and still retried with backoff; of a Later, after its d
//
// A step may be cut off at any moment, and then runs again from its start. So it must be idempotent, and so must its Compensate, which
// may also be called for a step that is half done or never ran. A try that ends in an error changes only the saga's error and
// backoff: its changes of the context, the labels and the rows are dropped, except for what it checkpointed.
//
// # Intent first
//
// Before a step has an effect outside that it could not detect after a crash, it writes what it is about to do into its context and
// calls [Run.Checkpoint]. When that returns nil, the context and rows are durable. When it returns an error the step must stop: its
// try has failed, whatever the step returns.
//
// # Pivots
//
// A step that cannot be undone is a pivot ([Step.AsPivot]): once it has checkpointed, or is done, the saga only goes forward. Errors,
// even Permanent ones, are retried. After Options.StuckAfter failed tries the saga is stuck, and retried more and more slowly. A
// failing compensation is treated the same way. So a pivot must checkpoint before it acts.
//
// # The queue
//
// Thousands of sagas may begin with a step in which all of them wait for the same thing before they do anything ([Step.AsQueued]). Of these
// Options.Ahead are tried at once; the others wait for their turn without a goroutine, in the order in which they were begun. They are live, as
// sagas that were never tried: an order to abort one is obeyed at once, and a restart, which knows of no queue, tries all of them.
//
// # Stop and restart
//
// The context given to [Engine.Resume] is the lifetime of all sagas. When it ends, their steps are cancelled. A step that
// still returns nil is committed; any other stays as the journal has it, since a cancellation is not a failure. The next Resume
// continues by the names of the steps, which are fixed when the saga begins. A saga whose row, kind, step or context cannot be
// decoded is stuck alone, and its evidence stays as it is.
package saga
