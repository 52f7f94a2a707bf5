package plan

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
)

func TestUpdatesSayWhatTheyAlter(t *testing.T) {
	yes := true
	for name, tc := range map[string]struct {
		change func(s *scene)
		want   fleet.Alteration
		reason string
	}{
		"tags": {func(s *scene) {
			s.spec("web-1").Tags = []string{"DB", "web"}
			s.droplet(101).Tags = append(s.droplet(101).Tags, "theirs")
		},
			fleet.Alteration{Tag: []string{"db", "web"}}, "tags changed in the file"},
		"backups": {func(s *scene) { s.spec("web-1").Backups = true }, fleet.Alteration{Backups: &yes}, "backups changed in the file"},
		"ipv6":    {func(s *scene) { s.spec("web-1").IPv6 = true }, fleet.Alteration{IPv6: true}, "ipv6 changed in the file"},
		"several": {func(s *scene) { s.spec("web-1").IPv6, s.spec("web-1").Backups = true, true },
			fleet.Alteration{IPv6: true, Backups: &yes}, "backups and ipv6 changed in the file"},
		"size": {func(s *scene) {
			s.spec("web-1").Size, s.spec("web-1").Rules.Resize = "s-2vcpu-2gb", fleet.ResizeInPlace
		},
			fleet.Alteration{Size: "s-2vcpu-2gb"}, "size changed in the file; downtime: off while being resized"},
		"the disk alone": {func(s *scene) {
			s.spec("web-1").Rules.Resize = fleet.ResizeWithDisk
			s.droplet(101).Disk, s.droplet(101).SizeDisk = 25, 50
		},
			fleet.Alteration{Size: "s-1vcpu-1gb", GrowDisk: true, Disk: 50},
			"its disk has 25 of the 50 GB of its size; downtime: off while being resized; the disk grows too, and never shrinks again"},
		"size with the disk": {func(s *scene) {
			s.spec("web-1").Size, s.spec("web-1").Rules.Resize = "s-2vcpu-2gb", fleet.ResizeWithDisk
		},
			fleet.Alteration{Size: "s-2vcpu-2gb", GrowDisk: true},
			"size changed in the file; downtime: off while being resized; the disk grows too, and never shrinks again"},
	} {
		s := converged("web-1")
		tc.change(s)
		p := s.expect(t, "update web-1 101")
		a := p.Actions[0]
		if !reflect.DeepEqual(a.Alter, tc.want) || a.Reason != tc.reason || a.Cause != CauseFile {
			t.Errorf("%s: %+v, because %q (%s)", name, a.Alter, a.Reason, a.Cause)
		}
		v := fleet.ValuesOf(*s.spec("web-1"))
		if tc.want.GrowDisk {
			v[fleet.FieldDisk] = tc.want.Size
		}
		if !reflect.DeepEqual(a.Record.Values, v) {
			t.Errorf("%s: to be recorded: %v, want %v", name, a.Record.Values, v)
		}
	}
}

// The droplet is off only while it is resized: nothing else waits for that, and that waits for nothing that fails.
func TestAResizeIsAnUpdateOfItsOwn(t *testing.T) {
	s := converged("web-1")
	spec := s.spec("web-1")
	spec.Size, spec.Rules.Resize, spec.Backups = "s-2vcpu-2gb", fleet.ResizeInPlace, true
	p := s.expect(t, "update web-1 101", "update web-1 101 held by turn")
	if p.Actions[0].Alter.Downtime() || !p.Actions[1].Alter.Downtime() {
		t.Errorf("%+v", p.Actions)
	}
	failed := s.ended(900, fleet.SagaUpdate, "web-1", "compensated", spec.Hash(), 0)
	failed.DropletID, failed.Downtime = 101, true
	s.expect(t, "update web-1 101", "update web-1 101 held by backoff")
	failed.Downtime = false
	s.expect(t, "update web-1 101 held by backoff", "update web-1 101")
}

// That the disk grows is said where it does, and is part of what a person agrees to.
func TestAPlanSaysThatTheDiskGrows(t *testing.T) {
	s := converged("web-1")
	spec := s.spec("web-1")
	spec.Size, spec.Rules.Resize = "s-2vcpu-2gb", fleet.ResizeInPlace
	without := s.build(t)
	spec.Rules.Resize = fleet.ResizeWithDisk
	with := s.build(t)
	if with.ID == without.ID {
		t.Error("both plans have one id")
	}
	s.offer()
	s.droplet(101).Disk = 25
	if words := s.build(t).Actions[0].Reason; !strings.Contains(words, "the disk grows too, and never shrinks again") {
		t.Errorf("because %q", words)
	}
	s.droplet(101).Disk = 60
	if words := s.build(t).Actions[0].Reason; strings.Contains(words, "disk") {
		t.Errorf("because %q, and it has that disk already", words)
	}
}

