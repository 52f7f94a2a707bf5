package fleet

import "time"

// Catalogue is what an account may be given: the sizes, and those images, SSH keys, VPCs and projects that somebody asked for. What it does
// not hold was not asked for, or could not be read, and is then not known: nothing is concluded from it.
type Catalogue struct {
	Sizes  map[string]Size   // by slug; nil: not known
	Images map[string]Image  // by slug or id, as it was asked for; one that is not there is in it as the zero Image
	Keys   map[string]SSHKey // by id and by fingerprint, lower case: every key of the account; nil: not known
	VPCs   map[string]VPC    // by uuid; one that is not there is in it as the zero VPC

	// Projects are all projects of the account, their ids by their names, spelled as they are there: DigitalOcean asks for unique names, and
	// nothing says that it ignores case. The id of a name that two have is empty. Nil: not known.
	Projects map[string]string

	Unread []string  // what could not be read and why, in words
	ReadAt time.Time // when its oldest part was asked for
}

// Size is a size of droplets (docs/digitalocean-api.md, "Sizes and prices").
type Size struct {
	Slug      string
	Available bool     // false: no new droplets of it anywhere
	Regions   []string // where it can be made; a listing is no promise of capacity
	Disk      int      // GB
	Price     Price
}

// Image is what a droplet is made from.
type Image struct {
	ID      int64 // 0: there is none
	Slug    string
	Regions []string
	MinDisk int // GB that a size's disk must have
}

// VPC is a private network.
type VPC struct {
	UUID    string // empty: there is none
	Region  string
	Default bool // the one of its region that droplets get which name none
}

// Pace is how fast requests may go.
type Pace struct {
	Minute, Hour int           // requests that are arcadiad's share of the rate limit; 0: not known
	Left         int           // of the hour's, what is left now
	Interval     time.Duration // between two looks at what is waited for
}
