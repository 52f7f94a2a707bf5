package daemon

// A sweep is a test that visits very many cases of one kind: every point at which a process can die, every story of an account. Under the race
// detector, which makes everything many times slower, it visits some of them: what a case comes to does not depend on the detector. `make test`
// runs the sweeps again without it, by the list SWEEPS in the Makefile: each whole, but for every second crash point (see apart).

// stride is how many cases lie between two that a sweep visits. Sweeps inside a sweep begin at other ones each.
func stride() int {
	if underRace {
		return 48
	}
	return 1
}

// visits tells whether a sweep visits its i-th case.
func visits(i int) bool { return i%stride() == 0 }
