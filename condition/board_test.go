package condition

import (
	"slices"
	"strings"
	"testing"

	"arcadiad/fleet"
	"arcadiad/plan"
)

// reader is who is told of a board's news, and remembers them.
type reader map[Key]Condition

func (r reader) hears(t *testing.T, b *Board, want ...string) {
	t.Helper()
	var got []string
	news := b.News(r)
	for _, e := range news {
		got = append(got, strings.Join([]string{string(e.What), string(e.Kind), e.Subject}, " "))
	}
	Note(r, news)
	if !slices.Equal(got, want) {
		t.Errorf("told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A plan knows all holds, but says nothing of a name whose saga is live.
func TestReplaceLeavesTheUndecided(t *testing.T) {
	b, r := NewBoard(), reader{}
	holds := func(name string) plan.Action {
		return plan.Action{Kind: plan.Destroy, Name: name, Held: true, HeldBy: "lost"}
	}
	b.Replace(of(fleet.Fleet{}, plan.Plan{Actions: []plan.Action{holds("a"), holds("b")}, Drift: []plan.Drift{{Name: "c"}}}), Passes)
	b.Raise(Condition{Kind: Stuck, Subject: "b"})
	r.hears(t, b, "raised stuck b", "raised held a", "raised held b", "raised drift c")
	b.Replace(of(fleet.Fleet{}, plan.Plan{Actions: []plan.Action{holds("a")}, InFlight: []plan.InFlight{{Name: "b"}}}), Passes)
	r.hears(t, b, "recovered drift c")
	if c := b.Counts(); c[Held] != 2 || c[Stuck] != 1 || c[Drift] != 0 {
		t.Errorf("on the board: %v", c)
	}
	b.Settle(Stuck)
	b.Clear(Stuck, "b", "") // that b is undecided concerns its hold alone
	r.hears(t, b, "recovered stuck b")
	b.Replace(of(fleet.Fleet{}, plan.Plan{Actions: []plan.Action{holds("a")}}), Passes)
	r.hears(t, b, "recovered held b")
}
