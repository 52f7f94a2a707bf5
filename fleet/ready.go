package fleet

import (
	"fmt"
	"time"
)

// Ready says how a droplet shows that it serves: by passing a probe of its own address.
type Ready struct {
	Port    int           `json:"port,omitempty"`    // dialed by TCP
	HTTP    bool          `json:"http,omitempty"`    // and asked for Path, by GET
	TLS     bool          `json:"tls,omitempty"`     // by HTTPS; the certificate is not verified, since it is for a name and the probe knows an address
	Path    string        `json:"path,omitempty"`    // of HTTP, with its query
	Status  int           `json:"status,omitempty"`  // the only good answer of HTTP; 0: any from 200 to 299
	Private bool          `json:"private,omitempty"` // the private address instead of the public one
	Within  time.Duration `json:"within,omitempty"`  // from active until it must have become ready
	For     time.Duration `json:"for,omitempty"`     // for how long the probe must pass, again and again, until the droplet counts as ready
}

// DefaultReadyWithin is the time to become ready where the file does not say.
const DefaultReadyWithin = 10 * time.Minute

// Address is the address of the droplet that the probe goes to; empty: the droplet shows none.
func (r Ready) Address(d *Droplet) string {
	if r.Private {
		return d.PrivateIPv4
	}
	return d.PublicIPv4
}

// String names the probe as people know it: tcp 22, http 8080 /healthz.
func (r Ready) String() string {
	switch {
	case !r.HTTP:
		return fmt.Sprintf("tcp %d", r.Port)
	case r.TLS:
		return fmt.Sprintf("https %d %s", r.Port, r.Path)
	}
	return fmt.Sprintf("http %d %s", r.Port, r.Path)
}

// Readiness is what probes of the fleet's droplets have found.
type Readiness struct {
	Passes map[int64]bool // by droplet id; a droplet that is not in it was not probed
	// Answered tells whether any droplet of the fleet passed its own probe of late. Where none does, this host's own network may be down,
	// and no droplet is to blame.
	Answered bool
}

// Passing tells whether the droplet was probed and passed.
func (r *Readiness) Passing(id int64) bool { return r != nil && r.Passes[id] }
