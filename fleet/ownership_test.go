package fleet

import (
	"slices"
	"testing"
	"time"
)

const ours, other, saga, strange = "arcadia-fleet-demo", "arcadia-fleet-shop", "arcadia-saga-0123abcd", "arcadia-saga-ffffffff"

// demo knows one saga.
var demo = Owners{Fleet: "Demo", Made: func(saga8 string) bool { return saga8 == "0123abcd" }}

func TestLaw01OwnershipIsByTags(t *testing.T) {
	const noManaged, another = "it does not show the tag " + ManagedTag, "it shows the tag of another fleet, " + other
	const noFleet = "it shows the tag " + ManagedTag + ", but not " + ours
	for _, tt := range []struct {
		tags []string
		by   Owner
		why  string
		// What the droplet is to the fleet where it is registered, and where it is not.
		registered, unregistered State
	}{
		{nil, Nobody, noManaged, StateReleased, StateForeign},
		{[]string{"web"}, Nobody, noManaged, StateReleased, StateForeign},
		{[]string{saga}, Nobody, noManaged, StateReleased, StateForeign},
		{[]string{ProtectTag}, Nobody, noManaged, StateReleased, StateForeign},
		{[]string{"arcadia-fleet-"}, Nobody, noManaged, StateReleased, StateForeign},
		{[]string{ManagedTag, ours}, Ours, "", StateManaged, StateUntracked},
		{[]string{"Managed-By-Arcadia-Cloud", "ARCADIA-FLEET-Demo"}, Ours, "", StateManaged, StateUntracked},
		{[]string{ManagedTag, ours, strange}, Ours, "", StateManaged, StateUntracked},
		{[]string{ManagedTag, saga}, OurSaga, "", StateManaged, StateUntracked},
		{[]string{ManagedTag, "ARCADIA-SAGA-0123ABCD"}, OurSaga, "", StateManaged, StateUntracked},
		{[]string{ManagedTag, saga, strange}, Unproved, noFleet, StateReleased, StateForeign},
		{[]string{ManagedTag, strange, saga}, Unproved, noFleet, StateReleased, StateForeign},
		{[]string{ManagedTag, strange}, Unproved, noFleet, StateReleased, StateForeign},
		{[]string{ManagedTag}, Unproved, noFleet, StateReleased, StateForeign},
		{[]string{ManagedTag, "arcadia-saga-"}, Unproved, noFleet, StateReleased, StateForeign},
		{[]string{ManagedTag, other}, OtherFleet, another, StateReleased, StateForeign},
		{[]string{other}, OtherFleet, another, StateReleased, StateForeign},
		{[]string{ManagedTag, ours, other}, OtherFleet, another, StateReleased, StateForeign},
		{[]string{ManagedTag, "arcadia-fleet-zoo", "ARCADIA-FLEET-SHOP"}, OtherFleet, another, StateReleased, StateForeign},
		{[]string{ManagedTag, other, saga}, OtherFleet, another, StateReleased, StateForeign},
		{[]string{ours}, Stripped, noManaged, StateReleased, StateForeign},
		{[]string{ours, saga}, Stripped, noManaged, StateReleased, StateForeign},
	} {
		got, d := demo.Of(tt.tags), &Droplet{Tags: tt.tags}
		if got.By != tt.by || got.Reason() != tt.why || got.Ours() != (tt.why == "") {
			t.Errorf("%v: %d, %q, want %d, %q", tt.tags, got.By, got.Reason(), tt.by, tt.why)
		}
		if in, out := demo.State(d, true, false), demo.State(d, false, false); in != tt.registered || out != tt.unregistered {
			t.Errorf("%v: %s where it is registered, else %s, want %s and %s", tt.tags, in, out, tt.registered, tt.unregistered)
		}
		if (Owners{Fleet: "demo"}).Of(tt.tags).Ours() != (tt.by == Ours) {
			t.Errorf("%v: a journal without sagas says otherwise", tt.tags)
		}
	}
}

// What a person gave back stays given back, though its tags show again (law 16).
func TestLaw16WhatWasReleasedStaysReleased(t *testing.T) {
	for _, tt := range []struct {
		tags       []string
		registered bool
		want       State
	}{
		{[]string{ManagedTag, ours}, true, StateReleased}, {[]string{ManagedTag, ours}, false, StateReleased},
		{nil, true, StateReleased}, {nil, false, StateForeign}, {[]string{ManagedTag, other}, false, StateForeign},
	} {
		if got := demo.State(&Droplet{Tags: tt.tags}, tt.registered, true); got != tt.want {
			t.Errorf("%v, registered %v: %s, want %s", tt.tags, tt.registered, got, tt.want)
		}
	}
}

// Tags that cannot be read release nothing: unknown is not none.
func TestLaw01UnreadTagsReleaseNothing(t *testing.T) {
	d := &Droplet{Unread: UnreadTags}
	if in, out, back := demo.State(d, true, false), demo.State(d, false, false), demo.State(d, true, true); in != StateManaged || out != StateForeign || back != StateReleased {
		t.Errorf("registered it is %s, else %s, and given back %s", in, out, back)
	}
}

func TestStatesOfWhatIsNotThere(t *testing.T) {
	tags := []string{ManagedTag, ours}
	for _, tt := range []struct {
		r    Resource
		want State
	}{
		{Resource{Tags: tags, Recorded: true}, StateManaged}, {Resource{Tags: tags}, StateUntracked}, {Resource{Tags: tags, Released: true}, StateReleased},
		{Resource{Tags: tags, Recorded: true, MissingSince: time.Now()}, StateMissing}, {Resource{Tags: tags, MissingSince: time.Now()}, StateUntracked},
		{Resource{Tags: tags, Recorded: true, DeletedAt: time.Now()}, StateDeleted}, {Resource{Tags: tags, Status: StatusDeleted}, StateDeleted},
	} {
		if got := tt.r.State(demo); got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.r, got, tt.want)
		}
	}
}

func TestMakerIsOfThisJournal(t *testing.T) {
	both := Owners{Made: func(saga8 string) bool { return saga8 == "0123abcd" || saga8 == "9999abcd" }}
	for _, tt := range []struct {
		tags []string
		want string
	}{
		{nil, ""}, {[]string{saga}, "0123abcd"}, {[]string{strange}, ""}, {[]string{saga, strange}, ""},
		{[]string{"arcadia-saga-9999abcd", saga}, "9999abcd"}, {[]string{saga, "arcadia-saga-9999abcd"}, "9999abcd"},
	} {
		if got := both.Maker(tt.tags); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.tags, got, tt.want)
		}
	}
}

func TestTagsOf(t *testing.T) {
	for _, tt := range []struct{ got, want []string }{
		{TagsOf("Demo", "", 0, false, nil), []string{ManagedTag, ours}},
		{TagsOf("demo", "", 0, true, nil), []string{ManagedTag, ProtectTag, ours}},
		{TagsOf("demo", "0123ABCDEF", 42, false, []string{"Web", "db", "web"}), []string{ManagedTag, saga, ours, "arcadia-replaces-42", "db", "web"}},
	} {
		if !slices.Equal(tt.got, tt.want) {
			t.Errorf("%v, want %v", tt.got, tt.want)
		}
	}
}
