package view

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
)

// Handed tells people what became of an adopt or a release. Shown: its transfers were on the screen before.
func Handed(w io.Writer, h control.Handed, shown bool) error {
	if !shown {
		if err := Transfers(w, h.Transfers); err != nil {
			return err
		}
	}
	done, verb := -len(h.Failed), "Adopted"
	for _, t := range h.Transfers {
		if t.Refused == "" {
			done++
		}
		if t.Kind == plan.Release {
			verb = "Released"
		}
	}
	words := failed(h.Failed)
	switch {
	case h.Declined:
		words += "Nothing was changed.\n"
	case h.Waiting:
		words += "Writes are paused: this has begun, and continues after arcadiad resume.\n"
	case done > 0:
		words += verb + " " + droplets(done) + ".\n"
	}
	_, err := io.WriteString(w, words)
	return err
}

// Transfers writes what would be done, and what is refused.
func Transfers(w io.Writer, list []plan.Transfer) error {
	var b strings.Builder
	var assumed []string
	adopted := 0
	for _, h := range list {
		fmt.Fprintf(&b, "  %s\n", transferLine(h))
		for _, c := range h.Differs {
			fmt.Fprintf(&b, "      %s: %q on the droplet, %q in the file: the next pass changes it, if that is possible\n", c.Field, c.From, c.To)
		}
		if h.Kind == plan.TakeOver && h.Refused == "" {
			adopted++
			assumed = append(assumed, h.Assumed...)
		}
	}
	if len(list) == 0 {
		b.WriteString("There is nothing to adopt: every droplet with a name of the fleet file is registered already.\n")
	}
	if adopted > 0 {
		fmt.Fprintf(&b, "\nThis tags and records %s. Nothing else about them changes.\n", droplets(adopted))
	}
	if len(assumed) > 0 {
		slices.Sort(assumed)
		fmt.Fprintf(&b, "Taken from the file, because it cannot be read: %s.\n", strings.Join(slices.Compact(assumed), ", "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func transferLine(h plan.Transfer) string {
	who := fleet.OneLine(h.Name)
	if h.DropletID != 0 {
		who += fmt.Sprintf(" (droplet %d)", h.DropletID)
	}
	if h.Refused != "" {
		return "! " + who + ": refused: " + fleet.OneLine(h.Refused)
	}
	if h.Kind == plan.TakeOver {
		return "> " + who
	}
	words := "arcadiad's tags are removed, and the name becomes free"
	switch {
	case h.KeepsName:
		words = fmt.Sprintf("arcadiad's tags are removed. %s is still in the fleet file, so its name stays taken and nothing is created under it; "+
			"remove it from the file, then run arcadiad release %[1]s again", h.Name)
	case h.Another:
		words = fmt.Sprintf("it no longer has this fleet's tags, and the name becomes free. %s is still in the fleet file: "+
			"the next pass creates another droplet of that name", h.Name)
	case h.Untagged:
		words = "it no longer has this fleet's tags; the name becomes free"
	}
	if h.Note != "" {
		words += "; " + fleet.OneLine(h.Note)
	}
	return "< " + who + ": " + words + ". The droplet itself stays as it is"
}
