package view

import (
	"strings"
	"testing"
	"time"

	"arcadiad/control"
	"arcadiad/plan"
)

func TestAppliedText(t *testing.T) {
	stuck := control.Progress{Name: "db", Kind: "ReplaceDroplet", Status: "stuck", Error: "no\nroom", Saga: "0123456789abcdef"}
	left := plan.Plan{ID: "1", Actions: provisions(1), Summary: plan.Summary{Provision: 1}}
	for _, tt := range []struct {
		what  string
		came  control.Applied
		shown bool
		want  string
	}{
		{"declined", control.Applied{Declined: true}, true, "Nothing was changed.\n"},
		{"converged", control.Applied{Converged: true}, true, "Converged in 1m5s.\n"},
		{"nothing to do", control.Applied{After: plan.Plan{Fleet: "demo"}}, false, "Nothing to do: fleet demo is empty, as the file asks.\n"},
		{"all is held", control.Applied{Plan: left, After: left}, true, "All of these changes remain.\n"},
		{"failed", control.Applied{Failed: []control.Progress{stuck}}, true,
			"Failed: db: ReplaceDroplet stuck: no room (see: arcadiad saga show 01234567)\nThese changes remain:\n\nNothing to do: fleet  is empty, as the file asks.\n"},
	} {
		var b strings.Builder
		if err := Applied(&b, tt.came, tt.shown, 65*time.Second, false); err != nil || b.String() != tt.want {
			t.Errorf("%s: %q, %v, want %q", tt.what, b.String(), err, tt.want)
		}
	}
}

func TestHandedText(t *testing.T) {
	one := []plan.Transfer{{Kind: plan.TakeOver, Name: "web-1", DropletID: 7}}
	undone := []plan.Transfer{{Kind: plan.Undo, Name: "mail", DropletID: 7, Undoing: &plan.Undoing{Aborts: "0123456789", Successor: 9, Address: "203.0.113.7",
		Differs: []plan.FieldChange{{Field: "image", From: "a", To: "b"}}, Group: "mail"}}}
	for _, tt := range []struct {
		came  control.Handed
		shown bool
		want  string
	}{
		{control.Handed{}, false, "There is nothing to adopt: every droplet with a name of the fleet file is registered already.\n"},
		{control.Handed{Transfers: one, Declined: true}, true, "Nothing was changed.\n"},
		{control.Handed{Transfers: one, Waiting: true}, true, "Writes are paused: this has begun, and continues after arcadiad resume.\n"},
		{control.Handed{Transfers: one}, true, "Adopted 1 droplet.\n"},
		{control.Handed{Transfers: []plan.Transfer{{Kind: plan.Release, Name: "web-1"}}}, true, "Released 1 droplet.\n"},
		{control.Handed{Transfers: undone, Undone: control.Undone{Released: 9}}, true, "Brought back 1 droplet.\nmail is droplet 7 again, and serves.\n" +
			"Droplet 9 is no longer arcadiad's: it goes on running, and is billed. When you no longer need it: doctl compute droplet delete 9\n" +
			"To have it back instead: arcadiad release mail, rename droplet 7, then arcadiad adopt mail\n"},
		{control.Handed{Transfers: undone, Undone: control.Undone{Unready: "tcp 25: refused"}}, false,
			"  < mail (droplet 7): it gets its tags and its record back, and is switched on\n" +
				"      saga 01234567, which is at work on mail, goes back first\n" +
				"      droplet 9, which is mail now, is released: arcadiad's tags are removed; it goes on running, and is billed until you destroy it\n" +
				"      the reserved IP 203.0.113.7 moves to it\n" +
				"      it has image a, and the file asks for image b: the rollout of mail stops, so that the next pass does not change it again;\n" +
				"      change the file to what it has, or later go on with: arcadiad rollout resume mail\n" +
				"Brought back 1 droplet.\nmail is droplet 7 again, but does not serve yet: tcp 25: refused\n"},
		{control.Handed{Transfers: []plan.Transfer{{Kind: plan.Undo, Name: "mail", DropletID: 7, Undoing: &plan.Undoing{Follows: "0123456789"}}}, Declined: true}, false,
			"  < mail (droplet 7): it is on its way back already, by saga 01234567\nNothing was changed.\n"},
		{control.Handed{Transfers: one, Failed: []control.Progress{{Name: "web-1", Kind: "ClaimDroplet", Status: "stuck"}}}, true,
			"Failed: web-1: ClaimDroplet stuck:  (see: arcadiad saga show )\n"},
	} {
		var b strings.Builder
		if err := Handed(&b, tt.came, tt.shown); err != nil || b.String() != tt.want {
			t.Errorf("%q, %v, want %q", b.String(), err, tt.want)
		}
	}
}
