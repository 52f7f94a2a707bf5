package simulator

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// The statuses of a droplet (docs/digitalocean-api.md, "Statuses").
const (
	statusNew    = "new"
	statusActive = "active"
	statusOff    = "off"
)

// droplet is a droplet as it is, and when what becomes visible. Times that are zero mean never. It is kept in the account's file.
type droplet struct {
	ID           int64         `json:"id"`
	Name         string        `json:"name"`
	Region       string        `json:"region"`
	Size         string        `json:"size"`
	Disk         int           `json:"disk"` // GB; stays behind after a resize without the disk
	Image        int64         `json:"image"`
	Tags         []string      `json:"tags"` // canonical spelling, in the order given
	VPC          string        `json:"vpc_uuid"`
	Status       string        `json:"status"`
	Monitoring   bool          `json:"monitoring,omitempty"`
	Backups      bool          `json:"backups,omitempty"`
	IPv6         bool          `json:"ipv6,omitempty"`
	PrivateOnly  bool          `json:"private_only,omitempty"`
	BackupPolicy *backupPolicy `json:"backup_policy,omitempty"`
	Volumes      []string      `json:"volumes,omitempty"`
	Project      string        `json:"project,omitempty"` // empty: the default one
	Snapshots    []int64       `json:"snapshots,omitempty"`
	BackupIDs    []int64       `json:"backup_ids,omitempty"`
	UserData     string        `json:"user_data,omitempty"`
	SSHKeys      []string      `json:"ssh_keys,omitempty"` // fingerprints
	Host         int           `json:"host"`               // the number that its addresses are counted from

	CreatedAt time.Time `json:"created_at"`
	AddressAt time.Time `json:"address_at,omitzero"` // set when it becomes active
	TagsAt    time.Time `json:"tags_at"`
	ListedAt  time.Time `json:"listed_at"`
	FoundAt   time.Time `json:"found_at"` // GET answers 404 before
	VanishAt  time.Time `json:"vanish_at,omitzero"`
	DeletedAt time.Time `json:"deleted_at,omitzero"` // when the DELETE was accepted
	GoneAt    time.Time `json:"gone_at,omitzero"`
	UnlistAt  time.Time `json:"unlist_at,omitzero"`

	IPAfterActive time.Duration `json:"ip_after_active,omitempty"` // decided at create

	Boot       uint64    `json:"boot,omitempty"`       // counts the boots of droplets of its name, from 1; 0: it was there before all
	ReadyAt    time.Time `json:"ready_at,omitzero"`    // it serves from then on, as decided when it booted; zero: it always has
	ReadyUntil time.Time `json:"ready_until,omitzero"` // and from then on no longer

	listed, tagged, addressed, gone bool // by the events

	retaggedAt time.Time // when the last tagging or untagging that was asked for is to show
	goneAt     time.Time // when gone came true

	actions  []*action
	past     []version // what it was, the oldest first
	rendered []byte    // the body as a token with all scopes sees it; nil: to be made
}

// settle queues everything that will become of the droplet by itself. A droplet read from a file is settled again: what lies in
// the past happens at the next advance.
func (a *Account) settle(d *droplet) {
	a.at(d.ListedAt, func(time.Time) {
		if d.gone {
			return
		}
		a.change(d, func() { d.listed = true })
	})
	a.at(d.TagsAt, func(time.Time) { a.change(d, func() { d.tagged = true }) })
	a.at(d.AddressAt, func(time.Time) { a.change(d, func() { d.addressed = true }) })
	a.at(d.VanishAt, func(at time.Time) {
		if d.gone {
			return
		}
		a.end(d, at)
		a.change(d, func() { d.listed = false })
	})
	a.settleDelete(d)
}

// settleDelete queues what an accepted DELETE leads to.
func (a *Account) settleDelete(d *droplet) {
	a.at(d.GoneAt, func(at time.Time) { a.end(d, at) })
	a.at(d.UnlistAt, func(time.Time) { a.change(d, func() { d.listed = false }) })
}

