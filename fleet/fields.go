package fleet

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
)

// Change says what it takes to change a field of a living droplet.
type Change int

const (
	ChangeReplace Change = iota // a new droplet
	ChangeInPlace               // the living droplet is altered; what cannot be altered is shown as pending, and never a reason to replace
	ChangeRecord                // nothing at DigitalOcean: only the record changes
)

// Kind is the type of a field in the fleet file and in the recorded spec.
type Kind int

const (
	KindString Kind = iota
	KindBool
	KindList // a list of strings
)

// Field is one droplet field: how it reads in a spec and in a droplet, and what a change of it takes.
type Field struct {
	Name     string // as in fleet.yaml, in plans and in recorded specs
	Kind     Kind
	Required bool
	Hashed   bool // recorded and shown as a hash, because it is secret or long
	Change   Change
	AtCreate bool   // it is set when a droplet is made and never again, so that Rules.OnChange decides
	Stays    bool   // no action of the API switches it off: a droplet that was made with it and shows none is misread
	Doc      string // one sentence for the JSON Schema

	// Desired is the canonical value that the spec asks for; false: the spec leaves it open, and any value is right.
	Desired func(Spec) (string, bool)
	// Seen is the canonical value that the droplet shows; false: not readable now. Like is the value it will be compared with:
	// an image is shown as an id or as a slug, whichever was asked for. A nil Seen means that the API never gives it back.
	Seen func(d *Droplet, like string) (string, bool)
	// Alter adds the change from one canonical value to the other to what is altered of a droplet that is to be like the spec. False:
	// that cannot be done on a living droplet. A nil Alter means that it never can.
	Alter func(a *Alteration, s Spec, from, to string) bool
}

