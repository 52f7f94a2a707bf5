package view

import (
	"io"
	"slices"

	"arcadiad/fleet"
	"arcadiad/plan"
)

// Approving writes what an approval of a plan lets through, and what stays held.
func Approving(w io.Writer, p plan.Plan, colored bool) error {
	through, held := p, 0
	through.Actions = slices.DeleteFunc(slices.Clone(p.Actions), func(a plan.Action) bool {
		if a.Held && !a.Approvable && !a.InTurn() {
			held++
		}
		return !a.Approvable
	})
	parts := partsOf(through)
	t := &text{colored: colored, width: nameWidth(parts, nil)}
	t.printf("An approval of plan %s lets through:\n\n", p.ID)
	for i, part := range parts {
		if i > 0 {
			t.printf("\n")
		}
		t.part(part)
	}
	if held > 0 {
		t.printf("\nNo approval lifts what holds %s of this plan.\n", fleet.Counted(held, "change"))
	}
	_, err := w.Write(t.Bytes())
	return err
}
