package hosts

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"arcadiad/fleet"
)

// Host is a droplet of the fleet as other tools see it.
type Host struct {
	Name       string    `json:"name"`
	ID         int64     `json:"id"`
	Fleet      string    `json:"fleet"`
	Group      string    `json:"group"`
	Region     string    `json:"region"`
	Status     string    `json:"status"`
	Size       string    `json:"size,omitempty"`
	Image      string    `json:"image,omitempty"`
	PublicIP   string    `json:"public_ip,omitempty"`
	PrivateIP  string    `json:"private_ip,omitempty"`
	ReservedIP string    `json:"reserved_ip,omitempty"`
	Tags       []string  `json:"tags"` // without arcadiad's own
	CreatedAt  time.Time `json:"created_at,omitzero"`
}

// Of picks the registered droplets that the account shows, ordered by name. Group tells the group of a name; empty: it is told by the name itself.
func Of(resources []fleet.Resource, owners fleet.Owners, group func(name string) string) []Host {
	list := []Host{}
	for _, r := range resources {
		if r.State(owners) != fleet.StateManaged {
			continue
		}
		list = append(list, Host{
			Name: r.Name, ID: r.DropletID, Fleet: owners.Fleet, Group: cmp.Or(group(r.RecordName), stem(r.RecordName)), Region: r.Region, Status: string(r.Status),
			Size: cmp.Or(r.Size, r.SizeSeen), Image: cmp.Or(r.Image, r.ImageSeen), PublicIP: r.PublicIP, PrivateIP: r.PrivateIP, ReservedIP: r.ReservedIP,
			Tags: (&fleet.Droplet{Tags: r.Tags}).UserTags(), CreatedAt: r.CreatedAt,
		})
	}
	slices.SortStableFunc(list, func(a, b Host) int { return cmp.Or(fleet.CompareNames(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return list
}

// Groups tells the groups of the names that a fleet file asks for.
func Groups(desired fleet.Fleet) func(name string) string {
	return func(name string) string {
		spec, _ := desired.Spec(name)
		return spec.Group
	}
}

// stem is a name without its number.
func stem(name string) string {
	if at := strings.LastIndexByte(name, '-'); at > 0 && strings.Trim(name[at+1:], "0123456789") == "" {
		return name[:at]
	}
	return name
}

// Network is which address of a host others talk to.
type Network string

const (
	Public  Network = "public"
	Private Network = "private"
)

// Options say how hosts are written.
type Options struct {
	Network Network
	Port    int    // of a target for Prometheus
	User    string // who logs in, for Ansible and ssh; empty: they decide
}

// address is the host's address in a network; false: it has none there, or none that is an address.
func (h Host) address(n Network) (string, bool) {
	ip := h.PublicIP
	if n == Private {
		ip = h.PrivateIP
	}
	a, err := netip.ParseAddr(ip)
	return a.String(), err == nil && a.Zone() == ""
}

// Safe makes a text safe as a name in any of the formats: letters, digits, dots, dashes and underscores, and not beginning with a dot or a dash.
func Safe(text string) string {
	safe := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
			return r
		}
		return '_'
	}, text)
	if safe == "" || safe[0] == '-' || safe[0] == '.' {
		safe = "_" + safe
	}
	return safe
}

// named gives each host the name that it has in a format: no two have the same, in whatever letter case, and none has a word that means something
// to Ansible or to everybody.
func named(list []Host) []string {
	names, count := make([]string, len(list)), map[string]int{"all": 1, "ungrouped": 1, "localhost": 1}
	for i, h := range list {
		names[i] = Safe(h.Name)
		count[strings.ToLower(names[i])]++
	}
	for i, h := range list {
		if count[strings.ToLower(names[i])] > 1 {
			names[i] += "-" + itoa(h.ID)
		}
	}
	return names
}

func itoa(id int64) string { return strconv.FormatInt(id, 10) }
