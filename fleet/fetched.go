package fleet

import "time"

// Fetched is what `arcadiad pull` knows of the repository that it fetches a fleet file from.
type Fetched struct {
	Repo    string    `json:"repo"`
	Ref     string    `json:"ref"`
	At      time.Time `json:"fetched_at,omitzero"` // when a pull last succeeded; zero: none did
	Tried   time.Time `json:"tried_at"`            // when the last pull was tried
	Commit  string    `json:"commit"`              // the commit in use; empty: none yet
	Subject string    `json:"subject"`             // the first line of its message
	Error   string    `json:"error,omitempty"`     // why the last pull failed; empty: it did not
	Trees   []string  `json:"trees"`               // commits whose work trees are kept, the one in use first
}

// Short is the commit as people write it; empty where there is none.
func (f Fetched) Short() string { return Revision{Commit: f.Commit}.Short() }

// How old the last fetch may be before people are told: where pulls fail, longer than a repository's host may have a bad minute; where none is
// tried, longer than any sensible timer waits. The timer of the package fetches every minute.
const (
	FetchFailing = 15 * time.Minute
	FetchLate    = time.Hour
)

// Failing tells whether pulls fail, and have for a while.
func (f Fetched) Failing(now time.Time) bool { return f.Error != "" && now.Sub(f.At) >= FetchFailing }

// Late tells whether no pull has been tried for long.
func (f Fetched) Late(now time.Time) bool { return f.Error == "" && now.Sub(f.At) >= FetchLate }
