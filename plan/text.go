package plan

import (
	"fmt"
	"io"
	"strings"
)

// Options of [Plan.Text].
type Options struct{}

// Text writes the actions for failed tests, a line each, and the summary. What people read is laid out by package view.
func (p Plan) Text(w io.Writer, _ Options) error {
	var b strings.Builder
	for _, a := range p.Actions {
		fmt.Fprintf(&b, "%s %s %d: %s %v %s %s\n", a.Kind, a.Name, a.DropletID, a.Reason, a.Changes, a.HeldBy, a.HeldReason)
	}
	_, err := fmt.Fprintf(w, "%s%+v %q\n", b.String(), p.Summary, p.Warnings)
	return err
}
