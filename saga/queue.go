package saga

// queue are the sagas that wait for their turn: they were begun by this process, with a step in which many wait ([Step.AsQueued]). They have no
// goroutine and are as the journal has them, so thousands of them hold little. A restart finds them as sagas that were never tried.
type queue struct {
	ahead   int       // sagas that had their turn and have done nothing yet
	waiting []*worker // in the order in which they were begun; those that are not queued any more have left it
}

// admit runs a saga that came into the engine, or lets it wait for its turn. The caller holds the lock.
func (e *Engine) admit(w *worker) {
	switch {
	case w.resumed || !w.untried(), w.ordered():
		e.start(w)
	case e.queue.ahead < e.o.Ahead:
		e.lead(w)
	default:
		w.queued = true
		e.queue.waiting = append(e.queue.waiting, w)
	}
}

// lead runs a saga whose turn it is. The caller holds the lock.
func (e *Engine) lead(w *worker) {
	w.queued, w.ahead = false, true
	e.queue.ahead++
	e.start(w)
}

// overtake runs a saga that has an order to obey and may be waiting for its turn.
func (e *Engine) overtake(w *worker) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if w.queued {
		w.queued = false
		e.start(w)
	}
}

// giveWay gives the place of a saga to the next one.
func (e *Engine) giveWay(w *worker) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !w.ahead {
		return
	}
	w.ahead = false
	e.queue.ahead--
	for len(e.queue.waiting) > 0 {
		next := e.queue.waiting[0]
		e.queue.waiting[0], e.queue.waiting = nil, e.queue.waiting[1:]
		if next.queued {
			e.lead(next)
			return
		}
	}
	e.queue.waiting = nil
}
