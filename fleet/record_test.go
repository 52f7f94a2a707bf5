package fleet

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
)

func full() Spec {
	return Spec{
		Name: "web-1", Region: "SYD1", Size: "s-1vcpu-1gb", Image: "ubuntu-24-04-x64", SSHKeys: []string{"2", "1"}, Tags: []string{"Web", "a"},
		UserData: "#cloud-config", VPCUUID: "V", Monitoring: true, Backups: true, IPv6: true,
	}
}

func TestValuesSurviveTheirJSON(t *testing.T) {
	for _, s := range []Spec{full(), {Name: "a", Region: "syd1", Size: "s", Image: "1"}} {
		v := ValuesOf(s)
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var back Values
		if err := json.Unmarshal(b, &back); err != nil || !maps.Equal(v, back) {
			t.Errorf("%v became %v (%v) by %s", v, back, err, b)
		}
	}
}

func TestRecordedSpecReadsLikeTheFileWithoutItsSecrets(t *testing.T) {
	b, err := json.Marshal(ValuesOf(full()))
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if tags, _ := got["tags"].([]any); got["monitoring"] != true || len(tags) != 2 || tags[0] != "a" || got["region"] != "syd1" {
		t.Errorf("recorded as %s", b)
	}
	for _, f := range Fields {
		if v, recorded := got[f.Name].(string); f.Hashed && recorded && len(v) != len("sha256:")+64 {
			t.Errorf("%s is recorded as %q, not as a hash", f.Name, v)
		}
	}
}

// What an adoption records is never different from what the droplet shows, nor from what the file asks of unreadable fields.
func TestAdoptedDiffersFromNothing(t *testing.T) {
	s := full()
	d := Droplet{ID: 1, Name: "web-1", Status: StatusActive, Region: "ams3", Size: "s-2vcpu-2gb", ImageID: 7, ImageSlug: "", Tags: []string{"other"}, VPCUUID: "w"}
	values, assumed := Adopted(d, s)
	if want := []string{"image", "ssh_keys", "user_data"}; !slices.Equal(assumed, want) {
		t.Errorf("assumed %v, want %v", assumed, want)
	}
	for _, f := range Fields {
		v, recorded := values[f.Name]
		if !recorded {
			continue
		}
		if desired, _ := f.Desired(s); slices.Contains(assumed, f.Name) {
			if v != desired {
				t.Errorf("%s is assumed as %q, not as the file's %q", f.Name, v, desired)
			}
		} else if seen, _ := f.Seen(&d, v); v != seen && f.Kind != KindList {
			t.Errorf("%s is recorded as %q and shows %q", f.Name, v, seen)
		}
	}
}

// Tags that the file does not ask for may be somebody else's: they are not recorded as if the file had.
func TestAdoptedTagsAreTheFiles(t *testing.T) {
	values, _ := Adopted(Droplet{ID: 1, Tags: []string{"theirs", "WEB", ManagedTag}}, full())
	if values["tags"] != "web" {
		t.Errorf("recorded %q", values["tags"])
	}
}

func TestNewDropletShowsNoFeaturesYet(t *testing.T) {
	f, _ := FieldNamed("monitoring")
	if _, ok := f.Seen(&Droplet{Status: StatusNew}, "true"); ok {
		t.Error("the features of a new droplet are taken for read")
	}
	if v, ok := f.Seen(&Droplet{Status: StatusActive, Features: []string{"Monitoring"}}, "true"); !ok || v != "true" {
		t.Errorf("monitoring reads %q, %v", v, ok)
	}
}

func TestImageAnswersInTheLanguageOfTheQuestion(t *testing.T) {
	f, _ := FieldNamed("image")
	d := Droplet{ImageID: 42, ImageSlug: "ubuntu-24-04-x64"}
	if v, ok := f.Seen(&d, "42"); v != "42" || !ok {
		t.Errorf("by id: %q, %v", v, ok)
	}
	if v, ok := f.Seen(&d, "debian-13-x64"); v != "ubuntu-24-04-x64" || !ok {
		t.Errorf("by slug: %q, %v", v, ok)
	}
	d.ImageSlug = ""
	if _, ok := f.Seen(&d, "ubuntu-24-04-x64"); ok {
		t.Error("a slug that moved on is taken for read")
	}
}
