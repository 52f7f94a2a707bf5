package plan

import (
	"fmt"
	"slices"
	"testing"

	"arcadiad/fleet"
)

// hang hangs something on a droplet, as if the account had been asked.
func (s *scene) hang(droplet int64, a fleet.Attachment) {
	if s.observed.Attachments == nil {
		s.observed.Attachments = &fleet.Attachments{ByDroplet: map[int64][]fleet.Attachment{}}
	}
	s.observed.Attachments.ByDroplet[droplet] = append(s.observed.Attachments.ByDroplet[droplet], a)
}

func reserved(ip string) fleet.Attachment {
	return fleet.Attachment{Kind: fleet.AttachedReservedIP, ID: ip}
}

func inFirewall(name string, tags ...string) fleet.Attachment {
	return fleet.Attachment{Kind: fleet.AttachedFirewall, ID: "fw-" + name, Name: name, Tags: tags}
}

// attached is a plan whose droplets have something of everything hanging on them.
func attached() *scene {
	s := converged("api-1", "api-2", "api-3", "db", "edge", "lone", "old-1", "old-2", "old-3", "old-4", "old-5", "safe")
	yes := true
	s.spec("safe").Protect = &yes
	for _, name := range []string{"api-1", "api-2", "api-3", "db", "edge", "lone", "safe"} {
		s.spec(name).Size = "s-2vcpu-2gb"
	}
	for id := int64(101); id <= 103; id++ { // in the same firewall, one reserved IP each
		s.hang(id, inFirewall("api"))
		s.hang(id, reserved(fmt.Sprintf("203.0.113.%d", id)))
		s.droplet(id).Backups = 4
		s.droplet(id).VolumeIDs = []string{fmt.Sprint("v-", id), fmt.Sprint("w-", id)}
	}
	s.hang(104, fleet.Attachment{Kind: fleet.AttachedLoadBalancer, ID: "lb-1", Name: "front | <b>"})
	s.hang(104, fleet.Attachment{Kind: fleet.AttachedFirewallRule, ID: "fw-db", Name: "db"})
	s.hang(104, inFirewall("api"))
	s.droplet(104).VolumeIDs, s.droplet(104).Backups = []string{"6f0a2f7e-8f55-4b3c-9a51-0a58ac14d008"}, 1
	s.spec("edge").Tags = []string{"Edge"}
	s.hang(105, inFirewall("edge", "edge"))
	for id := int64(107); id <= 111; id++ {
		s.unwant(fmt.Sprintf("old-%d", id-106))
		if id != 110 { // old-4 has none, so the run is cut
			s.hang(id, reserved(fmt.Sprintf("203.0.113.%d", id)))
		}
	}
	s.droplet(112).Backups = 2
	s.hang(1, reserved("203.0.113.1")) // somebody else's
	s.observed.Attachments.Unread = []string{"list load balancers: forbidden"}
	return s
}

// What else hangs on a droplet is told, and decides nothing: an approval of the plan before it was known still fits. Volumes and
// reserved IPs are another matter.
func TestSideEffectsChangeNoPlan(t *testing.T) {
	s := attached()
	known := s.build(t)
	for id, list := range s.observed.Attachments.ByDroplet {
		s.observed.Attachments.ByDroplet[id] = slices.DeleteFunc(list, func(a fleet.Attachment) bool { return a.Kind != fleet.AttachedReservedIP })
	}
	for i := range s.observed.Droplets {
		s.observed.Droplets[i].Backups = 0
	}
	bare := s.build(t)
	if known.ID != bare.ID || len(known.Actions) != len(bare.Actions) {
		t.Errorf("plan %s with, %s without", known.ID, bare.ID)
	}
	for i, a := range bare.Actions {
		if b := known.Actions[i]; a.Held != b.Held || a.HeldBy != b.HeldBy {
			t.Errorf("%s without, %s with", said(a), said(b))
		}
		decisive := len(s.droplet(a.DropletID).VolumeIDs) + len(s.observed.Attachments.ByDroplet[a.DropletID])
		if len(a.SideEffects) != decisive {
			t.Errorf("%s takes %v, and only %d volumes and reserved IPs are known", said(a), a.SideEffects, decisive)
		}
	}
}

// Law 9: a reserved IP that would be left without a droplet holds, and one that could not be read does not.
func TestLaw09AReservedIPHolds(t *testing.T) {
	s := converged("db", "web")
	s.unwant("db")
	s.hang(101, reserved("203.0.113.7"))
	p := s.expect(t, "destroy db 101 held by reserved_ip")
	want := "it has the reserved IP 203.0.113.7, which would be left without a droplet"
	if why := p.Actions[0].HeldReason; why != want || !p.Actions[0].Approvable {
		t.Errorf("because %q", why)
	}
	s.recorded.Grants = p.Grants(s.now)
	s.expect(t, "destroy db 101")
	s.hang(101, reserved("203.0.113.8")) // the approval has not seen it
	s.expect(t, "destroy db 101 held by reserved_ip")
	s.observed.Attachments = &fleet.Attachments{Unread: []string{"list reserved IPs: forbidden"}}
	if p := s.expect(t, "destroy db 101"); len(p.Warnings) != 1 {
		t.Errorf("warnings %q", p.Warnings)
	}
}

// A firewall that takes the new droplet in by a tag is not lost by a replace; by a destroy it is.
func TestSideEffectsOfATagFollow(t *testing.T) {
	for _, tt := range []struct {
		firewall, file string // tags
		destroy, told  bool
	}{
		{"web", "web", false, false},
		{"WEB", "web", false, false},
		{fleet.FleetTag("demo"), "", false, false},
		{fleet.ManagedTag, "", false, false},
		{"db", "web", false, true},
		{"web", "", true, true},
	} {
		s := converged("web-1")
		s.spec("web-1").Size = "s-2vcpu-2gb"
		if tt.file != "" {
			s.spec("web-1").Tags = []string{tt.file}
		}
		if tt.destroy {
			s.unwant("web-1")
		}
		s.hang(101, inFirewall("fw", tt.firewall))
		if p := s.build(t); len(p.Actions) != 1 || len(p.Actions[0].SideEffects) > 0 != tt.told {
			t.Errorf("%+v: %+v", tt, p.Actions)
		}
	}
}

// Destroys asks for what hangs on droplets where one would go, or would if a person lets it, and nowhere else.
func TestDestroys(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(s *scene)
		want   bool
	}{
		"nothing to do":      {func(*scene) {}, false},
		"a provision":        {func(s *scene) { s.desired.Specs = append(s.desired.Specs, specOf("new")) }, false},
		"a destroy":          {func(s *scene) { s.unwant("web-1") }, true},
		"a replace":          {func(s *scene) { s.spec("web-1").Size = "s-2vcpu-2gb" }, true},
		"held, approvable":   {func(s *scene) { s.unwant("web-1"); s.desired.Policy.MaxDestroy = fleet.Limit{} }, true},
		"held by protection": {func(s *scene) { s.unwant("web-1"); s.recorded.Records[0].Protect = true }, false},
	} {
		s := converged("web-1")
		tt.change(s)
		if got := s.build(t).Hangs(); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