// activate is what the create action's success means.
func (a *Account) activate(d *droplet, at time.Time) {
	d.AddressAt = at.Add(d.IPAfterActive)
	a.change(d, func() { d.Status = statusActive })
	a.boot(d, at)
	if d.IPAfterActive == 0 {
		d.addressed = true
		return
	}
	a.at(d.AddressAt, func(time.Time) { a.change(d, func() { d.addressed = true }) })
}

// end lets a droplet be gone: GET answers 404, and actions that were under way have failed.
func (a *Account) end(d *droplet, at time.Time) {
	if d.gone {
		return
	}
	a.remember(d)
	d.gone, d.goneAt = true, at
	delete(a.droplets, d.ID)
	a.bury(d)
	for _, act := range d.actions {
		if act.Status == inProgress {
			act.Status, act.CompletedAt = errored, at
		}
	}
	a.images = slices.DeleteFunc(a.images, func(i *image) bool { return slices.Contains(d.BackupIDs, i.ID) })
	a.detach(d)
	last := a.truth(d)
	last.EndedAt = at
	a.ended = append(a.ended, last)
}

// present tells whether the droplet is there in truth: it neither vanished nor was deleted.
func (d *droplet) present() bool { return !d.gone && d.DeletedAt.IsZero() }

// Addresses. Public IPv4 come from 198.18.0.0/15 (benchmarking, RFC 2544: never routed, and roomy), private ones from a /16 of
// 10/8 per region, IPv6 from 2001:db8::/32 (documentation). With Options.Loopback public IPv4 come from 127.64.0.0/11, private ones from
// 127.96.0.0/11.

// publicIPv4 is the zero Addr for a droplet that is private only.
func (a *Account) publicIPv4(d *droplet) netip.Addr {
	if d.PrivateOnly {
		return netip.Addr{}
	}
	if a.s.opts.Loopback {
		return loopbackIPv4(64, d.Host)
	}
	n := d.Host%(1<<17-512) + 256
	return netip.AddrFrom4([4]byte{198, 18 + byte(n>>16), byte(n >> 8), byte(n)})
}

func (a *Account) privateIPv4(d *droplet) netip.Addr {
	if a.s.opts.Loopback {
		return loopbackIPv4(96, d.Host)
	}
	n := d.Host%(1<<16-512) + 256
	return netip.AddrFrom4([4]byte{10, 100 + byte(a.s.cat.regionIndex(d.Region)), byte(n >> 8), byte(n)})
}

func loopbackIPv4(first byte, host int) netip.Addr {
	n := host%(1<<21-512) + 256
	return netip.AddrFrom4([4]byte{127, first + byte(n>>16), byte(n >> 8), byte(n)})
}

func (d *droplet) publicIPv6(region int) string {
	if !d.IPv6 {
		return ""
	}
	return netip.MustParseAddr(fmt.Sprintf("2001:db8:%x::%x:%x", region+1, d.Host>>16+1, d.Host&0xffff)).String()
}

// text is the address as the API shows it; empty: there is none.
func text(ip netip.Addr) string {
	if !ip.IsValid() {
		return ""
	}
	return ip.String()
}

type addressV4 struct {
	IP      string `json:"ip_address"`
	Netmask string `json:"netmask"`
	Gateway string `json:"gateway"` // private ones have none
	Type    string `json:"type"`
}

type addressV6 struct {
	IP      string `json:"ip_address"`
	Netmask int    `json:"netmask"`
	Gateway string `json:"gateway"`
	Type    string `json:"type"`
}

type networks struct {
	V4 []addressV4 `json:"v4"`
	V6 []addressV6 `json:"v6"`
}

