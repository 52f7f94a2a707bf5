package fleet

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestCompareNamesOrdersAsAPersonWould(t *testing.T) {
	want := []string{"bastion", "web", "web-01", "web-1", "web-2", "web-10", "web-010", "web-x", "web2"}
	slices.SortFunc(want, CompareNames)
	for i, pair := range [][2]string{{"web-2", "web-10"}, {"web-9", "web-10"}, {"bastion", "web-1"}, {"web", "web-1"}, {"web-99", "web-100"}} {
		if CompareNames(pair[0], pair[1]) >= 0 || CompareNames(pair[1], pair[0]) <= 0 {
			t.Errorf("pair %d: %s does not come before %s", i, pair[0], pair[1])
		}
	}
	if CompareNames("Web-1", "web-1") != 0 {
		t.Error("letter case tells names apart")
	}
	if CompareNames("web-01", "web-1") == 0 {
		t.Error("a leading zero does not tell names apart")
	}
	for range 1000 { // a total order, whatever it starts from
		names := slices.Clone(want)
		rand.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		slices.SortFunc(names, CompareNames)
		if !slices.Equal(names, want) {
			t.Fatalf("the order depends on the input: %v, %v", names, want)
		}
	}
}

func TestLimit(t *testing.T) {
	for _, tt := range []struct {
		limit Limit
		total int
		want  int
	}{
		{Limit{Value: 3}, 100, 3},
		{Limit{Value: 0}, 100, 0},
		{Limit{Value: 25, Percent: true}, 100, 25},
		{Limit{Value: 25, Percent: true}, 7, 1}, // 1.75, rounded down
		{Limit{Value: 25, Percent: true}, 1, 1}, // at least one
		{Limit{Value: 0, Percent: true}, 100, 0},
		{Limit{Value: 100, Percent: true}, 3, 3},
	} {
		if got := tt.limit.Of(tt.total); got != tt.want {
			t.Errorf("%+v of %d: %d, want %d", tt.limit, tt.total, got, tt.want)
		}
	}
}

func TestHashNamesWhatWouldBeMade(t *testing.T) {
	yes := true
	base := Spec{Name: "a", Region: "syd1", Size: "s-1vcpu-1gb", Image: "ubuntu-24-04-x64", SSHKeys: []string{"1", "2"}, Tags: []string{"x", "y"}}
	same := base
	same.Name, same.Region, same.SSHKeys, same.Tags = "A", "SYD1", []string{"2", "1"}, []string{"Y", "x"}
	same.Protect, same.Line, same.Group = &yes, 7, "g"
	if base.Hash() != same.Hash() {
		t.Error("what would make the same droplet has another hash")
	}
	for name, alter := range map[string]func(*Spec){
		"name": func(s *Spec) { s.Name = "b" }, "region": func(s *Spec) { s.Region = "ams3" }, "size": func(s *Spec) { s.Size = "s-2vcpu-2gb" },
		"image": func(s *Spec) { s.Image = "123" }, "ssh_keys": func(s *Spec) { s.SSHKeys = nil }, "tags": func(s *Spec) { s.Tags = nil },
		"user_data": func(s *Spec) { s.UserData = "#!" }, "vpc_uuid": func(s *Spec) { s.VPCUUID = "v" },
		"monitoring": func(s *Spec) { s.Monitoring = true }, "backups": func(s *Spec) { s.Backups = true }, "ipv6": func(s *Spec) { s.IPv6 = true },
	} {
		other := base
		alter(&other)
		if other.Hash() == base.Hash() {
			t.Errorf("another %s has the same hash", name)
		}
	}
}

// An update of arcadiad that hashes the rules otherwise would lift every stop of a rollout: a person edited nothing.
func TestRulesHashStays(t *testing.T) {
	keep := Spec{Rules: Rules{Resize: ResizeInPlace}, Ready: &Ready{Port: 22}, Rollout: &RolloutKeys{OnFailure: OnFailureStop}}
	for want, s := range map[string]Spec{"f363534f43cbe755": {}, "49a307ae4562477a": keep} {
		if got := s.RulesHash(); got != want {
			t.Errorf("the rules of %+v are named %s, want %s", s, got, want)
		}
	}
}
