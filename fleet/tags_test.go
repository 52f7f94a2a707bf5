package fleet

import (
	"slices"
	"testing"
)

func TestTagsFoldCase(t *testing.T) {
	d := Droplet{Tags: []string{"Managed-By-Arcadia-Cloud", "ARCADIA-SAGA-0123abcd", "arcadia-fleet-Demo", "arcadia-replaces-42", "Web", "arcadia-protect"}}
	if !d.Managed() || !d.OfFleet("DEMO") || !d.HasTag(ProtectTag) {
		t.Error("a tag in another letter case is another tag")
	}
	if got := d.Saga8s(); !slices.Equal(got, []string{"0123abcd"}) {
		t.Errorf("sagas: %v", got)
	}
	if got := d.Replaces(); !slices.Equal(got, []int64{42}) {
		t.Errorf("replaces: %v", got)
	}
	if got := d.UserTags(); !slices.Equal(got, []string{"web"}) {
		t.Errorf("user's tags: %v", got)
	}
}

func TestMarksAreWhatArcadiadPutsOn(t *testing.T) {
	d := Droplet{Tags: []string{"web", "Arcadia-Fleet-Demo", ManagedTag, "arcadia-homemade", SagaTag("0123abcd"), ReplacesTag(7), ProtectTag}}
	want := []string{"arcadia-fleet-demo", "arcadia-protect", "arcadia-replaces-7", "arcadia-saga-0123abcd", ManagedTag}
	if got := d.Marks(); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestOfFleetMeansOfNoOther(t *testing.T) {
	for _, tt := range []struct {
		tags []string
		want bool
	}{
		{[]string{"arcadia-fleet-demo"}, true},
		{[]string{"arcadia-fleet-demo", "arcadia-fleet-other"}, false},
		{[]string{"arcadia-fleet-other"}, false},
		{[]string{"arcadia-fleet-demo-2"}, false},
		{nil, false},
	} {
		if got := (&Droplet{Tags: tt.tags}).OfFleet("demo"); got != tt.want {
			t.Errorf("%v: %v", tt.tags, got)
		}
	}
}

func TestOurTag(t *testing.T) {
	for _, tag := range []string{ManagedTag, ProtectTag, SagaTag("0123456789"), FleetTag("demo"), ReplacesTag(1), "Arcadia-Anything"} {
		if !OurTag(tag) {
			t.Errorf("%s is not known as ours", tag)
		}
	}
	if OurTag("web") || OurTag("arcadia") {
		t.Error("a user's tag is taken for ours")
	}
}
