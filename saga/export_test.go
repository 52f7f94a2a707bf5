package saga

// What tests ask of a try, and no step does.

func (r *Run) Subject() string { return r.next.Subject }
func (r *Run) Step() string    { return r.next.step() }
func (r *Run) Attempt() int    { return r.next.Attempts + 1 }

// Wake lets the saga of one subject alone try now.
func (e *Engine) Wake(subject string) {
	for _, w := range e.workers() {
		w.mu.Lock()
		its := w.saga.Subject == subject
		w.mu.Unlock()
		if its {
			w.poke()
		}
	}
}
