package fleet

import (
	"crypto/sha256"
	"encoding/json"
	"slices"
	"sort"
	"strings"
	"time"
)

// Droplet is a droplet as the API shows it, in one answer.
type Droplet struct {
	ID           int64     `json:"ID"`
	Name         string    `json:"Name"`
	Status       Status    `json:"Status"`
	Region       string    `json:"Region"`
	Size         string    `json:"Size"`
	ImageID      int64     `json:"ImageID"`
	ImageSlug    string    `json:"ImageSlug"` // empty once the slug has moved on to a newer build
	Tags         []string  `json:"Tags"`
	VPCUUID      string    `json:"VPCUUID"`
	PublicIPv4   string    `json:"PublicIPv4"` // empty until assigned; active does not imply it
	PrivateIPv4  string    `json:"PrivateIPv4"`
	PublicIPv6   string    `json:"PublicIPv6"`
	Features     []string  `json:"Features"`
	VolumeIDs    []string  `json:"VolumeIDs"`
	Backups      int       `json:"Backups"`            // how many it has; they are destroyed with it
	BackupWindow bool      `json:"BackupWindow"`       // it tells when the next backup is made
	Disk         int       `json:"Disk"`               // GB; stays behind the size's after a resize that left it alone; 0: unknown
	SizeDisk     int       `json:"SizeDisk,omitempty"` // GB that its size has; 0: unknown
	GPU          bool      `json:"GPU"`                // listed only by type=gpus
	Locked       bool      `json:"Locked"`
	Unread       Unread    `json:"Unread"`    // what the answer did not say
	Price        Price     `json:"Price"`     // of its size; zero: the answer did not say
	CreatedAt    time.Time `json:"CreatedAt"` // zero: unknown

	// Data is the object exactly as the API gave it; nil in an observation where the store has the same, and in a journal.
	Data   json.RawMessage `json:"Data,omitempty"`
	SeenAt time.Time       `json:"SeenAt"` // when the request that showed it began; an older sighting never overwrites a newer one
}

// Status is a droplet's status. The API knows new, active, off and archive; deleted is arcadiad's own, for rows that are kept.
type Status string

const (
	StatusUnknown Status = "" // null, left out, or a word that the API does not document
	StatusNew     Status = "new"
	StatusActive  Status = "active"
	StatusOff     Status = "off"
	StatusArchive Status = "archive" // internal to DigitalOcean, practically never seen; it counts as gone
	StatusDeleted Status = "deleted"
)

// HasFeature tells whether the droplet shows the feature.
func (d *Droplet) HasFeature(feature string) bool {
	return slices.ContainsFunc(d.Features, func(f string) bool { return strings.EqualFold(f, feature) })
}

// Account is the account, or the team, that a token acts for.
type Account struct {
	UUID         string // the team's uuid where there is one, else the account's: what a database is pinned to
	Team         string // the team's name, empty without one
	Email        string
	Status       string // active, warning or locked
	DropletLimit int    // 0: the token may not see it
	Simulated    bool   // the answer came from arcadiad's simulator
}

// Observed is one whole look at the account. Only the inventory makes one, and only when every page, the GPU droplets and the
// account answered under one token.
type Observed struct {
	Account  Account
	Droplets []Droplet // every droplet of the account, ordered by id, each id once
	Gone     []int64   // recorded or known ids that are proved gone (law 6), by this look or before it
	Missing  []int64   // ids of what is recorded, or in quarantine, that the look lacks without proof that they are gone
	Absences []Absence // what is known of absent droplets after this look; it replaces what was recorded of them
	BeganAt  time.Time // when the first request began
	EndedAt  time.Time
	Partial  bool // the listing never held still: only the fleet's droplets and those asked for by id are in it
	Requests int  // API requests that this look took

	Traces *Traces // what the fleet's tag tells; nil: nobody asked, because the database knows of droplets

	Catalogue *Catalogue // what can be made; nil: nobody asked, because nothing is to be made
	Pace      Pace

	Attachments *Attachments // what hangs on the droplets; nil: nobody asked, because none is to be destroyed
	Readiness   *Readiness   // which droplets pass their probes; nil: nobody asked, because no group with a probe is to change
}

// Traces are what the tag of the fleet tells of droplets that a database may have been lost of (law 7).
type Traces struct {
	Exists   bool // there is such a tag
	Droplets int  // that bear it, by the tag's own count
}

// Absence finds what is known of an absent droplet.
func (o Observed) Absence(id int64) (Absence, bool) {
	return find(o.Absences, func(a Absence) bool { return a.DropletID == id })
}

// Droplet finds a droplet by id.
func (o Observed) Droplet(id int64) (Droplet, bool) {
	i := sort.Search(len(o.Droplets), func(i int) bool { return o.Droplets[i].ID >= id }) // none of them is copied for it
	if i == len(o.Droplets) || o.Droplets[i].ID != id {
		return Droplet{}, false
	}
	return o.Droplets[i], true
}

// Digest names what the API said of a droplet: equal for equal objects. The zero Digest says nothing.
type Digest [16]byte

// DigestOf is the digest of an object in the API's own words; zero for none.
func DigestOf(data []byte) Digest {
	if len(data) == 0 {
		return Digest{}
	}
	sum := sha256.Sum256(data)
	return Digest(sum[:len(Digest{})])
}

// Unread names the parts of a droplet that an answer left out, or gave as null. They are unknown: never none, and never different from
// anything. A name, a size, a region or an image that is not known is empty or zero, and needs no mark.
type Unread uint8

const (
	UnreadTags      Unread = 1 << iota // the token may lack tag:read
	UnreadFeatures                     // monitoring, backups, ipv6
	UnreadVolumes                      // the token may lack block_storage:read
	UnreadWindow                       // the next backup window
	UnreadAddresses                    // the public and private IPv4 addresses
	UnreadIPv6                         // the public IPv6 address
)

// Has tells whether the part is unknown.
func (u Unread) Has(part Unread) bool { return u&part != 0 }

// Settled reports whether the droplet is known to be past its creation: a new one shows none of its features yet
// (docs/digitalocean-api.md, "New droplets").
func (d *Droplet) Settled() bool { return d.Status != StatusNew && d.Status != StatusUnknown }

// Monitored tells whether the droplet has the metrics agent, as far as that can be read.
func (d *Droplet) Monitored() (on, known bool) {
	on = d.HasFeature("monitoring")
	return on, d.Settled() && (on || !d.Unread.Has(UnreadFeatures))
}

// BacksUp reports whether backups are made of the droplet, as far as that can be read. Its features lack the word under some policies,
// while the next backup window is told (docs/digitalocean-api.md, "The droplet object"): only both together prove that none are made.
func (d *Droplet) BacksUp() (on, known bool) {
	on = d.HasFeature("backups") || d.BackupWindow
	return on, d.Settled() && (on || !d.Unread.Has(UnreadFeatures|UnreadWindow))
}

// HasIPv6 tells whether the droplet has a public IPv6 address, as far as that can be read.
func (d *Droplet) HasIPv6() (on, known bool) {
	on = d.HasFeature("ipv6") || d.PublicIPv6 != ""
	return on, d.Settled() && (on || !d.Unread.Has(UnreadFeatures|UnreadIPv6))
}
