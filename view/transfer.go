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

// Handed tells people what became of an adopt, a release or an undo. Shown: its transfers were on the screen before.
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
		switch t.Kind {
		case plan.Release:
			verb = "Released"
		case plan.Undo:
			verb = "Brought back"
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
		for _, t := range h.Transfers {
			words += back(t, h.Undone)
		}
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
		if h.Undoing != nil {
			b.WriteString(undoing(h))
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
	switch {
	case h.Kind == plan.TakeOver:
		return "> " + who
	case h.Undoing != nil && h.Undoing.Follows != "":
		return "< " + who + ": it is on its way back already, by saga " + fleet.Saga8(h.Undoing.Follows)
	case h.Undoing != nil:
		return "< " + who + ": it gets its tags and its record back, and is switched on"
	}
	words := "arcadiad's tags are removed, and the name becomes free"
	switch {
	case h.Heir != 0:
		words = fmt.Sprintf("it loses the name, and what it has of arcadiad's tags: the next pass gives %s to droplet %d, which has the fleet's tags", h.Name, h.Heir)
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

// undoing says what bringing a droplet back means for others.
func undoing(h plan.Transfer) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, "      "+format+"\n", args...) }
	u := h.Undoing
	if u.Aborts != "" {
		line("saga %s, which is at work on %s, goes back first", fleet.Saga8(u.Aborts), fleet.OneLine(h.Name))
	}
	if u.Successor != 0 {
		line("droplet %d, which is %s now, is released: arcadiad's tags are removed; it goes on running, and is billed until you destroy it", u.Successor, fleet.OneLine(h.Name))
	}
	if u.Address != "" {
		line("the reserved IP %s moves to it", u.Address)
	}
	if len(u.Differs) > 0 {
		from, to := plan.InWords(u.Differs)
		line("it has %s, and the file asks for %s: the rollout of %s stops, so that the next pass does not change it again;", from, to, u.Group)
		line("change the file to what it has, or later go on with: arcadiad rollout resume %s", u.Group)
	}
	return b.String()
}

// back says what is left to do once a droplet is back.
func back(t plan.Transfer, u control.Undone) string {
	if t.Undoing == nil {
		return ""
	}
	words := fmt.Sprintf("%s is droplet %d again, and serves.\n", fleet.OneLine(t.Name), t.DropletID)
	if u.Unready != "" {
		words = fmt.Sprintf("%s is droplet %d again, but does not serve yet: %s\n", fleet.OneLine(t.Name), t.DropletID, fleet.OneLine(u.Unready))
	}
	if id := u.Released; id != 0 {
		words += fmt.Sprintf("Droplet %d is no longer arcadiad's: it goes on running, and is billed. When you no longer need it: doctl compute droplet delete %[1]d\n"+
			"To have it back instead: arcadiad release %[2]s, rename droplet %[3]d, then arcadiad adopt %[2]s\n", id, fleet.OneLine(t.Name), t.DropletID)
	}
	return words
}
