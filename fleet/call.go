package fleet

import "time"

// Call is a request to the API that was made for a saga, or several alike in a row.
type Call struct {
	Method    string        `json:"Method"`
	Path      string        `json:"Path"`      // with the query that matters; never a host or a token
	Status    int           `json:"Status"`    // HTTP status of the last one; 0: there was no answer
	RequestID string        `json:"RequestID"` // the API's name for the last one
	Error     string        `json:"Error"`     // why there was no answer, or why it could not be read
	BeganAt   time.Time     `json:"BeganAt"`
	Took      time.Duration `json:"Took"`   // of the last one, from the wire to the whole answer
	Times     int           `json:"Times"`  // how many alike; from 1
	LastAt    time.Time     `json:"LastAt"` // when the last one began
}

// Folds tells whether the next call is one of the same kind, and takes it in if so. Reads alone fold: each write is a fact by itself.
func (c *Call) Folds(next Call) bool {
	if c.Method != "GET" || next.Method != c.Method || next.Path != c.Path || next.Status != c.Status || next.Error != c.Error {
		return false
	}
	c.Times += next.Times
	c.RequestID, c.Took, c.LastAt = next.RequestID, next.Took, next.LastAt
	return true
}
