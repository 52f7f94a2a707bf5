package fleet

import (
	"slices"
	"testing"
)

func TestRecordedByTags(t *testing.T) {
	f := Fleet{Name: "demo", Specs: []Spec{{Name: "web-1", Region: "syd1", Size: "s-2", Image: "ubuntu", UserData: "x"}}}
	ours := []string{ManagedTag, FleetTag("demo")}
	r := RecordedByTags(f, []Droplet{
		{ID: 1, Name: "Web-1", Status: StatusActive, Region: "syd1", Size: "s-1", Tags: append(ours, ProtectTag)},
		{ID: 2, Name: "gone-from-the-file", Size: "s-1", Tags: ours},
		{ID: 3, Name: "theirs", Tags: []string{ManagedTag}},
		{ID: 4, Name: "other-fleet", Tags: append(ours, FleetTag("other"))},
		{ID: 5, Name: "unmanaged", Tags: []string{FleetTag("demo")}},
	})
	if r.Fleet != "demo" || len(r.Records) != 2 || r.Records[0].DropletID != 1 || r.Records[1].DropletID != 2 {
		t.Fatalf("%+v", r)
	}
	web := r.Records[0]
	if web.Values["size"] != "s-1" || web.Values["image"] != "ubuntu" || web.Values["user_data"] == "" || !web.Protect {
		t.Errorf("%+v", web)
	}
	if !slices.Equal(web.Assumed, []string{"image", "ssh_keys", "user_data"}) {
		t.Errorf("assumed %v", web.Assumed)
	}
}

// A droplet that is to be renamed has its old name still, and what of it cannot be read is as the file says under the new one.
func TestRecordedByTagsUnderTheOldName(t *testing.T) {
	f := Fleet{Name: "demo", Specs: []Spec{{Name: "api-1", Was: "web-1", Region: "syd1", Size: "s-1", Image: "ubuntu", UserData: "x"}}}
	r := RecordedByTags(f, []Droplet{{ID: 1, Name: "web-1", Region: "syd1", Size: "s-1", Tags: []string{ManagedTag, FleetTag("demo")}}})
	if len(r.Records) != 1 || r.Records[0].Name != "web-1" || r.Records[0].Values["user_data"] == "" {
		t.Errorf("%+v", r.Records)
	}
}

func TestRevisionInLabels(t *testing.T) {
	committed := Revision{Commit: "1a2b3c4d5e6f", Author: "Ada", Subject: "more", File: "fleet.yaml", Differs: true}
	committed.At = committed.At.AddDate(2025, 1, 1)
	for _, r := range []Revision{committed, {File: "fleet.yaml", Differs: true}} {
		if back, ok := RevisionOf(r.Labels()); !ok || back != r {
			t.Errorf("%+v came back as %+v, %v", r, back, ok)
		}
	}
	if _, ok := RevisionOf((Revision{}).Labels()); ok {
		t.Error("a file outside git has a revision")
	}
}
