package daemon

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"arcadiad/plan"
)

// randomFile is a fleet file: some names of a few, in one of two sizes, with some rules for how they may be changed.
func (s *soak) randomFile() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%spolicy: {max_destroy: %s", s.head(),
		pick(s.rng, []string{"100%", "100%", "100%", "50%", "25%", "1", "0"}))
	if s.oneIn(8) {
		fmt.Fprintf(&b, ", max_droplets: %d", 1+s.rng.IntN(4))
	}
	s.maybe(&b, 3, ", drift: %s", "correct", "replace")
	s.maybe(&b, 3, ", max_unavailable: %s", "1", "2", "50%")
	s.maybe(&b, 8, ", %s", windowKey(time.Now()), windowKey(time.Now().Add(6*time.Hour)))
	b.WriteString("}\ndroplets:")
	n := 0
	stanza := func(name, was string) {
		n++
		fmt.Fprintf(&b, "\n  - {name: %s", name)
		if was != "" {
			fmt.Fprintf(&b, ", was: %s", was)
		}
		s.randomStanza(&b)
	}
	for _, name := range []string{"a", "b"} {
		if !s.oneIn(3) {
			stanza(s.called(name))
			s.addressKey(&b)
			b.WriteString("}")
		}
	}
	if s.oneIn(2) {
		stanza(s.called("web"))
		fmt.Fprintf(&b, ", count: %d}", pick(s.rng, []int{0, 1, 2, 3, 3, 4, 5}))
	}
	if n == 0 {
		b.WriteString(" []")
	}
	b.WriteString("\n")
	return b.String()
}

// head is how the files of this world begin: the droplets of few worlds are shut down before they go, and of fewer there is a snapshot then.
func (s *soak) head() string {
	return "version: 1\nfleet: test\ndefaults: {region: syd1, image: ubuntu-24-04-x64, size: s-1vcpu-1gb, destroy: " + fmt.Sprintf("{shutdown: %v, snapshot: %v%s}}\n", s.asks(), s.snaps(), s.keepKey())
}

func (s *soak) asks() bool  { return s.seed%4 == 0 }
func (s *soak) snaps() bool { return s.seed%8 == 0 }

// maybe writes one of the words, in one of n files.
func (s *soak) maybe(b *strings.Builder, n int, format string, words ...string) {
	if s.oneIn(n) {
		fmt.Fprintf(b, format, pick(s.rng, words))
	}
}

func (s *soak) randomStanza(b *strings.Builder) {
	s.maybe(b, 3, ", size: %s", "s-1vcpu-2gb")
	s.maybe(b, 3, ", image: %s", goodImages[0], goodImages[1], badImage)
	ready := s.oneIn(2)
	if ready {
		s.maybe(b, 1, ", ready: {%s}", readies...)
	}
	switch s.rng.IntN(12) {
	case 0:
		b.WriteString(", protect: true")
	case 1:
		b.WriteString(", protect: false")
	}
	if s.oneIn(5) {
		fmt.Fprintf(b, ", user_data: '%s%d'", userSecret, s.rng.IntN(3))
	}
	s.maybe(b, 4, ", tags: [%s]", "Blue", "green", "Blue, green")
	s.maybe(b, 4, ", backups: %s", "true")
	s.maybe(b, 5, ", ipv6: %s", "true")
	inPlace := s.oneIn(2)
	if inPlace {
		s.maybe(b, 1, ", resize: %s", "in_place", "in_place", "in_place_with_disk")
	}
	s.maybe(b, 5, ", on_change: %s", "ignore")
	first := s.oneIn(6)
	if first {
		b.WriteString(", replace: destroy_first")
	}
	s.rolloutKeys(b, ready && !first, first || inPlace)
	s.maybe(b, 3, ", drift: %s", "correct", "correct", "replace", "report")
}

// called is what a group of the file is called today, and what it was called before, where the file says so.
func (s *soak) called(name string) (now, was string) {
	others := map[string][2]string{"a": {"a", "c"}, "web": {"web", "api"}}
	pair, changes := others[name]
	if !changes {
		return name, ""
	}
	if s.names[name] == "" {
		s.names[name] = name
	}
	other := func(n string) string { return pair[1-slices.Index(pair[:], n)] }
	renamed := s.oneIn(4)
	if renamed {
		s.names[name] = other(s.names[name])
	}
	now = s.names[name]
	if renamed && !s.oneIn(4) || s.oneIn(4) { // somebody may forget to say it, and it may stand there for long
		was = other(now)
	}
	return now, was
}

// smallEdit changes one thing of one stanza, and lets the rest be.
func (s *soak) smallEdit() bool {
	lines := strings.Split(s.good, "\n")
	var stanzas []int
	for i, l := range lines {
		if strings.HasPrefix(l, "  - {") {
			stanzas = append(stanzas, i)
		}
	}
	if len(stanzas) == 0 {
		return false
	}
	i := pick(s.rng, stanzas)
	key := pick(s.rng, []string{"size: s-1vcpu-2gb", "size: s-1vcpu-2gb", "size: s-1vcpu-2gb", "backups: true", "ipv6: true", "tags: [Blue]", "drift: correct", "ready: tcp"})
	toggle := func(key string) {
		had := regexp.MustCompile(", " + regexp.QuoteMeta(key[:strings.Index(key, ":")]) + `: (\[[^]]*\]|\{[^}]*\}|[^,}]*)`)
		if without := had.ReplaceAllString(lines[i], ""); without != lines[i] {
			lines[i] = without
			return
		}
		if key == "ready: tcp" {
			key = "ready: {" + pick(s.rng, readies) + "}"
		}
		lines[i] = strings.TrimSuffix(lines[i], "}") + ", " + key + "}"
	}
	toggle(key)
	if strings.HasPrefix(key, "size") && !strings.Contains(lines[i], "resize:") && !s.oneIn(4) {
		toggle("resize: in_place")
	}
	s.saveFile(strings.Join(lines, "\n"))
	return true
}

// wasKey is the key of a stanza that says its old name.
var wasKey = regexp.MustCompile(`, was: [a-z]+`)

// waitsForWas tells whether a renamed group has a droplet under either name, so that a person is to say which it is.
func waitsForWas(p plan.Plan) bool {
	return slices.ContainsFunc(p.Warnings, func(w string) bool { return strings.Contains(w, "remove `was` from the file") })
}
