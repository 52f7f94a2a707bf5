package state

import (
	"sync"

	"arcadiad/fleet"
)

// The bounds of what is kept of the calls of one saga: how it began, and how it went on lately.
const (
	FirstCalls  = 20
	NewestCalls = 180
	waitingMost = 10_000 // sagas whose calls wait for a commit
)

// Calls are the calls of sagas that are not written yet.
type Calls struct {
	mu    sync.Mutex
	calls map[string][]fleet.Call
}

// Note keeps a call for each of the sagas. A list that grows long loses its oldest.
func (w *Calls) Note(sagas []string, c fleet.Call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.calls == nil {
		w.calls = map[string][]fleet.Call{}
	}
	for _, id := range sagas {
		list := w.calls[id]
		switch {
		case len(list) > 0 && list[len(list)-1].Folds(c):
		case len(list) == 0 && len(w.calls) >= waitingMost: // they belong to sagas that are over, and are never written
			clear(w.calls)
			w.calls[id] = []fleet.Call{c}
		case len(list) >= NewestCalls:
			w.calls[id] = append(list[1:len(list):len(list)], c)
		default:
			w.calls[id] = append(list, c)
		}
	}
}

// Take gives what waits for a saga.
func (w *Calls) Take(id string) []fleet.Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.calls[id]
	delete(w.calls, id)
	return list
}

// Back puts in front again what could not be written.
func (w *Calls) Back(id string, list []fleet.Call) {
	if len(list) == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls[id] = append(list, w.calls[id]...)
}
