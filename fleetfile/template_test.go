package fleetfile_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"arcadiad/fleet"
	"arcadiad/fleetfile"
)

// workers is a group whose names, tags and user data are templates.
func workers(count int, userData string) string {
	return head + fmt.Sprintf(`  - name: 'worker-[[ printf "%%02d" .Ordinal ]]'
    count: %d
    tags: ['node-[[ .Ordinal ]]', 'of-[[ lower .Group ]]', plain]
    user_data_template: true
    user_data: |
`, count) + "      " + strings.ReplaceAll(userData, "\n", "\n      ") + "\n"
}

func fleetFrom(t *testing.T, text string) fleet.Fleet {
	t.Helper()
	f, err := decode(text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestTemplatesAreExpandedForEachDroplet(t *testing.T) {
	f := fleetFrom(t, workers(11, `#!/bin/sh
echo [[ .Name ]] [[ .Ordinal ]] [[ .Group ]] [[ .Fleet ]] [[ .Region ]] [[ .Size ]] [[ add .Ordinal 100 | printf "10.0.0.%d" ]]
[[- if eq .Ordinal 1 ]]
first [[ upper "x" ]]
[[- end ]]
if [[ `+"`[[`"+` ]] -f x ]]; then`))
	first, last := f.Specs[0], f.Specs[10]
	if first.Name != "worker-01" || last.Name != "worker-11" || first.Group != "worker" || first.Numbering != (fleet.Numbering{Prefix: "worker-", Width: 2}) {
		t.Errorf("%+v", first)
	}
	if want := "#!/bin/sh\necho worker-01 1 worker demo syd1 s-1vcpu-1gb 10.0.0.101\nfirst X\nif [[ -f x ]]; then\n"; first.UserData != want {
		t.Errorf("%q", first.UserData)
	}
	if want := "#!/bin/sh\necho worker-11 11 worker demo syd1 s-1vcpu-1gb 10.0.0.111\nif [[ -f x ]]; then\n"; last.UserData != want {
		t.Errorf("%q", last.UserData)
	}
	if !slices.Equal(last.Tags, []string{"node-11", "of-worker", "plain"}) {
		t.Errorf("%q", last.Tags)
	}
	if first.GroupHash() != last.GroupHash() {
		t.Error("two droplets of a group have two hashes of the group")
	}
	for _, name := range []string{"worker-1", "Worker-12", "worker-012", "worker-100", "worker-x", "work-01"} {
		if want := name == "Worker-12" || name == "worker-100"; first.Numbers(name) != want {
			t.Errorf("%s is numbered: %v", name, !want)
		}
	}
	single := fleetFrom(t, head+web+"    user_data_template: true\n    user_data: '#!/[[ .Name ]]/[[ .Ordinal ]]'\n").Specs[0]
	if single.UserData != "#!/web/0" || single.Group != "web" {
		t.Errorf("%+v", single)
	}
}

// A larger count changes none of the droplets that there are, and an edit only those whose text it changes.
func TestOnlyWhoseTextChangesIsAnother(t *testing.T) {
	const text = "#!/bin/sh\n[[ if eq .Ordinal 2 ]]two[[ end ]]"
	changed := func(after fleet.Fleet) (names []string) {
		for i, s := range fleetFrom(t, workers(3, text)).Specs {
			if s.Hash() != after.Specs[i].Hash() {
				names = append(names, s.Name)
			}
		}
		return names
	}
	if names := changed(fleetFrom(t, workers(30, text))); names != nil {
		t.Errorf("a larger count changes %v", names)
	}
	if names := changed(fleetFrom(t, workers(3, strings.Replace(text, "two", "2", 1)))); !slices.Equal(names, []string{"worker-02"}) {
		t.Errorf("the edit changes %v", names)
	}
}

func TestFaultsOfTemplates(t *testing.T) {
	const (
		others = " (a template has nothing of the others: a larger count would replace every droplet of the group; ask at run time, by the tag of the fleet)"
		known  = " (known here: .Name, .Ordinal, .Group, .Fleet, .Region, .Size)"
	)
	for _, c := range []struct{ text, want string }{
		{"#!/bin/sh\nä [[ .Foo ]]", "2:6: unknown key .Foo" + known},
		{"#!/bin/sh\n[[ .Names ]]", "2:4: unknown key .Names" + others},
		{"[[ .Nam ]]", "1:4: unknown key .Nam (did you mean .Name?)"},
		{"[[ .Count ]]", "1:4: unknown key .Count" + others},
		{"[[ .PublicIPv4 ]]", "1:4: unknown key .PublicIPv4 (it is not known before the droplet is created; ask the metadata service at run time)"},
		{"[[ .Name.X ]]", "1:9: unknown key .Name.X (did you mean .Name?)"},
		{"a\n[[ env \"HOME\" ]]", "2:4: there is no function env (known: printf, upper, lower, add, eq, ne, lt, le, gt, ge, and, or, not)"},
		{"[[ html .Name ]]", "1:4: there is no function html (known: printf, upper, lower, add, eq, ne, lt, le, gt, ge, and, or, not)"},
		{"[[ range 1000000000 ]]x[[ end ]]", "1:10: [[range 1000000000]]x[[end]] is not allowed in a template (only text, keys, functions and if)"},
		{"[[ template \"x\" ]]", "1:13: [[template \"x\"]] is not allowed in a template (only text, keys, functions and if)"},
		{"[[ $x := 1 ]]", "1:4: $x := 1 is not allowed in a template (only text, keys, functions and if)"},
		{"[[ . ]]", "1:4: . is not allowed in a template (only text, keys, functions and if)"},
		{"#!/bin/sh\nif [[ -f x ]]; then", "2:4: bad number syntax: \"-f\" (write [[ `[[` ]] for two brackets that are none of a template)"},
		{"[[ printf \"%99999d\" 1 ]]", `1:4: printf "%99999d" 1: the format is too long or too wide`},
		{"[[ printf \"%d\" .Name ]]", `1:4: printf "%d" .Name: the format does not fit what is given: %!d(string=web-1)`},
		{"[[ if .Name ]]", "1:1: unexpected EOF (write [[ `[[` ]] for two brackets that are none of a template)"},
		// What only another droplet than the first has.
		{"#cloud-config\na: b\n[[ if eq .Ordinal 2 ]] c: d[[ end ]]", "3:1: not valid YAML: mapping values are not allowed in this context, so cloud-init ignores the text"},
		{"#!/bin/sh\n[[ if eq .Ordinal 2 ]][[ \"\\U0001F600\" ]][[ end ]]", "2:1: character U+1F600 (DigitalOcean loses droplets whose user data has characters beyond U+FFFF, such as emoji; remove it)"},
		{strings.Repeat("[[ printf \"%999s\" .Name ]]", 99), "1:1: what the template makes is longer than the 65536 bytes that fit"},
		{"# cloud-config\nhost: [[ .Name ]]", "1:1: the first line is no header that cloud-init knows, so it ignores the text (write #cloud-config, without blanks)"},
		{"#cloud-config\nhost: [[ .Name ]]\n\tx: y", "3:1: a tab in the indentation, so cloud-init ignores the text (YAML takes only spaces there)"},
	} {
		_, err := fleetfile.Decode("fleet.yaml", []byte(head+web+"    count: 2\n    user_data_template: true\n    user_data_file: u\n"),
			func(string) ([]byte, error) { return []byte(c.text), nil })
		if got := strings.ReplaceAll(problems(err), "u:", ""); got != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.text, got, c.want)
		}
	}
	for stanza, want := range map[string]string{
		"{name: 'a-[[ .Ordinal ]]'}":                                              "6:12: a-[[ .Ordinal ]] has no count: a name with [[ numbers the droplets of a count (add count: 1, or write the name out)",
		"{name: 'a-[[ .Fleet ]]', count: 2}":                                      "6:12: name: the names of a count must differ by the number alone (such as worker-[[ .Ordinal ]] or worker-[[ printf \"%02d\" .Ordinal ]])",
		"{name: 'a[[ .Ordinal ]][[ .Ordinal ]]', count: 2}":                       "6:12: name: the names of a count must differ by the number alone (such as worker-[[ .Ordinal ]] or worker-[[ printf \"%02d\" .Ordinal ]])",
		"{name: 'a-[[ printf \"%x\" .Ordinal ]]', count: 12}":                     "6:12: name: the names of a count must differ by the number alone (such as worker-[[ .Ordinal ]] or worker-[[ printf \"%02d\" .Ordinal ]])",
		"{name: 'a-[[ if eq .Ordinal 50 ]]x[[ end ]][[ .Ordinal ]]', count: 60}":  "6:12: name: the names of a count must differ by the number alone (such as worker-[[ .Ordinal ]] or worker-[[ printf \"%02d\" .Ordinal ]])",
		"{name: 'a-[[ .Name ]]', count: 2}":                                       "6:12: name: unknown key .Name (known here: .Ordinal, .Fleet, .Region)",
		"{name: 'a_[[ .Ordinal ]]', count: 2}":                                    "6:12: name: \"a_1\" is not a droplet name (letters, digits and hyphens, at least one letter; it becomes the hostname)",
		"{name: 'A[[ .Ordinal ]]', count: 12}\n  - name: a7":                      "7:5: droplet a7 is defined twice: by this stanza and by A on line 6",
		"{name: 'a-[[ .Ordinal ]]', count: 0}\n  - {name: a, count: 0}":           "7:5: group a is defined twice: by this stanza and on line 6 (give one of them another name)",
		"{name: a, count: 2, tags: ['b[[ .Ordinal ]]', b2]}":                      "6:51: tags of a-2: the list has b2 twice (remove one of them)",
		"{name: a, tags: ['[[ .Names ]]']}":                                       "6:22: tag [[ .Names ]]: unknown key .Names" + others,
		"{name: a, tags: ['arcadia-[[ .Name ]]']}":                                "6:22: tags of a: \"arcadia-a\" is one of the tags that arcadiad manages itself (remove it)",
		"{name: a, count: 1, was: 'b[[ .Region ]]'}":                              "6:30: was: the names of a count must differ by the number alone (such as worker-[[ .Ordinal ]] or worker-[[ printf \"%02d\" .Ordinal ]])",
		"{name: a, user_data_template: true, user_data: '#![[ .Name ]][[ .X ]]'}": "6:52: user_data: unknown key .X" + known,
	} {
		_, err := decode(head + "  - " + stanza + "\n")
		if got := problems(err); got != want {
			t.Errorf("%s\n got %s\nwant %s", stanza, got, want)
		}
	}
}

