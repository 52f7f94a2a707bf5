package plan

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
)

func keyed(keys ...string) func(*fleet.Spec) { return func(s *fleet.Spec) { s.SSHKeys = keys } }

func laptops(c *fleet.Catalogue) {
	c.Keys = map[string]fleet.SSHKey{}
	for id, name := range map[int64]string{17: "Laptop", 18: "old", 19: "old"} {
		c.Keys[fmt.Sprint(id)] = fleet.SSHKey{ID: id, Name: name}
	}
}

// What cannot work is held by name, reason and line; what can work goes ahead beside it.
func TestPreflight(t *testing.T) {
	for name, c := range map[string]struct {
		spec  func(*fleet.Spec)
		offer func(*fleet.Catalogue)
		want  string // in the reason; empty: it goes ahead
	}{
		"fine":                 {},
		"unknown size":         {spec: func(s *fleet.Spec) { s.Size = "s-1vcpu-1g" }, want: "line 8: there is no size s-1vcpu-1g"},
		"retired size":         {spec: func(s *fleet.Spec) { s.Size = "s-retired" }, want: "s-retired takes no new droplets"},
		"size elsewhere":       {spec: func(s *fleet.Spec) { s.Size = "s-1vcpu-512mb-10gb" }, want: "size s-1vcpu-512mb-10gb is not offered in syd1, but in nyc3"},
		"unknown image":        {offer: func(c *fleet.Catalogue) { c.Images["ubuntu-24-04-x64"] = fleet.Image{} }, want: "there is no image ubuntu-24-04-x64"},
		"image elsewhere":      {offer: func(c *fleet.Catalogue) { c.Images["ubuntu-24-04-x64"] = fleet.Image{ID: 1, Regions: []string{"ams3"}} }, want: "image ubuntu-24-04-x64 is not in syd1, but in ams3"},
		"large image":          {offer: func(c *fleet.Catalogue) { c.Images["ubuntu-24-04-x64"] = fleet.Image{ID: 1, MinDisk: 26} }, want: "needs a disk of 26 GB, and size s-1vcpu-1gb has 25 GB"},
		"unknown key":          {spec: func(s *fleet.Spec) { s.SSHKeys = []string{"17", "18"} }, offer: func(c *fleet.Catalogue) { c.Keys = map[string]fleet.SSHKey{"17": {ID: 17}} }, want: "the account has no SSH key 18"},
		"known key":            {spec: func(s *fleet.Spec) { s.SSHKeys = []string{"AA:bb"} }, offer: func(c *fleet.Catalogue) { c.Keys = map[string]fleet.SSHKey{"aa:bb": {ID: 17}} }},
		"one key twice":        {spec: func(s *fleet.Spec) { s.SSHKeys = []string{"17", "AA:bb"} }, offer: func(c *fleet.Catalogue) { c.Keys = map[string]fleet.SSHKey{"17": {ID: 17}, "aa:bb": {ID: 17}} }, want: "line 8: ssh_keys names one key twice, as 17 and as aa:bb"},
		"a key by name":        {spec: keyed("Laptop"), offer: laptops},
		"no such name":         {spec: keyed("desk"), offer: laptops, want: `line 8: the account has no SSH key named "desk"; it has "Laptop", "old", "old"`},
		"no keys at all":       {spec: keyed("desk"), offer: func(c *fleet.Catalogue) { c.Keys = map[string]fleet.SSHKey{} }, want: "it has no SSH keys"},
		"two of that name":     {spec: keyed("OLD"), offer: laptops, want: `2 SSH keys of the account are named "OLD": write the id of the one that you mean, 18 or 19`},
		"names unread":         {spec: keyed("Laptop"), offer: func(c *fleet.Catalogue) { c.Keys = nil }, want: `the id of the SSH key "Laptop" is not known, because the account's keys cannot be read`},
		"one key twice, named": {spec: keyed("laptop", "17"), offer: laptops, want: "ssh_keys names one key twice, as 17 and as laptop"},
		"digits are no name":   {spec: keyed("2024"), offer: func(c *fleet.Catalogue) { c.Keys = map[string]fleet.SSHKey{"17": {ID: 17, Name: "2024"}} }, want: "no SSH key 2024, which is taken for an id; the key of that name has the id 17"},
		"unknown project":      {spec: func(s *fleet.Spec) { s.Project = "Mail" }, offer: func(c *fleet.Catalogue) { c.Projects = map[string]string{"mail": "p"} }, want: "the account has no project Mail"},
		"two projects":         {spec: func(s *fleet.Spec) { s.Project = "Mail" }, offer: func(c *fleet.Catalogue) { c.Projects = map[string]string{"Mail": ""} }, want: "two projects of the account are named Mail"},
		"a project":            {spec: func(s *fleet.Spec) { s.Project = "Mail" }, offer: func(c *fleet.Catalogue) { c.Projects = map[string]string{"Mail": "p"} }},
		"projects unread":      {spec: func(s *fleet.Spec) { s.Project = "Mail" }},
		"unknown vpc":          {spec: func(s *fleet.Spec) { s.VPCUUID = "v" }, offer: func(c *fleet.Catalogue) { c.VPCs = map[string]fleet.VPC{"v": {}} }, want: "the account has no VPC v"},
		"vpc elsewhere":        {spec: func(s *fleet.Spec) { s.VPCUUID = "v" }, offer: func(c *fleet.Catalogue) { c.VPCs = map[string]fleet.VPC{"v": {UUID: "v", Region: "ams3"}} }, want: "VPC v is in ams3, not in syd1"},
		"two faults":           {spec: func(s *fleet.Spec) { s.Size, s.Region = "x", "ams3" }, want: "there is no size x; image ubuntu-24-04-x64 is not in ams3"},
		"what is not read":     {spec: func(s *fleet.Spec) { s.SSHKeys, s.VPCUUID, s.Size = []string{"18"}, "v", "x" }, offer: func(c *fleet.Catalogue) { *c = fleet.Catalogue{Unread: []string{"list sizes: forbidden"}} }},
		"regions left out":     {offer: func(c *fleet.Catalogue) { c.Sizes["s-1vcpu-1gb"] = fleet.Size{Available: true} }},
		"an image by its id":   {spec: func(s *fleet.Spec) { s.Image = "4711" }, offer: func(c *fleet.Catalogue) { c.Images["4711"] = fleet.Image{} }, want: "there is no image 4711"},
		"a wider letter case":  {spec: func(s *fleet.Spec) { s.Size, s.Region = "S-1VCPU-1GB", "SYD1" }},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene("bad", "good")
			catalogue := s.offer()
			if c.spec != nil {
				c.spec(s.spec("bad"))
			}
			if c.offer != nil {
				c.offer(catalogue)
			}
			if c.want == "" {
				s.expect(t, "provision bad", "provision good")
				return
			}
			s.spec("good").Region, s.spec("good").Image, s.spec("good").Size = "nyc3", "other", "s-1vcpu-1gb"
			p := s.expect(t, "provision bad held by preflight", "provision good")
			if got := p.Actions[0].HeldReason; !strings.Contains(got, c.want) || p.Actions[0].Approvable {
				t.Errorf("held: %q, approvable %v; want %q", got, p.Actions[0].Approvable, c.want)
			}
			if !p.Doubts() || len(p.Makes()) != 2 {
				t.Errorf("doubts %v, makes %d", p.Doubts(), len(p.Makes()))
			}
		})
	}
}

