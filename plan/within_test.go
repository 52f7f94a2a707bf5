package plan

import (
	"testing"

	"arcadiad/fleet"
)

func TestWithin(t *testing.T) {
	a := Action{Kind: Provision, Name: "a", Spec: fleet.Spec{Name: "a", Size: "s-1vcpu-1gb"}}
	b := Action{Kind: Destroy, Name: "b", DropletID: 7}
	c := Action{Kind: Update, Name: "c", DropletID: 8, Changes: []FieldChange{{Field: "size", From: "a", To: "b"}}}
	first := Action{Kind: Replace, Name: "a", DropletID: 9, Spec: a.Spec}
	first.Spec.Rules.Order = fleet.DestroyFirst
	of := func(actions ...Action) Plan { return Plan{Actions: actions} }
	other := func(a Action, alter func(*Action)) Action { alter(&a); return a }
	for _, tt := range []struct {
		name  string
		now   Plan
		shown Plan
		want  bool
	}{
		{"the same", of(a, b), of(a, b), true},
		{"what is left of it", of(b), of(a, b), true},
		{"nothing is left of it", of(), of(a, b), true},
		{"one more", of(a, b), of(a), false},
		{"another droplet", of(other(b, func(b *Action) { b.DropletID = 8 })), of(b), false},
		{"another spec", of(other(a, func(a *Action) { a.Spec.Size = "s-2vcpu-2gb" })), of(a), false},
		{"another kind", of(other(b, func(b *Action) { b.Kind = Replace })), of(b), false},
		{"held now", of(other(b, func(b *Action) { b.Held = true })), of(), true},
		{"held when it was shown", of(b), of(other(b, func(b *Action) { b.Held = true })), false},
		{"waited for its turn", of(b), of(other(b, func(b *Action) { b.Held, b.HeldBy = true, "turn" })), true},
		{"another change", of(other(c, func(c *Action) { c.Changes = []FieldChange{{Field: "size", From: "a", To: "c"}} })), of(c), false},
		{"noticed at another time", of(other(c, func(c *Action) { c.Changes = []FieldChange{{Field: "size", From: "a", To: "b", Since: noon}} })), of(c), true},
		{"the second half", of(a), of(first), true},
		{"another second half", of(other(a, func(a *Action) { a.Spec.Size = "s-2vcpu-2gb" })), of(first), false},
		{"no second half", of(a), of(other(first, func(a *Action) { a.Spec.Rules.Order = fleet.CreateFirst })), false},
	} {
		if got := tt.now.Within(tt.shown); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