// A disk that stayed behind grows where the file says so, once for each size.
func TestADiskThatStayedBehindGrowsOnce(t *testing.T) {
	for name, tc := range map[string]struct {
		disk, of int
		change   func(s *scene)
		want     []string
		pending  int
	}{
		"it stayed behind":       {disk: 25, of: 50, want: []string{"update web-1 101"}},
		"it has grown":           {disk: 50, of: 50},
		"it is larger":           {disk: 60, of: 50},
		"its size is not told":   {disk: 25},
		"it is not told":         {of: 50},
		"the file leaves it":     {disk: 25, of: 50, change: func(s *scene) { s.spec("web-1").Rules.Resize = fleet.ResizeInPlace }},
		"it is of another size":  {disk: 25, of: 50, change: func(s *scene) { s.droplet(101).Size = "s-4vcpu-8gb" }},
		"it gets another size":   {disk: 25, of: 50, change: func(s *scene) { s.spec("web-1").Size = "s-2vcpu-2gb" }, want: []string{"update web-1 101"}},
		"it is replaced anyway":  {disk: 25, of: 50, change: func(s *scene) { s.spec("web-1").Image = "debian-13-x64" }, want: []string{"replace web-1 101"}},
		"it was grown to that":   {disk: 25, of: 50, change: grown("s-1vcpu-1gb"), pending: 1},
		"it was grown to others": {disk: 25, of: 50, change: grown("s-2vcpu-2gb"), want: []string{"update web-1 101"}},
	} {
		s := converged("web-1")
		s.spec("web-1").Rules.Resize = fleet.ResizeWithDisk
		s.droplet(101).Disk, s.droplet(101).SizeDisk = tc.disk, tc.of
		if tc.change != nil {
			tc.change(s)
		}
		t.Log(name)
		if p := s.expect(t, tc.want...); len(p.Pending) != tc.pending {
			t.Errorf("%s: pending %+v", name, p.Pending)
		}
	}
}

// grown records that the disk was grown to that of a size.
func grown(size string) func(*scene) {
	return func(s *scene) {
		r := &s.recorded.Records[0]
		r.Values = maps.Clone(r.Values)
		r.Values[fleet.FieldDisk] = size
	}
}

// Law 18: a group goes through a resize a few at a time.
func TestLaw18ResizesRoll(t *testing.T) {
	s := converged("web-1", "web-2", "web-3", "web-4", "web-5", "db-1", "db-2")
	for i := range s.desired.Specs {
		s.desired.Specs[i].Size, s.desired.Specs[i].Rules.Resize = "s-2vcpu-2gb", fleet.ResizeInPlace
	}
	s.expect(t, "update db-1 106", "update db-2 107 held by turn", "update web-1 101", "update web-2 102 held by turn", "update web-3 103 held by turn",
		"update web-4 104 held by turn", "update web-5 105 held by turn")
	s.desired.Policy.MaxUnavailable = fleet.Limit{Value: 50, Percent: true}
	p := s.expect(t, "update db-1 106", "update db-2 107 held by turn", "update web-1 101", "update web-2 102", "update web-3 103 held by turn",
		"update web-4 104 held by turn", "update web-5 105 held by turn")
	if why := p.Actions[4].HeldReason; why != "waiting its turn (2 of 5 at once): web-1 and web-2 go first" {
		t.Errorf("held because %q", why)
	}
	live := s.ended(900, fleet.SagaUpdate, "web-3", "running", "", time.Minute)
	live.Live, live.DropletID, live.Downtime = true, 103, true
	p = s.expect(t, "update db-1 106", "update db-2 107 held by turn", "update web-1 101 held by turn", "update web-2 102 held by turn",
		"update web-4 104 held by turn", "update web-5 105 held by turn")
	if why := p.Actions[2].HeldReason; why != "waiting for the batch before: web-3" {
		t.Errorf("held because %q", why)
	}
	if n := len(p.HeldBack()); n != 0 {
		t.Errorf("%d actions wait for a person", n)
	}
}

// DigitalOcean refuses every action on a droplet that is still being made: an update of one would be stuck, and with it its name.
func TestWhatIsNotActiveYetIsNotAltered(t *testing.T) {
	for name, change := range map[string]func(*fleet.Spec){
		"ipv6": func(s *fleet.Spec) { s.IPv6 = true },
		"size": func(s *fleet.Spec) { s.Size, s.Rules.Resize = "s-2vcpu-2gb", fleet.ResizeInPlace },
	} {
		s := converged("web-1")
		change(s.spec("web-1"))
		s.droplet(101).Status = fleet.StatusNew
		if p := s.expect(t, "update web-1 101 held by turn"); len(p.HeldBack()) != 0 {
			t.Errorf("%s: it waits for a person", name)
		}
		s.spec("web-1").Image = "debian-12-x64"
		s.expect(t, "replace web-1 101")
	}
	s := converged("web-1")
	s.spec("web-1").Tags = []string{"web"}
	s.droplet(101).Status = fleet.StatusNew
	s.expect(t, "update web-1 101")
}

