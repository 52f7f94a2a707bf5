package plan

import (
	"bytes"
	"strings"
	"testing"

	"arcadiad/fleet"
)

func TestRenderingsNameTheRevision(t *testing.T) {
	for want, r := range map[string]*fleet.Revision{
		"fleet.yaml of commit 1a2b3c4d5e by Ada: more web":                      {Commit: "1a2b3c4d5e6f", Author: "Ada", Subject: "more web", File: "fleet.yaml"},
		"fleet.yaml, changed since commit 1a2b3c4d5e by Ada: more web":          {Commit: "1a2b3c4d5e6f", Author: "Ada", Subject: "more\nweb", File: "fleet.yaml", Differs: true},
		"infra/fleet.yaml, which is not committed yet":                          {File: "infra/fleet.yaml", Differs: true},
		"fleet.yaml of commit 1a2b3c4d5e by Ada: ping @\u200ball &lt;b&gt; \\|": {Commit: "1a2b3c4d5e6f", Author: "Ada", Subject: "ping @all <b> |", File: "fleet.yaml"},
	} {
		p := newScene("a").build(t)
		p.Revision = r
		var text, md bytes.Buffer
		if err := p.Text(&text, Options{}); err != nil {
			t.Fatal(err)
		}
		if err := p.Markdown(&md); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(md.String(), "\n"+want+"\n") {
			t.Errorf("no line %q in:\n%s", want, md.String())
		}
		if !strings.Contains(want, "\\") && !strings.Contains(text.String(), "\n"+want+"\n") {
			t.Errorf("no line %q in:\n%s", want, text.String())
		}
	}
}
