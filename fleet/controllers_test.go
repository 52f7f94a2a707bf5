package fleet

import (
	"strings"
	"testing"
)

func TestControlledTellsWhoseANodeIs(t *testing.T) {
	for tag, controlled := range map[string]bool{
		"k8s:worker": true, "K8S:Worker": true, "k8s:0b8f1a52-3c1e-4f5e-9a77-5d2f6c0f1e11": true,
		"k8s": false, "k8s-worker": false, "k8s:workers": false, "k8s:0b8f1a52": false, "web": false, "": false, ManagedTag: false,
	} {
		d := Droplet{Tags: []string{"web", tag}}
		if whose := d.Controlled(); (whose != "") != controlled || controlled && !strings.Contains(whose, tag) {
			t.Errorf("%q: %q", tag, whose)
		}
	}
}
