package fleetfile

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"arcadiad/fleet"
)

// Imported is a fleet file that was written for droplets which are there already.
type Imported struct {
	File    []byte    // the text of the fleet file; Decode reads it
	Taken   []int64   // the droplets that it describes, by id
	LeftOut []LeftOut // what it does not, by name
}

// LeftOut is a droplet that a fleet file cannot describe, or should not.
type LeftOut struct {
	Droplet fleet.Droplet
	Why     string
}

// Import writes the fleet file of the named fleet that describes droplets of an account exactly as they are. It needs every droplet
// of the account, to tell names that are borne twice; choose says which of them to describe, nil: all. A VPC that vpcs knows as the
// default of the droplet's region is not named: without a name a droplet gets that one. What the API does not give back, and whatever was
// left out, stands in comments.
func Import(name string, account fleet.Account, droplets []fleet.Droplet, vpcs map[string]fleet.VPC, choose func(fleet.Droplet) bool) (Imported, error) {
	return origin{droplets: droplets, account: account, vpcs: vpcs, says: apiSays}.describe(name, choose)
}

// origin is where the droplets of a file are known from.
type origin struct {
	droplets []fleet.Droplet
	account  fleet.Account
	vpcs     map[string]fleet.VPC                    // by uuid, lower case, as far as they are known
	says     string                                  // what the file should say of it, as comment lines
	more     map[int64][]field                       // what it knows of droplets beyond what they show, by id
	after    func(taken []int64, b *strings.Builder) // writes more comments at the end; nil: there are none
}

// fields are what the file says of a droplet beside its name.
func (s origin) fields(d fleet.Droplet) []field {
	if vpc := s.vpcs[strings.ToLower(d.VPCUUID)]; vpc.Default && strings.EqualFold(vpc.Region, d.Region) {
		d.VPCUUID = ""
	}
	return append(fields(d), s.more[d.ID]...)
}

func (s origin) describe(name string, choose func(fleet.Droplet) bool) (Imported, error) {
	droplets := s.droplets
	if problem, hint := fleetNameForm.check(name); problem != "" {
		return Imported{}, fmt.Errorf("the fleet's name: %s (%s)", problem, hint)
	}
	bearers := map[string][]fleet.Droplet{}
	for _, d := range droplets {
		bearers[fleet.Key(d.Name)] = append(bearers[fleet.Key(d.Name)], d)
	}
	var out Imported
	var taken []fleet.Droplet
	for _, d := range droplets {
		if choose != nil && !choose(d) {
			continue
		}
		if why := s.unfit(name, d, bearers[fleet.Key(d.Name)]); why != "" {
			out.LeftOut = append(out.LeftOut, LeftOut{d, why})
			continue
		}
		taken = append(taken, d)
		out.Taken = append(out.Taken, d.ID)
	}
	slices.Sort(out.Taken)
	slices.SortFunc(out.LeftOut, func(a, b LeftOut) int { return fleet.CompareNames(a.Droplet.Name, b.Droplet.Name) })
	slices.SortFunc(taken, func(a, b fleet.Droplet) int { return fleet.CompareNames(a.Name, b.Name) })
	var b strings.Builder
	s.render(&b, name, s.stanzasOf(taken), out.LeftOut)
	if s.after != nil {
		s.after(out.Taken, &b)
	}
	out.File = []byte(b.String())
	return out, s.proofread(out.File, taken)
}