// What a new droplet brings along is not changed on the old one first; but a replace that is held keeps nobody from the rest.
func TestAReplaceBringsTheRestAlong(t *testing.T) {
	s := converged("web-1")
	s.spec("web-1").Size, s.spec("web-1").Tags = "s-2vcpu-2gb", []string{"web"}
	p := s.expect(t, "replace web-1 101")
	if c := p.Actions[0].Changes; len(c) != 2 || c[1].Field != "tags" {
		t.Errorf("the replace changes %+v", c)
	}
	s.recorded.Records[0].Protect = true
	held := s.expect(t, "update web-1 101", "replace web-1 101 held by protect")
	if p.ID != held.ID {
		t.Error("what is held changes the plan's id")
	}
}

func TestChangesThatTheGroupIgnores(t *testing.T) {
	s := converged("web-1")
	spec := s.spec("web-1")
	spec.UserData, spec.Image, spec.SSHKeys = "#!", "debian-12-x64", []string{"1"}
	s.expect(t, "replace web-1 101")
	spec.Rules.OnChange = fleet.OnChangeIgnore
	if p := s.expect(t); !p.Settled() || p.Summary.Unchanged != 1 || len(p.Records) != 0 {
		t.Errorf("%+v", p)
	}
	spec.Region = "nyc3" // where it is, is no matter of its creation alone
	s.expect(t, "replace web-1 101")
}

func TestPreflightOfAResize(t *testing.T) {
	for size, want := range map[string]string{
		"s-2vcpu-2gb":        "",
		"s-1vcpu-512mb-10gb": "line 8: size s-1vcpu-512mb-10gb is not offered in syd1, but in nyc3",
		"s-huge":             "line 8: there is no size s-huge",
	} {
		s := converged("web-1")
		s.spec("web-1").Size, s.spec("web-1").Rules.Resize = size, fleet.ResizeInPlace
		s.droplet(101).Disk = 25
		if specs := s.build(t).Makes(); len(specs) != 1 {
			t.Errorf("%s: nobody would ask for the sizes", size)
		}
		s.offer()
		if a := s.build(t).Actions[0]; a.HeldReason != want {
			t.Errorf("%s: held because %q", size, a.HeldReason)
		}
	}
	s := converged("web-1")
	s.spec("web-1").Size, s.spec("web-1").Rules.Resize = "s-2vcpu-2gb", fleet.ResizeInPlace
	s.droplet(101).Disk = 80
	s.offer()
	if a := s.build(t).Actions[0]; a.HeldReason != "line 8: size s-2vcpu-2gb has a disk of 60 GB, and the droplet's has 80 GB and cannot shrink: it takes another droplet (resize: replace)" {
		t.Errorf("held because %q", a.HeldReason)
	}
	s.droplet(101).Disk = 25
	p := s.expect(t, "update web-1 101")
	if p.Cost.Difference().Monthly != 12*fleet.Dollar {
		t.Errorf("cost %+v", p.Cost)
	}
	s.desired.Policy.MaxMonthly = 10 * fleet.Dollar
	s.expect(t, "update web-1 101 held by max_monthly_cost")
}

// Room is made first where the group says so: the account need not have any.
func TestDestroyFirst(t *testing.T) {
	s := converged("web-1")
	spec := s.spec("web-1")
	spec.Image = "debian-12-x64"
	s.observed.Account.DropletLimit = 1
	s.expect(t, "replace web-1 101 held by account_limit")
	spec.Rules.Order = fleet.DestroyFirst
	p := s.expect(t, "replace web-1 101")
	if !strings.HasSuffix(p.Actions[0].Reason, "; the old droplet goes first") {
		t.Errorf("because %q", p.Actions[0].Reason)
	}
	other := s.desired
	other.Specs = slices.Clone(s.desired.Specs)
	other.Specs[0].Size = "s-2vcpu-2gb"
	if l := p.Actions[0].License; !l.Asks(s.desired) || l.Asks(other) {
		t.Error("the license is not for this very spec")
	}

	s.destroy(101)
	s.ended(101, fleet.SagaDestroy, "web-1", "completed", spec.Hash(), time.Minute)
	p = s.expect(t, "provision web-1")
	if p.Actions[0].Reason != "droplet 101 was destroyed first, to make room for it" {
		t.Errorf("because %q", p.Actions[0].Reason)
	}

	// The second half was done, and the droplet still is not as the file asks: not again.
	s.register(102, "web-1")
	s.recorded.Sagas[len(s.recorded.Sagas)-1].SpecHash = spec.Hash()
	s.recorded.Sagas[len(s.recorded.Sagas)-1].CreatedAt = noon
	s.expect(t, "replace web-1 102 held by loop")
}

