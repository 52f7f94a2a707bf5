package plan

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"arcadiad/fleet"
)

// One field in every constellation of desired, recorded and seen; "-" is absent, unreadable or not asked for.
func TestThreeWay(t *testing.T) {
	const (
		small, big, huge = "s-1vcpu-1gb", "s-2vcpu-2gb", "s-8vcpu-16gb"
	)
	for _, tc := range []struct {
		field                   string
		desired, recorded, seen string
		want                    string
	}{
		{"size", small, small, small, ""},
		{"size", small, small, big, "drift s-1vcpu-1gb>s-2vcpu-2gb"},
		{"size", big, small, big, "record s-2vcpu-2gb"},
		{"size", big, small, small, "replace s-1vcpu-1gb>s-2vcpu-2gb"},
		{"size", big, small, huge, "replace s-8vcpu-16gb>s-2vcpu-2gb"},
		{"size", big, "-", big, "record s-2vcpu-2gb"},
		{"size", big, "-", small, "pending s-1vcpu-1gb>s-2vcpu-2gb"},
		{"size", "S-1VCPU-1GB", small, small, ""},

		{"image", "ubuntu-24-04-x64", "ubuntu-24-04-x64", "-", ""}, // the slug moved on to a newer build
		{"image", "debian-12-x64", "ubuntu-24-04-x64", "-", "replace ubuntu-24-04-x64>debian-12-x64"},
		{"image", "ubuntu-24-04-x64", "-", "-", ""},
		{"image", "9000", "ubuntu-24-04-x64", "ubuntu-24-04-x64", "record 9000"}, // the same image in other words
		{"image", "9001", "ubuntu-24-04-x64", "ubuntu-24-04-x64", "replace ubuntu-24-04-x64>9001"},

		{"region", "nyc3", "syd1", "syd1", "replace syd1>nyc3"},
		{"vpc_uuid", "-", "-", "v1", ""}, // the file does not say, and any value is right
		{"vpc_uuid", "-", "v1", "v1", ""},
		{"vpc_uuid", "v1", "v1", "-", ""}, // the token may not see VPCs
		{"vpc_uuid", "v2", "v1", "v1", "replace v1>v2"},
		{"vpc_uuid", "v2", "-", "v1", "pending v1>v2"},

		{"monitoring", "true", "false", "false", "replace false>true"},
		{"monitoring", "true", "true", "false", "drift true>false"},
		{"backups", "true", "false", "false", "update false>true"},
		{"backups", "false", "false", "true", "drift false>true"},
		{"backups", "false", "true", "true", "update true>false"},
		{"backups", "true", "false", "true", "record true"},
		{"ipv6", "true", "false", "false", "update false>true"},
		{"ipv6", "false", "true", "true", "pending true>false"}, // DigitalOcean cannot
		{"ipv6", "true", "-", "false", "pending false>true"},
		{"tags", "web", "web", "web", ""},
		{"tags", "web,db", "web", "web", "update web>db,web"},
		{"tags", "web", "web", "web,x", "drift web>web,x"},
		{"tags", "DB,web", "db,web", "web,Db", ""},
		{"tags", "web,db", "web", "web,x", "update web,x>db,web,x"},                   // x is somebody else's, and stays
		{"tags", "db", "web,db", "db,web,x", "update db,web,x>db,x"},                  // web goes
		{"tags", "web,db", "web", "db,web,x", "drift db,web>db,web,x, record db,web"}, // somebody was faster
		{"tags", "web,db", "web", "x", "update x>db,x"},                               // somebody took web off

		{"user_data", "b", "a", "", "replace"}, // never readable: the record alone counts
		{"user_data", "a", "a", "", ""},
		{"user_data", "a", "-", "", "record assumed"},
		{"ssh_keys", "k1", "k2", "", "replace"},
		{"ssh_keys", "k1,k2", "k2,k1", "", ""},
	} {
		t.Run(fmt.Sprintf("%s/%s/%s/%s", tc.field, tc.desired, tc.recorded, tc.seen), func(t *testing.T) {
			s := converged("web-1")
			set(t, s.spec("web-1"), tc.field, tc.desired)
			record := &s.recorded.Records[0]
			if tc.recorded == "-" {
				delete(record.Values, tc.field)
			} else {
				said := specOf("web-1")
				set(t, &said, tc.field, tc.recorded)
				record.Values = fleet.ValuesOf(said)
			}
			show(t, s.droplet(101), tc.field, tc.seen)
			if got := s.outcome(t, tc.field); got != tc.want && (tc.want != "replace" || !strings.HasPrefix(got, "replace ")) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// set gives a spec's field a value.
func set(t *testing.T, s *fleet.Spec, field, value string) {
	if value == "-" {
		value = ""
	}
	var items []string
	if value != "" {
		items = strings.Split(value, ",")
	}
	switch field {
	case "size":
		s.Size = value
	case "image":
		s.Image = value
	case "region":
		s.Region = value
	case "vpc_uuid":
		s.VPCUUID = value
	case "monitoring":
		s.Monitoring = value == "true"
	case "backups":
		s.Backups = value == "true"
	case "ipv6":
		s.IPv6 = value == "true"
	case "tags":
		s.Tags = items
	case "user_data":
		s.UserData = value
	case "ssh_keys":
		s.SSHKeys = items
	default:
		t.Fatalf("unknown field %s", field)
	}
}

// show makes a droplet show a value.
func show(t *testing.T, d *fleet.Droplet, field, value string) {
	if value == "-" {
		value = ""
	}
	switch field {
	case "size":
		d.Size = value
	case "image":
		d.ImageSlug = value
	case "region":
		d.Region = value
	case "vpc_uuid":
		d.VPCUUID = value
	case "monitoring", "backups", "ipv6":
		if value == "true" {
			d.Features = append(d.Features, field)
		}
	case "tags":
		d.Tags = append(d.Tags, strings.Split(value, ",")...)
	case "user_data", "ssh_keys":
	default:
		t.Fatalf("unknown field %s", field)
	}
}

// outcome builds and says what the plan does about the one field.
func (s *scene) outcome(t *testing.T, field string) string {
	p := s.build(t)
	checkSound(t, s, p)
	var said []string
	note := func(word string, changes []FieldChange) {
		for _, c := range changes {
			if c.Field != field {
				t.Errorf("unasked: %s %+v", word, c)
			}
			said = append(said, word+" "+c.From+">"+c.To)
		}
	}
	for _, a := range p.Actions {
		note(string(a.Kind), a.Changes)
	}
	for _, d := range p.Drift {
		note("drift", d.Changes)
	}
	for _, d := range p.Pending {
		note("pending", d.Changes)
	}
	for _, r := range p.Records {
		if slices.Contains(r.Assumed, field) {
			said = append(said, "record assumed")
			continue
		}
		said = append(said, "record "+r.Values[field])
	}
	return strings.Join(said, ", ")
}

func TestDriftBeyondTheFields(t *testing.T) {
	s := converged("web-1")
	s.droplet(101).Status = fleet.StatusOff
	if got := s.outcome(t, "status"); got != "drift active>off" {
		t.Errorf("off: %q", got)
	}
	s = converged("web-1")
	s.droplet(101).ImageID = 9001 // rebuilt from a newer build of the same slug
	if got := s.outcome(t, "image"); got != "drift ubuntu-24-04-x64 (id 9000)>ubuntu-24-04-x64 (id 9001)" {
		t.Errorf("rebuilt: %q", got)
	}
	s.recorded.Records[0].ImageID = 0 // not known which build it was
	if got := s.outcome(t, "image"); got != "" {
		t.Errorf("unknown build: %q", got)
	}
	s.recorded.Records[0].ImageID, s.droplet(101).ImageID = 9000, 0 // the token may not read images
	if got := s.outcome(t, "image"); got != "" {
		t.Errorf("unreadable build: %q", got)
	}
	s = converged("web-1")
	s.recorded.Records[0].Protect = true // the mirror was taken off in the console
	if got := s.outcome(t, "protect"); got != "drift true>false" {
		t.Errorf("protect: %q", got)
	}
}

// A droplet that is still new shows none of its features, and an adopted one takes the file's word for what cannot be read.
func TestAdoptionByItselfNeverReplaces(t *testing.T) {
	s := newScene("web-1")
	spec := s.spec("web-1")
	spec.UserData, spec.SSHKeys, spec.Monitoring, spec.IPv6, spec.Tags = "#!", []string{"1"}, true, true, []string{"a"}
	d := s.seeTagged(7, "web-1")
	d.Status, d.ImageSlug, d.Features = fleet.StatusNew, "", nil
	p := s.expect(t, "adopt web-1 7")
	if a := p.Actions[0].Record.Assumed; !slices.Equal(a, []string{"backups", "image", "ipv6", "monitoring", "ssh_keys", "user_data"}) {
		t.Errorf("assumed %v", a)
	}
	s.recorded.Records = []fleet.Record{p.Actions[0].Record}
	s.expect(t, "update web-1 7") // the tag that it lacks
}

// What differs from the file when it is adopted is said beforehand, because a replace comes next.
func TestAdoptionForetellsTheReplace(t *testing.T) {
	s := newScene("web-1")
	s.seeTagged(7, "web-1").Size = "s-8vcpu-16gb"
	p := s.expect(t, "adopt web-1 7")
	if !slices.Equal(p.Actions[0].Changes, []FieldChange{changeOf("size", "s-8vcpu-16gb", "s-1vcpu-1gb", CauseFile)}) {
		t.Errorf("changes %+v", p.Actions[0].Changes)
	}
	s.recorded.Records = []fleet.Record{p.Actions[0].Record}
	s.expect(t, "replace web-1 7")
}

// Re-recording keeps what it does not touch, and never writes into the record it was given.
func TestRecordAgain(t *testing.T) {
	s := converged("web-1")
	s.spec("web-1").Size, s.spec("web-1").Image = "s-2vcpu-2gb", "9001"
	s.droplet(101).Size, s.droplet(101).ImageID = "s-2vcpu-2gb", 9001
	before := s.recorded.Records[0]
	before.Values = maps.Clone(before.Values)
	before.Assumed = []string{"image", "ssh_keys"}
	s.recorded.Records[0].Assumed = []string{"image", "ssh_keys"}
	p := s.expect(t)
	if !p.Settled() || len(p.Records) != 1 {
		t.Fatalf("got %+v", p)
	}
	r := p.Records[0]
	if r.Values["size"] != "s-2vcpu-2gb" || r.Values["image"] != "9001" || r.ImageID != 9001 || r.Values["region"] != "syd1" ||
		r.SagaID != before.SagaID || !r.RecordedAt.Equal(noon) || !slices.Equal(r.Assumed, []string{"ssh_keys"}) {
		t.Errorf("record %+v", r)
	}
	if !reflect.DeepEqual(before, s.recorded.Records[0]) {
		t.Errorf("the input was changed: %+v", s.recorded.Records[0])
	}
	s.recorded.Records[0] = r
	if p := s.expect(t); len(p.Records) != 0 {
		t.Errorf("recorded again and again: %+v", p.Records)
	}
}

// The shortcut for droplets of one group must see every field that the table sees.
func TestAlikeKnowsEveryField(t *testing.T) {
	var shape shape
	base := specOf("web-1")
	kind := reflect.TypeOf(base)
	for i := range kind.NumField() {
		other := base
		v := reflect.ValueOf(&other).Elem().Field(i)
		switch v.Kind() {
		case reflect.String:
			v.SetString("changed")
		case reflect.Bool:
			v.SetBool(!v.Bool())
		case reflect.Int:
			v.SetInt(v.Int() + 1)
		case reflect.Slice:
			v.Set(reflect.ValueOf([]string{"changed"}))
		case reflect.Pointer:
			v.Set(reflect.New(kind.Field(i).Type.Elem()))
		case reflect.Struct:
			switch set := v.Addr().Interface().(type) {
			case *fleet.Ending:
				set.Snapshot = true
			case *fleet.Numbering:
				set.Width++
			case *fleet.Rules:
				for j := range v.NumField() {
					v.Field(j).SetString("changed")
				}
			default:
				t.Fatalf("field %s: %s", kind.Field(i).Name, v.Type())
			}
		default:
			t.Fatalf("field %s: %s", kind.Field(i).Name, v.Kind())
		}
		if hash := fleet.HashDesired(func(i int) (string, bool) { w := shape.of(&other)[i]; return w.value, w.asked }); hash != other.Hash() {
			t.Errorf("after a change of %s: hash %s, want %s", kind.Field(i).Name, hash, other.Hash())
		}
		shape.of(&base)
		got := slices.Clone(shape.of(&other))
		for j, f := range fleet.Fields {
			if f.Change == fleet.ChangeRecord {
				continue
			}
			value, asked := f.Desired(other)
			if got[j] != (want{value, asked}) {
				t.Errorf("after a change of %s: field %s gives %v, want %v %v", kind.Field(i).Name, f.Name, got[j], value, asked)
			}
		}
	}
}
