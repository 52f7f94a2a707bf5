package fleet

import "testing"

func TestLaw01OwnershipIsByTags(t *testing.T) {
	const ours, other, saga, strange = "arcadia-fleet-demo", "arcadia-fleet-shop", "arcadia-saga-0123abcd", "arcadia-saga-ffffffff"
	made := func(saga8 string) bool { return saga8 == "0123abcd" }
	for _, tt := range []struct {
		tags []string
		want Ownership
	}{
		{nil, Nobodys}, {[]string{"web"}, Nobodys}, {[]string{saga}, Nobodys}, {[]string{ProtectTag}, Nobodys},
		{[]string{ManagedTag, ours}, OfThisFleet}, {[]string{"Managed-By-Arcadia-Cloud", "ARCADIA-FLEET-Demo"}, OfThisFleet},
		{[]string{ManagedTag, ours, strange}, OfThisFleet},
		{[]string{ManagedTag, saga}, OfOurSaga}, {[]string{ManagedTag, saga, strange}, OfNoFleet}, {[]string{ManagedTag, strange}, OfNoFleet},
		{[]string{ManagedTag}, OfNoFleet},
		{[]string{ManagedTag, other}, OfOtherFleet}, {[]string{other}, OfOtherFleet}, {[]string{ManagedTag, ours, other}, OfOtherFleet},
		{[]string{ManagedTag, other, saga}, OfOtherFleet},
		{[]string{ours}, Stripped}, {[]string{ours, saga}, Stripped},
	} {
		got := OwnershipOf(&Droplet{Tags: tt.tags}, "Demo", made)
		if got != tt.want || got.Ours() != (tt.want == OfThisFleet || tt.want == OfOurSaga) {
			t.Errorf("%v: %d, want %d", tt.tags, got, tt.want)
		}
	}
}