// A replace that cannot work destroys nothing, and does not count as one that would.
func TestPreflightHoldsReplaces(t *testing.T) {
	s := converged("a", "b", "c", "d")
	s.desired.Policy.MaxDestroy = fleet.Limit{Value: 1}
	s.spec("a").Size = "s-3"
	s.spec("b").Size = "s-2vcpu-2gb"
	s.offer()
	s.expect(t, "replace a 101 held by preflight", "replace b 102")
}

// The account's limit counts what is on its way, once, and not what another rule holds.
func TestAccountLimitCountsWhatIsUnderWay(t *testing.T) {
	s := newScene("a", "b", "c")
	s.register(101, "a")
	s.see(7, "theirs")
	s.observed.Account.DropletLimit = 3
	s.expect(t, "provision b", "provision c held by account_limit")
	saga := s.ended(200, fleet.SagaProvision, "x", "running", "", time.Minute)
	saga.Live, saga.DropletID = true, 0
	s.expect(t, "provision b held by account_limit", "provision c held by account_limit")
	s.observed.Account.DropletLimit = 4
	s.seeTagged(200, "x") // its id is not in the journal yet, its tag tells
	s.expect(t, "provision b", "provision c held by account_limit")

	s.desired.Policy.MaxDroplets = 2
	s.observed.Account.DropletLimit = 3
	p := s.expect(t, "provision b held by max_droplets", "provision c held by max_droplets")
	if len(p.Makes()) != 2 {
		t.Errorf("makes %v", p.Makes())
	}
}

// A plan that makes nothing has nothing to be checked: no request is made for it.
func TestMakes(t *testing.T) {
	s := converged("a")
	s.unwant("a")
	if specs := s.build(t).Makes(); len(specs) != 0 {
		t.Errorf("a destroy makes %v", specs)
	}
	s = newScene("a", "b")
	s.ended(300, fleet.SagaProvision, "a", "compensated", specOf("a").Hash(), time.Second).Error = "full"
	p := s.expect(t, "provision a held by backoff", "provision b")
	if specs := p.Makes(); len(specs) != 1 || specs[0].Name != "b" {
		t.Errorf("makes %v, want b alone", specs)
	}
}

func TestUnreadIsAWarning(t *testing.T) {
	s := newScene("a")
	s.offer().Unread = []string{"list ssh keys: forbidden"}
	if p := s.build(t); len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0], "list ssh keys: forbidden") {
		t.Errorf("warnings %q", p.Warnings)
	}
}
