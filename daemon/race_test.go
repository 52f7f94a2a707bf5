//go:build race

package daemon

// underRace tells that the race detector watches, which makes everything many times slower.
const underRace = true
