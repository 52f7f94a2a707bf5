package fleet

import (
	"testing"
)

const makerID = "0badcafe000000000000000000000000"

// Only what a saga is proved to have made is its own: a tag that anybody may copy proves nothing by itself.
func TestLaw05MadeByThisJournal(t *testing.T) {
	bears := func(id int64, name string, tags ...string) Droplet {
		return Droplet{ID: id, Name: name, Tags: append([]string{ManagedTag, SagaTag(makerID), FleetTag("demo")}, tags...)}
	}
	once := Creates{Sent: 1, Witnessed: true}
	for _, tt := range []struct {
		what   string
		sent   Creates
		d      Droplet
		others []int64
		want   bool
	}{
		{"answered", Creates{Sent: 1, Answered: []int64{7}}, bears(7, "web"), nil, true},
		{"answered, and renamed since", Creates{Sent: 1, Answered: []int64{7}}, bears(7, "x"), nil, true},
		{"answered, beside more than were sent", Creates{Sent: 1, Answered: []int64{7}}, bears(7, "web"), []int64{8, 9}, true},
		{"unknown, and the only one", once, bears(7, "web"), nil, true},
		{"unknown, in other letters", once, bears(7, "WEB"), nil, true},
		{"nothing was sent", Creates{Witnessed: true}, bears(7, "web"), nil, false},
		{"another name", once, bears(7, "web-debug"), nil, false},
		{"another tag beside it", once, bears(7, "web", SagaTag("ffffffff")), nil, false},
		{"without the tag", once, Droplet{ID: 7, Name: "web", Tags: []string{ManagedTag}}, nil, false},
		{"there before", Creates{Sent: 1, Witnessed: true, Namesakes: []int64{7}}, bears(7, "web"), nil, false},
		{"nobody knows what was there before", Creates{Sent: 1}, bears(7, "web"), nil, false},
		{"a copy of the one that was found", once, bears(8, "web"), []int64{7}, false},
		{"a copy of the one that was answered", Creates{Sent: 1, Answered: []int64{7}, Witnessed: true}, bears(8, "web"), nil, false},
		{"the first of two creates, late", Creates{Sent: 2, Answered: []int64{9}, Witnessed: true}, bears(8, "web"), []int64{9}, true},
		{"one more than two creates", Creates{Sent: 2, Answered: []int64{9}, Witnessed: true}, bears(8, "web"), []int64{7, 9}, false},
		{"a namesake that bears the tag does not count", Creates{Sent: 1, Witnessed: true, Namesakes: []int64{3}}, bears(8, "web"), []int64{3}, true},
	} {
		if got := tt.sent.Made(makerID, "web", tt.d, tt.others); got != tt.want {
			t.Errorf("%s: %v", tt.what, got)
		}
	}
}
