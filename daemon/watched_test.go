package daemon

import (
	"reflect"
	"testing"
	"time"

	"arcadiad/reconcile"
	"arcadiad/saga"
)

// A call of the state database that never returns is noticed, whichever it is.
func TestEveryCallOfTheStoreIsWatched(t *testing.T) {
	p := newWatchdog(time.Minute)
	watchedCalls(t, p, reflect.TypeFor[saga.Journal](), watchedJournal{watchdog: p})
	watchedCalls(t, p, reflect.TypeFor[reconcile.Store](), watchedStore{watchdog: p})
}

// watchedCalls calls each method of an interface on what stands before a store that is not there: the call must be noted before it fails.
func watchedCalls(t *testing.T, p *watchdog, of reflect.Type, by any) {
	t.Helper()
	for m := range of.Methods() {
		p.beat = time.Time{}
		func() {
			defer func() { recover() }()
			method := reflect.ValueOf(by).MethodByName(m.Name)
			var args []reflect.Value
			for i := range method.Type().NumIn() {
				args = append(args, reflect.Zero(method.Type().In(i)))
			}
			if method.Type().IsVariadic() {
				method.CallSlice(args)
			} else {
				method.Call(args)
			}
		}()
		if p.beat.IsZero() {
			t.Errorf("%s.%s is not watched", of, m.Name)
		}
	}
}