// unfit says why a droplet is left out; empty: it is not.
func (s origin) unfit(fleetName string, d fleet.Droplet, bearers []fleet.Droplet) string {
	switch whose := (fleet.Owners{Fleet: fleetName}).Of(d.Tags); {
	case whose.By == fleet.OtherFleet, whose.By == fleet.Unproved:
		return whose.Reason()
	case d.Controlled() != "":
		return d.Controlled()
	case len(bearers) > 1:
		return fmt.Sprintf("%d droplets have that name", len(bearers))
	case d.Status != fleet.StatusActive:
		return fmt.Sprintf("its status is %s, not active", d.Status)
	case d.GPU:
		return "a fleet file does not say all that makes a GPU droplet"
	case len(d.VolumeIDs) > 0:
		return "a volume is attached to it, which a fleet file cannot say"
	case d.ImageSlug == "" && d.ImageID == 0:
		return "its image cannot be read"
	}
	for _, f := range s.fields(d) {
		for _, v := range f.values {
			if problem, _ := formOf[f.name].check(v); problem != "" {
				return f.name + ": " + problem
			}
		}
	}
	if problem, _ := formOf["name"].check(d.Name); problem != "" {
		return "name: " + problem
	}
	return ""
}

// field is one line of a stanza, with the values of a droplet as the file says them. Text is never the name.
type field struct {
	name   string
	values []string // one, or those of a list; none for a boolean
	text   string   // as YAML
}

// fields are what the file says of a droplet beside its name. What is false or empty is not said: that is its default.
func fields(d fleet.Droplet) []field {
	image := cmp.Or(d.ImageSlug, strconv.FormatInt(d.ImageID, 10))
	list := []field{word("region", d.Region), word("size", d.Size), word("image", image)}
	if d.VPCUUID != "" {
		list = append(list, word("vpc_uuid", strings.ToLower(d.VPCUUID)))
	}
	if tags := d.UserTags(); len(tags) > 0 {
		list = append(list, field{"tags", tags, "[" + strings.Join(fleet.Words(tags, scalar), ", ") + "]"})
	}
	for _, feature := range []string{"monitoring", "backups", "ipv6"} {
		if d.HasFeature(feature) {
			list = append(list, field{name: feature, text: "true"})
		}
	}
	if d.HasTag(fleet.ProtectTag) {
		list = append(list, field{name: "protect", text: "true"})
	}
	return list
}

func word(name, value string) field {
	if digits.MatchString(value) {
		return field{name, []string{value}, value} // an image's id
	}
	return field{name, []string{value}, scalar(value)}
}

// What YAML takes for a string without quotes; a word with a special meaning is quoted all the same.
var (
	digits  = regexp.MustCompile(`^[1-9][0-9]*$`)
	bare    = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_.-]*$`)
	special = regexp.MustCompile(`(?i)^(null|true|false|yes|no|on|off|y|n)$`)
)

func scalar(s string) string {
	if bare.MatchString(s) && !special.MatchString(s) {
		return s
	}
	return strconv.Quote(s) // the forms leave nothing that Go and YAML would quote differently
}

// proofread reads back what was written: it must describe exactly the droplets that it was written for.
func (s origin) proofread(file []byte, droplets []fleet.Droplet) error {
	f, err := Decode("the written file", file, func(string) ([]byte, error) { return nil, errors.New("it names no files") })
	if err != nil {
		return fmt.Errorf("the fleet file that was written cannot be read back: %w", err)
	}
	if len(f.Specs) != len(droplets) {
		return fmt.Errorf("the fleet file that was written describes %d droplets, not %d", len(f.Specs), len(droplets))
	}
	for _, d := range droplets {
		spec, _ := f.Spec(d.Name)
		for _, more := range s.more[d.ID] {
			if more.name == "ssh_keys" && !slices.Equal(spec.SSHKeys, more.values) {
				return fmt.Errorf("the fleet file that was written says ssh_keys: %q of %s, which has %q", spec.SSHKeys, d.Name, more.values)
			}
		}
		for _, field := range fleet.Fields {
			if field.Seen == nil {
				continue
			}
			want, asked := field.Desired(spec)
			if seen, ok := field.Seen(&d, want); asked && (!ok || seen != want) {
				return fmt.Errorf("the fleet file that was written says %s: %q of %s, which has %q", field.Name, want, d.Name, seen)
			}
		}
	}
	return nil
}
