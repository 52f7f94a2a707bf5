package fleet

import "time"

// The names under which a record has what hangs on a droplet and how it ends. None of it is part of what the droplet is ([Spec.Hash]).
const (
	FieldReservedIP = "reserved_ip" // the address that was assigned for the name
	FieldProject    = "project"     // the project that the droplet was put into
	FieldDestroy    = "destroy"     // Ending.String
	FieldDisk       = "disk"        // the size that its disk was grown to, the slug
)

// NoAddress is what Spec.ReservedIP has where the file says that the name has none, and what it had is to be unassigned.
const NoAddress = "none"

// ShortDuration is a duration as the fleet file has it: 10m, not 10m0s.
func ShortDuration(d time.Duration) string {
	s := d.String()
	if n := len(s); n > 3 && s[n-3:] == "m0s" {
		s = s[:n-2]
	}
	if n := len(s); n > 3 && s[n-3:] == "h0m" {
		s = s[:n-2]
	}
	return s
}