func (a *Account) networks(d *droplet) networks {
	n := networks{V4: []addressV4{}, V6: []addressV6{}}
	if !d.addressed {
		return n
	}
	region := a.s.cat.regionIndex(d.Region)
	n.V4 = append(n.V4, addressV4{text(a.privateIPv4(d)), "255.255.0.0", "", "private"})
	if ip := text(a.publicIPv4(d)); ip != "" {
		gateway := strings.Join(strings.Split(ip, ".")[:2], ".") + ".0.1"
		n.V4 = append(n.V4, addressV4{ip, "255.255.0.0", gateway, "public"})
	}
	if r := a.reservedIPOf(d.ID); r != nil { // shown as one more public address (docs/digitalocean-api.md, "Reserved IPs")
		n.V4 = append(n.V4, addressV4{r.IP, "255.255.255.0", "203.0.113.254", "public"})
	}
	if ip := d.publicIPv6(region); ip != "" {
		n.V6 = append(n.V6, addressV6{ip, 64, fmt.Sprintf("2001:db8:%x::1", region+1), "public"})
	}
	return n
}

func (d *droplet) features() []string {
	f := []string{}
	if d.Status == statusNew {
		return f
	}
	if d.Backups {
		f = append(f, "backups")
	}
	if d.Monitoring {
		f = append(f, "monitoring")
	}
	f = append(f, "private_networking")
	if d.IPv6 {
		f = append(f, "ipv6")
	}
	return f
}

// dropletBody is the droplet object of the API (docs/digitalocean-api.md, "The droplet object").
type dropletBody struct {
	ID               int64      `json:"id"`
	Name             string     `json:"name"`
	Memory           int        `json:"memory"`
	VCPUs            int        `json:"vcpus"`
	Disk             int        `json:"disk"`
	DiskInfo         []diskInfo `json:"disk_info"`
	GPUInfo          *gpuInfo   `json:"gpu_info,omitempty"`
	Locked           bool       `json:"locked"`
	Status           string     `json:"status"`
	Kernel           *struct{}  `json:"kernel"`
	CreatedAt        string     `json:"created_at"`
	Features         []string   `json:"features"`
	BackupIDs        []int64    `json:"backup_ids"`
	NextBackupWindow *window    `json:"next_backup_window"`
	SnapshotIDs      []int64    `json:"snapshot_ids"`
	VolumeIDs        []string   `json:"volume_ids,omitzero"` // left out for a token without block_storage:read
	SizeSlug         string     `json:"size_slug"`
	Networks         networks   `json:"networks"`
	Tags             []string   `json:"tags"`
	VPC              string     `json:"vpc_uuid,omitempty"`

	image, size, region json.RawMessage // rendered already; they are the bulk, and are copied in behind the rest
}

func (b dropletBody) encode() []byte {
	head := encode(b)
	var o object
	o.b.Write(head[:len(head)-1])
	o.raw("image", b.image)
	o.raw("size", b.size)
	o.raw("region", b.region)
	return o.bytes()
}

// render gives the droplet's body as a token that lacks some scopes sees it. The body for one that lacks none is kept.
func (a *Account) render(d *droplet, without scopes) []byte {
	if len(without) == 0 && d.rendered != nil {
		return d.rendered
	}
	b := a.body(d, without).encode()
	if len(without) == 0 && !d.Backups { // the next backup window moves with the clock
		d.rendered = b
	}
	return b
}