// What is odd about a template is a warning.
func TestWarningsOfTemplates(t *testing.T) {
	for text, want := range map[string]string{
		"    user_data: |\n      #!/bin/sh\n      echo [[ .Name ]]\n":                           "fleet.yaml:9:1: user_data: what looks like a template stays as it is (to have it expanded: user_data_template: true)",
		"    user_data: |\n      #!/bin/sh\n      if [[ -f x ]]; then\n":                        "",
		"    resize: in_place\n    user_data_template: true\n    user_data: '#!/[[ .Size ]]'\n": "fleet.yaml:9:16: user_data: .Size changes the text with the size, so another size takes another droplet (resize in place needs on_change: ignore then)",
		"    resize: in_place\n    user_data_template: true\n    user_data: '#!/[[ .Name ]]'\n": "",
	} {
		if got := strings.Join(fleetFrom(t, head+web+text).Warnings, "\n"); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

// Droplets with padded numbers, or with the number elsewhere, are one group too.
func TestImportFoldsNumberedNames(t *testing.T) {
	var droplets []fleet.Droplet
	for i, name := range []string{"worker-01", "worker-02", "worker-03", "n1.example.com", "n2.example.com", "Web1", "Web2", "lone01", "gap-001", "gap-003", "worker"} {
		droplets = append(droplets, fleet.Droplet{ID: int64(i + 1), Name: name, Status: fleet.StatusActive, Region: "syd1", Size: "s-1vcpu-1gb", ImageID: 7})
	}
	got, err := fleetfile.Import("demo", fleet.Account{}, droplets, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`- name: "worker-[[ printf \"%02d\" .Ordinal ]]"  # worker-01 to worker-03` + "\n    count: 3\n",
		`- name: "n[[ .Ordinal ]].example.com"  # n1.example.com to n2.example.com` + "\n    count: 2\n",
		`- name: "Web[[ .Ordinal ]]"  # Web1 to Web2` + "\n    count: 2\n",
		"- name: lone01\n", "- name: gap-001\n", "- name: gap-003\n", "- name: worker\n",
	} {
		if !strings.Contains(string(got.File), want) {
			t.Errorf("it has not\n%s\nbut\n%s", want, got.File)
		}
	}
	if _, err := fleetfile.Decode("x", got.File, func(string) ([]byte, error) { return nil, errors.New("none") }); err != nil {
		t.Error(err)
	}
}