// The room that a replace makes by destroying first is not given to a droplet that waited for some.
func TestDestroyFirstKeepsItsPlace(t *testing.T) {
	for name, full := range map[string]func(s *scene){
		"account_limit":    func(s *scene) { s.observed.Account.DropletLimit = 2 },
		"max_droplets":     func(s *scene) { s.desired.Policy.MaxDroplets = 2 },
		"max_monthly_cost": func(s *scene) { s.desired.Policy.MaxMonthly = 12 * fleet.Dollar },
	} {
		s := converged("web-1", "web-2")
		s.desired.Specs = append([]fleet.Spec{specOf("db")}, s.desired.Specs...)
		s.spec("web-2").Image, s.spec("web-2").Rules.Order = "debian-12-x64", fleet.DestroyFirst
		s.offer()
		full(s)
		waits := "provision db held by " + name
		s.expect(t, waits, "replace web-2 102")

		s.vanish(102, true) // by its saga, which has not ended yet
		s.ended(102, fleet.SagaDestroy, "web-2", "running", s.spec("web-2").Hash(), time.Minute)
		first := &s.recorded.Sagas[len(s.recorded.Sagas)-1]
		first.Live = true
		s.expect(t, waits)

		first.Live, first.Status = false, "completed"
		s.destroy(102)
		s.expect(t, waits, "provision web-2")
	}
}

// Who agreed to a new droplet that comes first, or to a resize that can be undone, has not agreed to the other way.
func TestAnotherWayIsAnotherPlan(t *testing.T) {
	s := converged("web-1")
	s.spec("web-1").Image = "debian-12-x64"
	agreed := s.expect(t, "replace web-1 101")
	s.spec("web-1").Rules.Order = fleet.DestroyFirst
	if p := s.expect(t, "replace web-1 101"); p.ID == agreed.ID || p.Within(agreed) {
		t.Error("a replace that destroys first passes for one that creates first")
	}

	s = converged("web-1")
	s.spec("web-1").Size, s.spec("web-1").Rules.Resize = "s-2vcpu-2gb", fleet.ResizeInPlace
	agreed = s.expect(t, "update web-1 101")
	s.spec("web-1").Rules.Resize = fleet.ResizeWithDisk
	if p := s.expect(t, "update web-1 101"); p.ID == agreed.ID || p.Within(agreed) {
		t.Error("a resize that grows the disk for good passes for one that does not")
	}
}

// A tag alone permits to adopt: not to switch off what differs from the file.
func TestAnAdoptedMisfitIsNotResized(t *testing.T) {
	s := newScene("web-1")
	s.spec("web-1").Rules.Resize = fleet.ResizeInPlace
	d := s.seeTagged(7, "web-1")
	d.Size = "s-2vcpu-2gb"
	p := s.expect(t, "adopt web-1 7")
	s.recorded.Records = []fleet.Record{p.Actions[0].Record}
	s.ended(7, fleet.SagaAdopt, "web-1", "completed", s.spec("web-1").Hash(), time.Minute)
	s.expect(t, "update web-1 7 held by origin")
}

// Nor to take off or switch off what somebody else may have put there: the file never dropped it.
func TestLaw16AnAdoptionRemovesNothing(t *testing.T) {
	s := newScene("web-1")
	s.spec("web-1").Tags = []string{"web"}
	d := s.seeTagged(7, "web-1", "theirs")
	d.Features = []string{"backups"}
	p := s.expect(t, "adopt web-1 7")
	s.recorded.Records = []fleet.Record{p.Actions[0].Record}
	s.ended(7, fleet.SagaAdopt, "web-1", "completed", s.spec("web-1").Hash(), time.Minute)
	p = s.expect(t, "update web-1 7 held by origin")
	if a := p.Actions[0].Alter; len(a.Untag) != 0 || !slices.Equal(a.Tag, []string{"web"}) {
		t.Errorf("%+v", a)
	}
	s.spec("web-1").Backups = true
	s.expect(t, "update web-1 7")
}

// A droplet that stays new for hours is as the file asks, as far as can be read, and does not run: a person is told.
func TestLaw19ADropletThatStaysNewIsToldOf(t *testing.T) {
	s := converged("web-1")
	d := s.droplet(101)
	d.Status, d.CreatedAt = fleet.StatusNew, s.now.Add(-time.Hour)
	if p := s.build(t); len(p.Warnings) != 0 {
		t.Errorf("after an hour: %q", p.Warnings)
	}
	d.CreatedAt = s.now.Add(-5 * time.Hour)
	if p := s.build(t); len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0], "web-1 (droplet 101) is still in status new 5 hours after its creation") {
		t.Errorf("after five hours: %q", p.Warnings)
	}
}