// Fields is the one table of droplet fields, in the order in which plans show them. The diff, the recorded spec, the create
// request and the JSON Schema all follow it.
var Fields = []Field{
	{
		Name: "name", Kind: KindString, Required: true, Change: ChangeInPlace,
		Doc:     "The droplet's name, and its hostname. With count: the stem of web-1, web-2, …, or a template with the number in it.",
		Desired: func(s Spec) (string, bool) { return Key(s.Name), true },
		Seen:    func(d *Droplet, _ string) (string, bool) { return Key(d.Name), d.Name != "" },
		Alter:   func(a *Alteration, s Spec, _, _ string) bool { a.Name = s.Name; return true },
	},
	{
		Name: "region", Kind: KindString, Required: true, Change: ChangeReplace,
		Doc:     "Region slug, such as syd1.",
		Desired: func(s Spec) (string, bool) { return lower(s.Region) },
		Seen:    func(d *Droplet, _ string) (string, bool) { return lower(d.Region) },
	},
	{
		Name: "size", Kind: KindString, Required: true, Change: ChangeReplace,
		Doc:     "Size slug, such as s-1vcpu-1gb.",
		Desired: func(s Spec) (string, bool) { return lower(s.Size) },
		Seen:    func(d *Droplet, _ string) (string, bool) { return lower(d.Size) },
		Alter: func(a *Alteration, s Spec, _, to string) bool {
			if s.Rules.Resize != ResizeInPlace && s.Rules.Resize != ResizeWithDisk {
				return false
			}
			a.Size, a.GrowDisk = to, s.Rules.Resize == ResizeWithDisk
			return true
		},
	},
	{
		Name: "image", Kind: KindString, Required: true, Change: ChangeReplace, AtCreate: true,
		Doc:     "Image slug, such as ubuntu-24-04-x64, or the numeric id of a snapshot or custom image.",
		Desired: func(s Spec) (string, bool) { return lower(s.Image) },
		Seen:    seenImage,
	},
	{
		Name: "ssh_keys", Kind: KindList, Hashed: true, Change: ChangeReplace, AtCreate: true,
		Doc:     "SSH keys that root gets: names, numeric ids or fingerprints of keys in the account.",
		Desired: func(s Spec) (string, bool) { return hash(strings.Join(canonicalList(s.SSHKeys), ",")), true },
	},
	{
		Name: "tags", Kind: KindList, Change: ChangeInPlace,
		Doc:     "Tags in addition to arcadiad's own. They may be templates.",
		Desired: func(s Spec) (string, bool) { return strings.Join(canonicalList(s.Tags), ","), true },
		Seen:    func(d *Droplet, like string) (string, bool) { return d.userTags(like), !d.Unread.Has(UnreadTags) },
		Alter: func(a *Alteration, _ Spec, from, to string) bool {
			a.Tag, a.Untag = beyond(List(to), List(from)), beyond(List(from), List(to))
			return true
		},
	},
	{
		Name: "user_data", Kind: KindString, Hashed: true, Change: ChangeReplace, AtCreate: true,
		Doc:     "Text that cloud-init runs at the first boot; at most 64 KiB.",
		Desired: func(s Spec) (string, bool) { return hash(s.UserData), true },
	},
	{
		Name: "vpc_uuid", Kind: KindString, Change: ChangeReplace,
		Doc:     "UUID of the VPC; without it the region's default VPC.",
		Desired: func(s Spec) (string, bool) { return lower(s.VPCUUID) },
		Seen:    func(d *Droplet, _ string) (string, bool) { return lower(d.VPCUUID) },
	},
	{
		Name: "monitoring", Kind: KindBool, Change: ChangeReplace,
		Doc:     "Whether the metrics agent is installed.",
		Desired: func(s Spec) (string, bool) { return strconv.FormatBool(s.Monitoring), true },
		Seen:    seenBool((*Droplet).Monitored),
		Stays:   true,
	},
	{
		Name: "backups", Kind: KindBool, Change: ChangeInPlace,
		Doc:     "Whether DigitalOcean makes backups; this costs extra.",
		Desired: func(s Spec) (string, bool) { return strconv.FormatBool(s.Backups), true },
		Seen:    seenBool((*Droplet).BacksUp),
		Alter: func(a *Alteration, _ Spec, _, to string) bool {
			on := to == "true"
			a.Backups = &on
			return true
		},
	},
	{
		Name: "ipv6", Kind: KindBool, Change: ChangeInPlace,
		Doc:     "Whether the droplet has a public IPv6 address.",
		Desired: func(s Spec) (string, bool) { return strconv.FormatBool(s.IPv6), true },
		Seen:    seenBool((*Droplet).HasIPv6),
		Stays:   true,
		Alter: func(a *Alteration, _ Spec, _, to string) bool {
			a.IPv6 = to == "true" // it cannot be switched off again
			return a.IPv6
		},
	},
	{
		Name: "protect", Kind: KindBool, Change: ChangeRecord,
		Doc: "Whether arcadiad must never destroy or replace the droplet. It stays protected even if removed from the file, until you set protect: false.",
		Desired: func(s Spec) (string, bool) {
			if s.Protect == nil {
				return "", false
			}
			return strconv.FormatBool(*s.Protect), true
		},
		Seen: func(d *Droplet, _ string) (string, bool) {
			return strconv.FormatBool(d.HasTag(ProtectTag)), !d.Unread.Has(UnreadTags)
		},
	},
}

// FieldNamed finds a field by its name.
func FieldNamed(name string) (Field, bool) {
	return find(Fields, func(f Field) bool { return f.Name == name })
}

// find gives the first element that is what is looked for.
func find[T any](list []T, is func(T) bool) (found T, ok bool) {
	i := slices.IndexFunc(list, is)
	if i < 0 {
		return found, false
	}
	return list[i], true
}

func lower(s string) (string, bool) { return strings.ToLower(s), s != "" }

// hash names a value that is not stored or shown itself; the empty value stays empty.
func hash(s string) string {
	if s == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(s))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// seenImage answers in the language of the question: an id for an id, a slug for a slug. A slug that moved on to a newer build is
// shown as null by the API, and is then not readable.
func seenImage(d *Droplet, like string) (string, bool) {
	if like != "" && strings.Trim(like, "0123456789") == "" {
		return strconv.FormatInt(d.ImageID, 10), d.ImageID != 0
	}
	return lower(d.ImageSlug)
}

// seenBool reads what is on or off.
func seenBool(read func(*Droplet) (on, known bool)) func(*Droplet, string) (string, bool) {
	return func(d *Droplet, _ string) (string, bool) {
		on, known := read(d)
		return strconv.FormatBool(on), known
	}
}