func (a *Account) body(d *droplet, without scopes) dropletBody {
	size := a.s.cat.size(d.Size)
	b := dropletBody{
		ID: d.ID, Name: d.Name, Memory: size.Memory, VCPUs: size.VCPUs, Disk: d.Disk,
		DiskInfo: diskOf(d.Disk), GPUInfo: size.GPUInfo,
		Locked: false, // not set during actions (docs/digitalocean-api.md, "The droplet object")
		Status: d.Status, CreatedAt: timestamp(d.CreatedAt), Features: d.features(), BackupIDs: orEmpty(d.BackupIDs),
		SnapshotIDs: orEmpty(d.Snapshots), VolumeIDs: orEmpty(d.Volumes), size: size.rendered, SizeSlug: d.Size,
		Networks: a.networks(d), Tags: []string{}, VPC: d.VPC,
	}
	if d.Backups && d.Status != statusNew {
		b.NextBackupWindow = d.BackupPolicy.next(time.Now())
	}
	if d.tagged && without.has("tag:read") {
		b.Tags = orEmpty(d.Tags)
	}
	b.region = a.s.cat.region(d.Region).rendered
	if !without.has("sizes:read") {
		b.region = a.s.cat.region(d.Region).renderedBare
	}
	b.image = a.renderImage(d)
	if !without.has("image:read") {
		b.image, b.SnapshotIDs, b.BackupIDs = json.RawMessage("{}"), []int64{}, []int64{}
	}
	if !without.has("vpc:read") {
		b.VPC = ""
	}
	if !without.has("block_storage:read") {
		b.VolumeIDs = nil
	}
	return b
}

// renderImage shows the droplet's image; a slug that has moved on is null (docs/digitalocean-api.md, "Images").
func (a *Account) renderImage(d *droplet) json.RawMessage {
	img := a.image(d.Image)
	if img == nil { // a private image that was deleted since
		img = &image{ID: d.Image, Name: "deleted", Distribution: "Unknown", Type: "snapshot", Regions: []string{}, Status: "deleted"}
	}
	shown := *img
	if a.s.faults.SlugRetired && a.s.always("slug_retired", d.Name) {
		shown.Slug = nil
	}
	return encode(shown.body())
}

// forgetRendered drops the kept bodies of all droplets.
func (s *Simulator) forgetRendered() {
	for _, a := range s.accounts() {
		for _, d := range a.droplets {
			d.rendered = nil
		}
	}
}

func (s *Simulator) accounts() []*Account {
	accounts := []*Account{s.Account}
	for _, a := range s.tokens {
		accounts = append(accounts, a)
	}
	return accounts
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func timestamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Droplet is a droplet as it is in truth, for peeks.
type Droplet struct {
	ID          int64
	Name        string
	Region      string
	Size        string
	Disk        int // GB
	ImageID     int64
	Image       string // slug; empty where there is none
	Status      string // new, active or off
	Tags        []string
	VPCUUID     string
	PublicIPv4  string // as it will be, shown or not; empty: private only
	PrivateIPv4 string
	IPv6        bool
	Monitoring  bool
	Backups     bool
	Volumes     []string
	UserData    string
	SSHKeys     []string // fingerprints
	CreatedAt   time.Time
	Deleted     bool      // a DELETE was accepted, whatever the API still shows
	EndedAt     time.Time // when it was gone for good; zero while it is there
}

// HasTag tells whether the droplet bears the tag, in whatever case.
func (d Droplet) HasTag(tag string) bool {
	return slices.ContainsFunc(d.Tags, func(t string) bool { return strings.EqualFold(t, tag) })
}

func (a *Account) truth(d *droplet) Droplet {
	t := Droplet{
		ID: d.ID, Name: d.Name, Region: d.Region, Size: d.Size, Disk: d.Disk, ImageID: d.Image, Status: d.Status,
		Tags: slices.Clone(d.Tags), VPCUUID: d.VPC, PublicIPv4: text(a.publicIPv4(d)), PrivateIPv4: text(a.privateIPv4(d)),
		IPv6: d.IPv6, Monitoring: d.Monitoring, Backups: d.Backups, Volumes: slices.Clone(d.Volumes), UserData: d.UserData,
		SSHKeys: slices.Clone(d.SSHKeys), CreatedAt: d.CreatedAt, Deleted: !d.DeletedAt.IsZero(),
	}
	if img := a.image(d.Image); img != nil && img.Slug != nil {
		t.Image = *img.Slug
	}
	return t
}
