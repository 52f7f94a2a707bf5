//go:build race

package provision_test

// underRace tells that the race detector watches, which makes everything many times slower.
const underRace = true
