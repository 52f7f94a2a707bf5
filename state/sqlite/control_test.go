package sqlite_test

import (
	"fmt"
	"testing"
	"time"

	"arcadiad/fleet"
)

// Law 9: an approval that no pass has seen within a day lapses.
func TestLaw09AnOldApprovalLapses(t *testing.T) {
	inAttic(t, func(a *attic) {
		must(t, a.s.Approve(a.t.Context(), "plan-1"))
		time.Sleep(fleet.GrantLasts)
		must(t, a.s.Approve(a.t.Context(), "plan-2"))
		r := get(a.s.Load(a.t.Context()))(t)
		wantEqual(t, "approved", fmt.Sprint(r.Approved), "[plan-2]")
		wantEqual(t, "lapsed", fmt.Sprint(r.Lapsed), "[plan-1]")
	})
}
