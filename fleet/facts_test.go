package fleet

import (
	"maps"
	"reflect"
	"testing"
	"time"
)

// fullFacts knows every fact.
var fullFacts = Facts{
	SpecHash: "cafe", GroupHash: "beef", DropletID: 7, Replaces: 6, IP: "192.0.2.7", Undone: true, Downtime: true, Corrects: true, Retried: true,
	Copied: true, Approval: "855ff1e57e94", Grants: []int64{1, 2}, SweptAt: time.Date(2026, 11, 20, 9, 14, 3, 0, time.UTC), TagGone: true, Snapshot: "web-arcadia-5c1d9a02", Rollout: "5c1d9a02",
	KeptUntil: time.Date(2026, 11, 21, 9, 14, 3, 0, time.UTC),
	Creates:   Creates{Sent: 2, Answered: []int64{7, 8}, Namesakes: []int64{3, 4}, Witnessed: true},
}

// These labels are in databases out there.
var fullLabels = map[string]string{
	"spec": "cafe", "group_spec": "beef", "droplet": "7", "replaces": "6", "ip": "192.0.2.7", "undone": "true", "downtime": "true",
	"corrects": "true", "retried": "true", "copied": "true", "approval": "855ff1e57e94", "grants": "1,2", "swept": "2026-11-20T09:14:03Z",
	"tag_gone": "true", "snapshot": "web-arcadia-5c1d9a02", "rollout": "5c1d9a02", "kept_until": "2026-11-21T09:14:03Z", "sent": "2", "answered": "7,8", "namesakes": "3,4",
}

func TestFactsInLabels(t *testing.T) {
	if labels := fullFacts.Labels(); !maps.Equal(labels, fullLabels) {
		t.Errorf("labels %v, want %v", labels, fullLabels)
	}
	for _, f := range []Facts{fullFacts, {}, {Creates: Creates{Witnessed: true}}, {Creates: Creates{Sent: 1}}} {
		if got, err := FactsOf(f.Labels()); err != nil || !reflect.DeepEqual(got, f) {
			t.Errorf("%+v came back as %+v (%v) from %v", f, got, err, f.Labels())
		}
	}
	if labels := (Facts{}).Labels(LabelCopied, LabelSent); !maps.Equal(labels, map[string]string{"copied": "", "sent": "0"}) {
		t.Errorf("labels that are written in any case: %v", labels)
	}
}

// With TestFactsInLabels: whoever adds a fact is told to write it and to read it.
func TestEveryFactIsTested(t *testing.T) {
	for _, facts := range []any{fullFacts, fullFacts.Creates} {
		v := reflect.ValueOf(facts)
		for i := range v.NumField() {
			if v.Field(i).IsZero() {
				t.Errorf("fullFacts lacks %s", v.Type().Field(i).Name)
			}
		}
	}
}

func TestFactsThatCannotBeRead(t *testing.T) {
	for _, label := range []string{LabelDroplet, LabelReplaces, LabelGrants, LabelSwept, LabelKeptUntil, LabelSent, LabelAnswered, LabelNamesakes} {
		labels := maps.Clone(fullLabels)
		labels[label] = "many"
		if f, err := FactsOf(labels); err == nil || f.SpecHash != "cafe" || f.Creates.Sent != 0 {
			t.Errorf("label %s: %+v, %v", label, f, err)
		}
	}
}
