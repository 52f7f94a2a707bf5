package inventory

import (
	"slices"
	"sync"
	"time"

	"arcadiad/fleet"
)

// answerLasts is how long an answer that hardly ever changes serves the looks after it.
const answerLasts = 2 * time.Minute

// latest are the last answers of that kind. The next sync asks for all of them again.
type latest struct {
	mu        sync.Mutex
	account   fleet.Account
	accountAt time.Time // when it answered
	noGPUs    time.Time // when the listing of the GPU droplets was empty; zero: it was not, the last time
}

func (l *latest) answered(account fleet.Account) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.account, l.accountAt = account, time.Now()
}

// of gives the account as it answered within that time for a token that is proved to be of that one; false: it is to be asked.
func (l *latest) of(proved string) (fleet.Account, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.account, proved != "" && proved == l.account.UUID && time.Since(l.accountAt) < answerLasts
}

func (l *latest) listedGPUs(droplets int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.noGPUs = time.Now(); droplets > 0 {
		l.noGPUs = time.Time{}
	}
}

func (l *latest) withoutGPUs() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Since(l.noGPUs) < answerLasts
}

// lacksKnown tells whether the listing without GPU droplets lacks a droplet that is known: it may be one.
func lacksKnown(listed []fleet.Droplet, recorded fleet.Recorded) bool {
	shown := fleet.SetOf(listed, func(d fleet.Droplet) int64 { return d.ID })
	return slices.ContainsFunc(recorded.Known, func(k fleet.Known) bool { return !shown[k.DropletID] }) ||
		slices.ContainsFunc(recorded.Records, func(r fleet.Record) bool { return !shown[r.DropletID] })
}
