// Package saga is a durable step engine: work that must be finished, or undone, whatever crashes in between.
//
// A [Saga] is one piece of work for one subject, in named steps. It is a row in a [Journal]; the [Engine] runs each live saga in a
// goroutine of its own and remembers nothing that the journal does not know.
//
//	pending -> running ------> completed                        every step returned nil
//	              |
//	              v            a step returned Permanent, or a person aborted
//	         compensating ---> compensated, or superseded       every step undone, in reverse order
//
//	running or compensating -> stuck -> back again              needs a person, or patience
//
// # A step
//
// A [Step] has a name, a Run and perhaps a Compensate. What Run returns says what comes next:
//
//	nil              the step is done: its result, the context and the rows of [Run.Put] are committed together, in one
//	                 transaction of the journal, and the next step begins
//	any error        a failed try: try again, with a durable backoff, for ever
//	Later(d, err)    try again after d; not a failure
//	Permanent(err)   this will never work: compensate this step and all before it
//	Supersede(why)   this is no longer asked for: go back the same way, but end superseded
//	NeedsPerson(err) only a person can mend this: stuck at once, and tried again with backoff all the same
//
// A step may be cut off at any moment, and is then run again from its start; so it must be idempotent, and so must its Compensate,
// which may also be called for a step that was only half done or never ran. A try that ends in an error changes nothing but the
// saga's error and its backoff: what it did to the context, the labels and the rows is dropped, but for what it checkpointed.
//
// # Intent first
//
// Before a step does something outside that it could not otherwise know of after a crash, it writes down what it is about to do,
// and calls [Run.Checkpoint]: the context and rows are durable when it returns nil. When it returns an error the step must not go
// on; its try has failed, whatever it returns.
//
// # Pivots
//
// Some steps cannot be undone. Such a step is a pivot ([Step.AsPivot]): once it has checkpointed, or is done, the saga only goes
// forward. Errors, even Permanent ones, are retried; after Options.StuckAfter failed tries the saga is called stuck, and is still
// retried, ever more slowly. A compensation that fails is treated alike. So a pivot must checkpoint before it acts.
//
// # When the daemon stops, and when it is another one that starts
//
// The context given to [Engine.Resume] is the lifetime of all sagas. When it ends, their steps are cancelled; a step that still
// returns nil is committed, any other is left as the journal has it: to be cancelled is no failure. The next Resume carries on by
// the names of the steps, which were frozen when the saga began. A saga whose row, kind, step or context cannot be understood is
// stuck alone, and its evidence is left as it is.
package saga
