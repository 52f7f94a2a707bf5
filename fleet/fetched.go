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
