package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
)

const (
	ours   = "203.0.113.1"
	theirs = "203.0.113.2"
)

// addressing is a fleet of web (droplet 101) and app (102) beside a droplet of somebody else (900), with two reserved IPs where at says, by address.
func addressing(at map[string]int64) *scene {
	s := converged("web", "app")
	s.see(900, "foreign")
	hanging := &fleet.Attachments{ByDroplet: map[int64][]fleet.Attachment{}, Addresses: map[string]fleet.Address{}, AddressesKnown: true}
	for ip, droplet := range at {
		hanging.Addresses[ip] = fleet.Address{IP: ip, Region: "syd1", DropletID: droplet}
		if droplet != 0 {
			hanging.ByDroplet[droplet] = append(hanging.ByDroplet[droplet], fleet.Attachment{Kind: fleet.AttachedReservedIP, ID: ip})
		}
	}
	s.observed.Attachments = hanging
	return s
}

// recordAddress has the record of a droplet say that the address was assigned to it.
func (s *scene) recordAddress(droplet int64, ip string) {
	for i := range s.recorded.Records {
		if r := &s.recorded.Records[i]; r.DropletID == droplet {
			r.Values = fleet.Values{fleet.FieldReservedIP: ip}
			for _, f := range fleet.Fields {
				if v, asked := f.Desired(*s.spec(r.Name)); asked && f.Name != "name" && f.Change != fleet.ChangeRecord {
					r.Values[f.Name] = v
				}
			}
		}
	}
}

// addressesOf says in words what a plan does about the reserved IP of web.
func addressesPlanned(p Plan) string {
	var words []string
	for _, a := range p.Actions {
		if a.Name == "web" {
			held := ""
			if a.Held {
				held = " held by " + a.HeldBy
			}
			words = append(words, strings.TrimSpace(fmt.Sprintf("%s -%s +%s%s", a.Kind, a.Alter.Unassign, a.Alter.Assign, held)))
		}
	}
	for _, d := range p.Drift {
		for _, c := range d.Changes {
			words = append(words, fmt.Sprintf("drift %s -> %s (%s)", fleet.Value(c.From), fleet.Value(c.To), c.Cause))
		}
	}
	for _, r := range p.Records {
		words = append(words, fmt.Sprintf("record %q", r.Values[fleet.FieldReservedIP]))
	}
	return strings.Join(words, ", ")
}

// What the file says of a reserved IP, what was assigned, and where it is, in all combinations.
func TestLaw20AddressesThreeWays(t *testing.T) {
	for _, tt := range []struct {
		name           string
		want, recorded string
		at             map[string]int64
		drift          fleet.DriftPolicy
		plan           string
	}{
		{name: "nobody speaks of it", at: map[string]int64{ours: 101}, plan: ""},
		{name: "as the file says", want: ours, recorded: ours, at: map[string]int64{ours: 101}, plan: ""},
		{name: "it has it already", want: ours, at: map[string]int64{ours: 101}, plan: `record "203.0.113.1"`},
		{name: "nobody has it", want: ours, at: map[string]int64{ours: 0}, plan: "update - +203.0.113.1"},
		{name: "another of the fleet has it", want: ours, at: map[string]int64{ours: 102}, plan: "update - +203.0.113.1"},
		{name: "a stranger has it", want: ours, at: map[string]int64{ours: 900}, plan: "update - +203.0.113.1 held by preflight"},
		{name: "one that is not shown has it", want: ours, at: map[string]int64{ours: 901}, plan: "update - +203.0.113.1 held by preflight"},
		{name: "there is none such", want: ours, at: nil, plan: "update - +203.0.113.1 held by preflight"},
		{name: "another one than before", want: theirs, recorded: ours, at: map[string]int64{ours: 101, theirs: 0}, plan: "update -203.0.113.1 +203.0.113.2"},
		{name: "it has one that somebody assigned", want: theirs, at: map[string]int64{ours: 101, theirs: 0}, plan: "update -203.0.113.1 +203.0.113.2 held by preflight"},
		{name: "somebody took it", want: ours, recorded: ours, at: map[string]int64{ours: 0}, plan: "drift 203.0.113.1 -> unassigned (outside)"},
		{name: "somebody moved it", want: ours, recorded: ours, at: map[string]int64{ours: 900}, plan: "drift 203.0.113.1 -> droplet 900 (outside)"},
		{name: "somebody gave it back", want: ours, recorded: ours, plan: "drift 203.0.113.1 -> not in the account (outside)"},
		{name: "to be corrected", want: ours, recorded: ours, at: map[string]int64{ours: 0}, drift: fleet.DriftCorrect, plan: "update - +203.0.113.1"},
		{name: "to be corrected from another of the fleet", want: ours, recorded: ours, at: map[string]int64{ours: 102}, drift: fleet.DriftCorrect, plan: "update - +203.0.113.1"},
		{name: "a stranger's is not corrected", want: ours, recorded: ours, at: map[string]int64{ours: 900}, drift: fleet.DriftCorrect, plan: "drift 203.0.113.1 -> droplet 900 (outside)"},
		{name: "no longer in the file", recorded: ours, at: map[string]int64{ours: 101}, plan: "drift 203.0.113.1 -> (none) (file)"},
		{name: "no longer in the file, nor there", recorded: ours, at: map[string]int64{ours: 0}, plan: `record ""`},
		{name: "none", want: fleet.NoAddress, recorded: ours, at: map[string]int64{ours: 101}, plan: "update -203.0.113.1 +"},
		{name: "none, and it has none", want: fleet.NoAddress, recorded: ours, at: map[string]int64{ours: 0}, plan: `record ""`},
		{name: "none, and somebody assigned one", want: fleet.NoAddress, at: map[string]int64{ours: 101}, drift: fleet.DriftCorrect, plan: "drift (none) -> 203.0.113.1 (outside)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := addressing(tt.at)
			s.spec("web").ReservedIP = tt.want
			s.desired.Policy.Drift = tt.drift
			if tt.recorded != "" {
				s.recordAddress(101, tt.recorded)
			}
			if tt.drift == fleet.DriftCorrect { // the second look
				s.recorded.Deviations = s.build(t).Deviations()
				for i := range s.recorded.Deviations {
					s.recorded.Deviations[i].Since = noon.Add(-time.Hour)
				}
			}
			p := s.build(t)
			if got := addressesPlanned(p); got != tt.plan {
				t.Errorf("got  %s\nwant %s", got, tt.plan)
			}
			checkSound(t, s, p)
			if nobody := tt.want == "" && tt.recorded == ""; p.Addressed() == nobody {
				t.Errorf("it depends on addresses: %v", p.Addressed())
			}
			s.recorded.Deviations = p.Deviations()
			s.observed.Attachments = &fleet.Attachments{}
			if again := s.build(t); !again.Empty() || len(again.Records) != 0 || !slices.Equal(again.Deviations(), p.Deviations()) {
				t.Errorf("while they cannot be read: %s", addressesPlanned(again))
			}
			s.observed.Attachments = nil
			if p := s.build(t); !p.Empty() || len(p.Drift)+len(p.Records) != 0 {
				t.Errorf("before anybody has asked: %s", addressesPlanned(p))
			}
		})
	}
}

