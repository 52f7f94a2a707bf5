package plan

import (
	"testing"

	"arcadiad/fleet"
)

func TestWithin(t *testing.T) {
	a := Action{Kind: Provision, Name: "a", Spec: fleet.Spec{Name: "a", Size: "s-1vcpu-1gb"}}
	b := Action{Kind: Destroy, Name: "b", DropletID: 7}
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
	} {
		if got := tt.now.Within(tt.shown); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
