package condition

import (
	"errors"
	"fmt"
	"time"

	"arcadiad/plan"
)

// failingAfter is how long passes fail before people are told: the API may have a bad minute.
const failingAfter = 5 * time.Minute

// fails tells whether passes fail, and have for a while. A mismatch of the pins does not go away by itself.
func (in Input) fails() bool {
	var pin *plan.PinError
	return in.Pass.Err != nil && (errors.As(in.Pass.Err, &pin) || !in.Pass.Failing.IsZero() && in.Now.Sub(in.Pass.Failing) >= failingAfter)
}

func (s Set) failing() []Condition {
	if !s.fails() {
		return nil
	}
	c := Condition{
		Kind: Failing, State: "failing", Since: s.Pass.Failing.UTC(), Summary: fmt.Sprintf("passes fail: %v", s.Pass.Err),
		Advice: "see the log, and what DigitalOcean says of itself; writes and sagas wait, nothing is lost",
	}
	if pin := (*plan.PinError)(nil); errors.As(s.Pass.Err, &pin) {
		c.State, c.Advice = "pinned "+pin.Pin, "all writes are stopped until token, fleet file and state database belong together again"
	}
	return []Condition{c}
}

// file says what is wrong with the newest fleet file, if anything is.
func (s Set) file() []Condition {
	if s.FileErr == nil {
		return nil
	}
	keeping := "nothing is planned, for no version is in force"
	if s.Desired != nil {
		keeping = "the last good version stays in force"
	}
	return []Condition{{
		Kind: File, State: s.FileErr.Error(), Summary: "the fleet file is not usable; " + keeping + ": " + s.FileErr.Error(),
		Advice: "mend the file; to check it: arcadiad validate",
	}}
}
