package plan

import (
	"fmt"
	"testing"

	"arcadiad/fleet"
)

// bigWorld has n desired droplets in groups of 1,000, all of them registered and seen, with two user tags each.
// Records that were sent the same share their values, as the store gives them.
func bigWorld(n int) *scene {
	s := newScene()
	keys, tags := []string{"12345", "67890"}, []string{"web", "prod"}
	userData := string(make([]byte, 16<<10))
	for i := range n {
		spec := specOf(fmt.Sprintf("g%03d-%d", i/1000, i%1000+1))
		spec.SSHKeys, spec.Tags, spec.UserData, spec.Monitoring = keys, tags, userData, true
		s.desired.Specs = append(s.desired.Specs, spec)
	}
	recorded := fleet.ValuesOf(s.desired.Specs[0])
	for i, spec := range s.desired.Specs {
		id := int64(1_000_000 + i)
		d := s.seeTagged(id, spec.Name, "web", "prod")
		d.Features = []string{"monitoring", "private_networking"}
		s.recorded.Records = append(s.recorded.Records, fleet.Record{DropletID: id, Name: spec.Name, Values: recorded, ImageID: 9000})
	}
	return s
}

func BenchmarkBuild(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		s := bigWorld(n)
		b.Run(fmt.Sprintf("converged/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if p := s.build(b); p.Summary.Unchanged != n {
					b.Fatal(p.Summary)
				}
			}
		})
		s.recorded.Records, s.observed.Droplets = nil, nil
		b.Run(fmt.Sprintf("empty/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if p := s.build(b); p.Summary.Provision != n {
					b.Fatal(p.Summary)
				}
			}
		})
	}
}

// A fleet that is gone whole, and whose creates a person has approved.
func BenchmarkBuildApproved(b *testing.B) {
	s := bigWorld(1_000)
	for _, d := range s.observed.Droplets {
		s.observed.Gone = append(s.observed.Gone, d.ID)
	}
	s.observed.Droplets = nil
	s.recorded.Grants = s.build(b).Grants(noon)
	for i := range s.recorded.Grants {
		s.recorded.Grants[i].ID = int64(i + 1)
	}
	for b.Loop() {
		if p := s.build(b); p.Summary.Provision != 1_000 || p.Summary.Held != 0 {
			b.Fatal(p.Summary)
		}
	}
}

// A pass looks at every droplet of the account: what it allocates for each of them is paid again every few minutes.
func TestAPlanAtRestAllocatesNothingForEachDroplet(t *testing.T) {
	const droplets, most = 2_000, 200
	s := bigWorld(droplets)
	if n := testing.AllocsPerRun(3, func() { s.build(t) }); n > most {
		t.Errorf("%v allocations for %d droplets at rest, want at most %d", n, droplets, most)
	}
}