// What cannot be assigned holds the create too, by the line of the file.
func TestLaw20PreflightOfAddresses(t *testing.T) {
	for name, tt := range map[string]struct {
		a     fleet.Address
		known bool
		why   string
	}{
		"not read":       {fleet.Address{}, false, "line 8: the account's reserved IPs could not be read, so 203.0.113.1 is not assigned (a warning says why; it takes the scope reserved_ip:read)"},
		"not there":      {fleet.Address{IP: theirs, Region: "syd1"}, true, "line 8: the account has no reserved IP 203.0.113.1"},
		"other region":   {fleet.Address{IP: ours, Region: "nyc3"}, true, "line 8: reserved IP 203.0.113.1 is in nyc3, not in syd1"},
		"a stranger's":   {fleet.Address{IP: ours, Region: "syd1", DropletID: 900}, true, "line 8: reserved IP 203.0.113.1 points to droplet 900, which is not this fleet's: unassign it there, or name another"},
		"nobody's":       {fleet.Address{IP: ours, Region: "syd1"}, true, ""},
		"of the fleet's": {fleet.Address{IP: ours, Region: "syd1", DropletID: 102}, true, ""},
	} {
		s := addressing(nil)
		s.desired.Specs = append(s.desired.Specs, specOf("mail"))
		s.spec("mail").ReservedIP = ours
		s.observed.Attachments.Addresses[tt.a.IP], s.observed.Attachments.AddressesKnown = tt.a, tt.known
		p := s.build(t)
		i := slices.IndexFunc(p.Actions, func(a Action) bool { return a.Name == "mail" })
		if a := p.Actions[i]; a.HeldReason != tt.why || a.Held && a.HeldBy != "preflight" {
			t.Errorf("%s: held by %s: %s", name, a.HeldBy, a.HeldReason)
		}
	}
}

// An address of the region that a droplet is to be made in is not asked for by the droplet of before.
func TestLaw20AddressOfTheNextRegion(t *testing.T) {
	s := addressing(nil)
	s.observed.Attachments.Addresses[ours] = fleet.Address{IP: ours, Region: "nyc3"}
	s.spec("web").ReservedIP, s.spec("web").Region = ours, "nyc3"
	s.expect(t, "update web 101 held by preflight", "replace web 101")
}

// A droplet with a reserved IP goes unasked only where the file says where that goes.
func TestLaw09WhereAnAddressGoes(t *testing.T) {
	scene := func() *scene {
		s := addressing(map[string]int64{ours: 101})
		s.recordAddress(101, ours)
		s.spec("web").ReservedIP = ours
		return s
	}
	s := scene()
	s.spec("web").Image = "debian-12-x64"
	s.expect(t, "replace web 101")
	s.spec("web").ReservedIP = fleet.NoAddress
	s.expect(t, "replace web 101")
	s.spec("web").ReservedIP = ""
	s.expect(t, "replace web 101 held by reserved_ip")

	s = scene()
	s.unwant("web")
	s.expect(t, "destroy web 101 held by reserved_ip")
	s.spec("app").ReservedIP = ours
	p := s.expect(t, "update app 102", "destroy web 101 held by turn")
	if want := "it has the reserved IP 203.0.113.1, which moves to app first"; p.Actions[1].HeldReason != want {
		t.Errorf("it says %q", p.Actions[1].HeldReason)
	}
	if left := p.Actions[1].SideEffects; len(left) != 0 {
		t.Errorf("it leaves behind what moves: %v", left)
	}
}
