package fleet

import "testing"

func TestChangeOfARollout(t *testing.T) {
	for want, r := range map[string]Rollout{
		"image a → b":              {From: "image a", To: "image b"},
		"image a → b, size c → d":  {From: "image a, size c", To: "image b, size d"},
		"user_data (none) → sha:1": {From: "user_data (none)", To: "user_data sha:1"},
		"tags a, b → tags a":       {From: "tags a, b", To: "tags a"},
		"image a → size b":         {From: "image a", To: "size b"},
		"":                         {},
	} {
		if got := r.Change(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
