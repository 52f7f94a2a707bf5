package doctor

import (
	"fmt"
	"time"

	"arcadiad/fleet"
	"arcadiad/fleetfile"
)

// fetched looks at how the fleet file is brought here, where arcadiad pull does that.
func (r *Report) fetched(file string) {
	const check, do = "fetch", "systemctl list-timers 'arcadiad-pull@*', journalctl -u 'arcadiad-pull@*'; docs/gitops.md says more"
	f, err := fleetfile.FetchedBeside(file)
	switch {
	case err != nil:
		r.Add(check, Warn, err.Error(), do)
		return
	case f == nil:
		return
	}
	said := fmt.Sprintf("%s from %s: ", f.Ref, f.Repo)
	age := time.Since(f.At)
	if f.At.IsZero() {
		said += "never fetched"
	} else {
		said += fmt.Sprintf("%s, fetched %s ago", f.Short(), fleet.Lasting(age.Truncate(time.Minute)))
	}
	switch {
	case f.Error != "":
		r.Add(check, Warn, said+"; the last pull failed: "+f.Error, do)
	case f.Late(time.Now()):
		r.Add(check, Warn, said+"; is its timer off?", do)
	default:
		r.Add(check, OK, said, "")
	}
}
