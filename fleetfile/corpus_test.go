package fleetfile_test

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"arcadiad/fleetfile"
)

// head and tail make a whole file of the part that a case is about; head has 5 lines.
const (
	head = "version: 1\nfleet: demo\ndefaults: {region: syd1, size: s-1vcpu-1gb, image: ubuntu-24-04-x64}\n\ndroplets:\n"
	web  = "  - name: web\n"
)

// userDataFiles are what the corpus may name.
var userDataFiles = map[string]string{
	"web.yaml":          "#cloud-config\npackages: [nginx]\n",
	"cloud-init/a.yaml": "#cloud-config\n",
	"empty.yaml":        " \n",
	"big.yaml":          strings.Repeat("x", 64<<10+1),
	"emoji.yaml":        "#cloud-config\nmotd: hi \U0001F600\n",
	"gzip":              "\x1f\x8b\x08",
	"nul":               "a\n\x00",
	"conflict.sh":       "#!/bin/sh\n<<<<<<< HEAD\na\n=======\nb\n>>>>>>> other\n",
	"banner.sh":         "#!/bin/sh\ncat <<EOF\n=======\nEOF\n",
}

func readCorpusFile(name string) ([]byte, error) {
	text, ok := userDataFiles[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return []byte(text), nil
}

// case of the corpus: a fleet file and the problems that it has, one a line, without the file's name.
type fleetCase struct {
	name string
	yaml string
	want string
	// deep says that only the decoder can find the problem: it is below the schema (YAML itself), or beyond it (other stanzas,
	// other files, sums).
	deep bool
}

// The whole corpus: files that are right, and files with problems.
var (
	good = slices.Concat(goodFiles, goodRollouts, goodWindows, goodEndings)
	bad  = slices.Concat(badFiles, badRollouts, badWindows, badEndings)
)

var goodFiles = []fleetCase{
	{name: "smallest", yaml: "version: 1\nfleet: demo\ndroplets: []\n"},
	{name: "one droplet", yaml: head + web},
	{name: "BOM", yaml: "\xef\xbb\xbf" + head + web},
	{name: "CRLF", yaml: strings.ReplaceAll(head+web, "\n", "\r\n")},
	{name: "document markers", yaml: "---\n" + head + web + "...\n"},
	{name: "flow style", yaml: `{"version": 1, "fleet": "demo", "droplets": [{"name": "a1", "region": "syd1", "size": "s", "image": 7}]}`},
	{name: "every field", yaml: "version: 1\nfleet: demo\naccount: 6F0A2F7E-8f55-4b3c-9a51-0a58ac14d008\ndroplets:\n" + `
  - name: web
    count: 2
    region: nyc3
    size: so1_5-2vcpu-16gb
    image: 12345678
    ssh_keys: [123, "456", 3b:16:bf:e4:8b:00:8b:b8:59:8c:a9:d3:f0:19:45:fa, alice-laptop, "Bob's 2nd: work", cafe]
    tags: [web, "env:prod", a_b]
    user_data: |
      #!/bin/sh
    vpc_uuid: 5a4981aa-9653-4bd1-bef5-d6bff52042e4
    monitoring: true
    backups: False
    ipv6: TRUE
    protect: false
    was: api
    resize: in_place_with_disk
    on_change: ignore
    replace: destroy_first
    drift: replace
policy: {max_destroy: 0, max_droplets: 1, max_monthly_cost: 99.50, max_unavailable: 1, drift: correct}
`},
	{name: "percentages", yaml: head + web + "policy: {max_destroy: 100%, max_unavailable: 1%}\n"},
	{name: "rules by default", yaml: "version: 1\nfleet: demo\ndefaults: {resize: in_place, on_change: ignore, replace: destroy_first, drift: correct}\n" +
		"droplets:\n  - {name: web, region: syd1, size: s, image: i, resize: replace, on_change: replace, replace: create_first, drift: report}\n"},
	{name: "one of a count goes its own way", yaml: head + "  - {name: api, count: 2, was: web}\n  - {name: last, was: web-3}\n  - name: web\n"},
	{name: "old name and new names", yaml: head + "  - {name: web-1, count: 2, was: web}\n  - {name: web, was: web-9}\n  - {name: off, count: 0, was: web}\n"},
	{name: "count of none", yaml: head + "  - {name: web, count: 0}\n  - {name: web-1}\n"},
	{name: "single beside counted", yaml: head + "  - {name: web, count: 2}\n  - {name: web}\n"},
	{name: "longest names", yaml: head + "  - {name: " + strings.Repeat("a", 63) + "}\n  - {name: " + strings.Repeat("a", 58) + ", count: 1}\n"},
	{name: "capitals", yaml: head + "  - name: Web.Example.com\n  - {name: DB, count: 2, was: Sql}\n"},
	{name: "a numbered name", yaml: head + "  - {name: 'worker-[[ printf \"%02d\" .Ordinal ]]', count: 3, was: 'old[[ .Ordinal ]]'}\n  - {name: 'n[[ .Ordinal ]].example.com', count: 2}\n"},
	{name: "templates", yaml: head + "  - name: web\n    count: 2\n    tags: ['node-[[ .Ordinal ]]', plain]\n    user_data_template: true\n    user_data: |\n      #!/bin/sh\n      hostname [[ .Name ]]\n"},
	{name: "dotted name", yaml: head + "  - name: db.example.com\n"},
	{name: "empty user_data undoes a default", yaml: head + web + "    user_data: ''\n"},
	{name: "user data file", yaml: head + web + "    user_data_file: ./cloud-init/../web.yaml\n"},
	{name: "a heredoc is no conflict", yaml: head + web + "    user_data_file: banner.sh\n"},
	{name: "anchors and merge keys", yaml: head + "  - &web {name: web, tags: &tags [web]}\n  - {<<: *web, name: api, tags: *tags}\n  - {<<: [{name: c, count: 2}, *web]}\n"},
}

var badFiles = []fleetCase{
	// Text.
	{name: "empty", deep: true, yaml: "", want: "1:1: the file is empty (for a fleet without droplets, write droplets: [])"},
	{name: "blank", deep: true, yaml: "\n \n", want: "1:1: the file is empty (for a fleet without droplets, write droplets: [])"},
	{name: "comments only", deep: true, yaml: "# nothing\n", want: "1:1: the file holds nothing but comments (for a fleet without droplets, write droplets: [])"},
	{name: "null", yaml: "---\n", want: "2:1: the file is empty (for a fleet without droplets, write droplets: [])"},
	{name: "UTF-16", yaml: "\xff\xfev\x00", want: "1:1: the file is UTF-16 text (save it as UTF-8)"},
	{name: "Latin-1", deep: true, yaml: "version: 1\n# caf\xe9\n", want: "2:6: byte 0xe9 is not UTF-8 text (save the file as UTF-8)"},
	{name: "NUL", deep: true, yaml: "version: 1\n\x00\x00", want: "2:1: a NUL byte (the file is damaged, or not a text file)"},
	{name: "escape", deep: true, yaml: "version: \x1b[1m1\n", want: "1:10: control character U+001B (remove it)"},
	{name: "too large", deep: true, yaml: head + web + "#" + strings.Repeat("x", 1<<20), want: "1:1: the file is larger than 1024 KiB (put long user data into files of its own, with user_data_file)"},
	{name: "conflict", deep: true, yaml: "version: 1\n<<<<<<< HEAD\nfleet: a\n||||||| base\nfleet: c\n=======\r\nfleet: b\n>>>>>>> branch\n", want: `
2:1: merge conflict marker <<<<<<< (resolve the conflict and remove the marker lines)
4:1: merge conflict marker ||||||| (resolve the conflict and remove the marker lines)
6:1: merge conflict marker ======= (resolve the conflict and remove the marker lines)
8:1: merge conflict marker >>>>>>> (resolve the conflict and remove the marker lines)`},

	// YAML.
	{name: "tab", deep: true, yaml: head + web + "\tsize: s\n", want: "7:1: a tab in the indentation (YAML takes only spaces there)"},
	{name: "open bracket", deep: true, yaml: head + web + "    tags: [a, b\n    size: s\n", want: "7:1: not valid YAML: did not find expected ',' or ']'"},
	{name: "bad indentation", deep: true, yaml: "version: 1\n fleet: demo\n", want: "2:1: not valid YAML: mapping values are not allowed in this context"},
	{name: "item in a mapping", deep: true, yaml: "version: 1\n- x\n", want: "2:1: not valid YAML: did not find expected key"},
	{name: "first line", deep: true, yaml: "version: @1\n", want: "1:1: not valid YAML: found character that cannot start any token"},
	{name: "after the end", deep: true, yaml: head + web + "...\nx\n", want: "8:1: not valid YAML: did not find expected <document start>"},
	{name: "no anchor", deep: true, yaml: head + "  - {name: web, tags: *t}\n", want: "6:23: alias *t has no anchor (define it earlier in the file with &t)"},
	{name: "second document", deep: true, yaml: head + web + "---\n" + head + web, want: "7:1: a second YAML document begins here (one file describes one fleet; remove the --- line)"},
	{name: "empty second document", deep: true, yaml: head + web + "---\n", want: "7:1: a second YAML document begins here (one file describes one fleet; remove the --- line)"},
	{name: "self merge", deep: true, yaml: head + "  - &a {name: web, <<: *a}\n", want: "6:5: this mapping merges itself"},
	{name: "merge of a list", deep: true, yaml: head + "  - {name: web, <<: 7}\n", want: "6:21: only a mapping can be merged with <<, not the number 7"},
	{name: "alias bomb", deep: true, yaml: bomb(), want: "106:23: aliases stand for more than 100000 values (write the stanzas out)"},
	{name: "merge bomb", deep: true, yaml: mergeBomb(), want: "7:15: aliases stand for more than 100000 values (write the stanzas out)"},
	{name: "merge does not hide a duplicate", deep: true, yaml: head + "  - &a {name: web}\n  - {<<: *a, name: b, <<: *a}\n", want: "7:23: duplicate key <<: it is set on line 7 already (remove one of them)"},
	{name: "long key", yaml: head + web + "    " + strings.Repeat("region", 20) + ": x\n", want: "7:5: unknown key regionregionregionregionregionregionregionregionregionregio… in a droplet (known here: name, count, was, region, size, image, ssh_keys, tags, user_data, user_data_file, user_data_template, vpc_uuid, monitoring, backups, ipv6, protect, resize, on_change, replace, drift, ready, rollout, reserved_ip, reserved_ips, project, destroy)"},
	{name: "key is no word", yaml: head + web + "    ? [a]\n    : b\n", deep: true, want: "7:7: a key must be a plain word, not a list"},

	// Keys.
	{name: "top is a list", yaml: "- version: 1\n", want: "1:1: the fleet file must be a mapping of keys and values, not a list"},
	{name: "duplicate keys", deep: true, yaml: "version: 1\nfleet: a\nfleet: b\n" + "droplets:\n  - {name: w1, region: syd1, size: s, image: i, size: t}\n", want: `
3:1: duplicate key fleet: it is set on line 2 already (remove one of them)
5:49: duplicate key size: it is set on line 5 already (remove one of them)`},
	{name: "unknown keys", yaml: head + "  - {name: web, sise: s, sshKeys: [], type: x, user-data-file: y}\n  - {name: api, regio: syd1}\nregion: syd1\nfleets: [demo]\npolicy: {drfit: report}\n", want: `
6:17: unknown key sise in a droplet (did you mean size?)
6:26: unknown key sshKeys in a droplet (did you mean ssh_keys?)
6:39: unknown key type in a droplet (known here: name, count, was, region, size, image, ssh_keys, tags, user_data, user_data_file, user_data_template, vpc_uuid, monitoring, backups, ipv6, protect, resize, on_change, replace, drift, ready, rollout, reserved_ip, reserved_ips, project, destroy)
6:48: unknown key user-data-file in a droplet (did you mean user_data_file?)
7:17: unknown key regio in a droplet (did you mean region?)
8:1: unknown key region in the fleet file (region belongs under defaults or to a droplet)
9:1: unknown key fleets in the fleet file (did you mean fleet?)
10:10: unknown key drfit in policy (did you mean drift?)`},
	{name: "name and count in defaults", yaml: "version: 1\nfleet: demo\ndefaults: {name: web, count: 3}\ndroplets: []\n", want: `
3:12: unknown key name in defaults (name belongs to a droplet)
3:23: unknown key count in defaults (count belongs to a droplet)`},
	{name: "nothing said", yaml: "{}", want: `
1:1: droplets is missing (for a fleet without droplets, write droplets: [])
1:1: fleet is missing (name the fleet, such as fleet: demo)
1:1: version is missing (begin the file with version: 1)`},
	{name: "droplets is null", yaml: "version: 1\nfleet: demo\ndroplets:\n", want: "3:10: droplets must be a list, not nothing (write [] for none)"},
	{name: "required fields", yaml: "version: 1\nfleet: demo\ndroplets:\n  - name: web\n  - {region: syd1, size: s, image: 7}\n", want: `
4:5: droplet web has no image (set it here, or for all droplets under defaults)
4:5: droplet web has no region (set it here, or for all droplets under defaults)
4:5: droplet web has no size (set it here, or for all droplets under defaults)
5:5: the droplet has no name`},
	{name: "droplet is text", yaml: head + "  - web\n", want: `6:5: a droplet must be a mapping of keys and values, not the text "web"`},

	// Values at the top.
	{name: "other version", yaml: "version: 2\nfleets: [demo]\n", want: "1:10: version 2 is not known (this arcadiad reads version 1)"},
	{name: "quoted version", yaml: "version: \"1\"\nfleet: demo\ndroplets: []\n", want: `1:10: version must be a whole number, not the text "1" (remove the quotes)`},
	{name: "fleet names", yaml: "version: 1\nfleet: Demo\ndroplets: []\n", want: `2:8: fleet: "Demo" is not a fleet name (write it in lower case: demo)`},
	{name: "fleet is a number", yaml: "version: 1\nfleet: 7\ndroplets: []\n", want: `2:8: fleet must be a string, not the number 7 (quote it: "7")`},
	{name: "fleet with underscore", yaml: "version: 1\nfleet: a_b\ndroplets: []\n", want: `2:8: fleet: "a_b" is not a fleet name (lower-case letters, digits and hyphens, at most 63)`},
	{name: "account", yaml: "version: 1\nfleet: demo\naccount: me@example.com\ndroplets: []\n", want: `3:10: account: "me@example.com" is not a uuid (such as 6f0a2f7e-8f55-4b3c-9a51-0a58ac14d008)`},
	{name: "policy", yaml: head + web + "policy: {max_destroy: 101%, max_droplets: 0, drift: corect}\n", want: `
7:23: max_destroy: 101% is not a percentage (from 0% to 100%, without decimals)
7:43: max_droplets must be at least 1, not 0 (leave it out for no cap)
7:53: drift must be report, correct or replace, not the text "corect" (did you mean correct?)`},
	{name: "max_destroy below none", yaml: head + web + "policy: {max_destroy: -1}\n", want: "7:23: max_destroy must not be below 0 (0 means none)"},
	{name: "max_destroy a fraction", yaml: head + web + "policy: {max_destroy: 0.25}\n", want: "7:23: max_destroy must be a number of droplets or a percentage, not the number 0.25 (such as 5 or 25%)"},
	{name: "max_destroy a fraction of percent", yaml: head + web + "policy: {max_destroy: 2.5%}\n", want: "7:23: max_destroy: 2.5% is not a percentage (from 0% to 100%, without decimals)"},
	{name: "max_monthly_cost", yaml: head + web + "policy: {max_monthly_cost: 0}\n", want: "7:28: max_monthly_cost must be above 0 (leave it out for no cap)"},
	{name: "max_monthly_cost below none", yaml: head + web + "policy: {max_monthly_cost: -5}\n", want: "7:28: max_monthly_cost must be an amount, not the number -5 (US dollars a month, such as 120 or 99.50)"},
	{name: "max_monthly_cost with a sign", yaml: head + web + "policy: {max_monthly_cost: $5}\n", want: `7:28: max_monthly_cost must be an amount, not the text "$5" (US dollars a month, such as 120 or 99.50)`},
	{name: "policy is text", yaml: head + web + "policy: strict\n", want: `7:9: policy must be a mapping of keys and values, not the text "strict"`},

	// Names and counts.
	{name: "names", yaml: head + "  - name: Web_\n  - name: we_b\n  - name: \"123\"\n  - name: 123\n  - name: -web\n  - name: a..b\n  - name: " + strings.Repeat("a", 64) + "\n  - name:\n  - name: 2024-01-01\n  - name: ''\n", want: `
6:11: name: "Web_" is not a droplet name (letters, digits and hyphens, at least one letter; it becomes the hostname)
7:11: name: "we_b" is not a droplet name (letters, digits and hyphens, at least one letter; it becomes the hostname)
8:11: name: "123" is not a droplet name (letters, digits and hyphens, at least one letter; it becomes the hostname)
9:11: name must be a string, not the number 123 (quote it: "123")
10:11: name: "-web" is not a droplet name (letters, digits and hyphens, at least one letter; it becomes the hostname)
11:11: name: "a..b" is not a droplet name (letters, digits and hyphens, at least one letter; it becomes the hostname)
12:11: name: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…" is not a droplet name (letters, digits and hyphens, at least one letter; it becomes the hostname)
13:10: name has no value
14:11: name must be a string, not the date 2024-01-01 (quote it: "2024-01-01")
15:11: name: the text is empty (letters, digits and hyphens, at least one letter; it becomes the hostname)`},
	{name: "no room for the ordinal", yaml: head + "  - {name: " + strings.Repeat("a", 59) + ", count: 1}\n", want: "6:12: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa has a count: its name must have at most 58 characters, so that the numbers fit"},
	{name: "dots and a count", yaml: head + "  - {name: web.example.com, count: 1}\n", want: "6:12: web.example.com has a count: a name with dots needs to say where the number goes (such as web-[[ .Ordinal ]].example.com)"},
	{name: "counts", yaml: head + "  - {name: a, count: -1}\n  - {name: b, count: 1001}\n  - {name: c, count: 1.5}\n  - {name: d, count: \"3\"}\n  - {name: e, count: three}\n  - {name: f, count: 99999999999}\n  - {name: g, count: }\n", want: `
6:22: count must not be below 0 (0 means none)
7:22: count: 1001 is more than the 1000 droplets that one stanza may have (use more stanzas)
8:22: count must be a whole number, not the number 1.5 (write plain decimal digits)
9:22: count must be a whole number, not the text "3" (remove the quotes)
10:22: count must be a whole number, not the text "three"
11:22: count: 99999999999 is out of range
12:22: count must be a whole number, not nothing`},
	{name: "spellings of numbers", deep: true, yaml: head + "  - {name: a, count: 010}\n  - {name: b, count: 0x10}\n  - {name: c, count: 1_0}\n  - {name: d, count: 1e1}\n  - {name: e, count: +3}\n  - {name: f, image: 0777}\n", want: `
6:22: count must be a whole number, not the number 010 (some YAML readers take it for 8, some for 10; write one of these)
7:22: count must be a whole number, not the number 0x10 (write plain decimal digits)
8:22: count must be a whole number, not the number 1_0 (write plain decimal digits)
9:22: count must be a whole number, not the number 1e1 (write plain decimal digits)
10:22: count must be a whole number, not the number +3 (write plain decimal digits)
11:22: image: 0777 is not a plain decimal number (write plain decimal digits)`},
	{name: "collisions", deep: true, yaml: head + "  - {name: web, count: 3}\n  - name: web-2\n  - {name: web, count: 4}\n  - name: db\n  - name: db\n", want: `
7:5: droplet web-2 is defined twice: by this stanza and by web on line 6
8:5: droplet web-1 and 2 more are defined twice: by this stanza and by web on line 6
10:5: droplet db is defined twice: by this stanza and by db on line 9`},
	{name: "too many", deep: true, yaml: head + crowd(11), want: "16:5: the fleet has more than 10000 droplets from here on"},

	// Rules.
	{name: "rules", yaml: head + "  - {name: a, resize: inplace, on_change: Ignore, replace: destroy-first, drift: corect}\n" +
		"  - {name: b, resize: true, on_change: [], replace: }\n  - {name: c, resize: never}\n", want: `
6:23: resize must be replace, in_place or in_place_with_disk, not the text "inplace" (did you mean in_place?)
6:43: on_change must be replace or ignore, not the text "Ignore" (did you mean ignore?)
6:60: replace must be create_first or destroy_first, not the text "destroy-first" (did you mean destroy_first?)
6:82: drift must be report, correct or replace, not the text "corect" (did you mean correct?)
7:23: resize must be replace, in_place or in_place_with_disk, not the boolean true
7:40: on_change must be replace or ignore, not a list
7:53: replace must be create_first or destroy_first, not nothing
8:23: resize must be replace, in_place or in_place_with_disk, not the text "never"`},
	{name: "rules in the wrong place", yaml: "version: 1\nfleet: demo\ndroplets: [{name: a1, region: syd1, size: s, image: i, max_unavailable: 1}]\n" +
		"drift: report\nwas: web\nmax_destroy: 1\npolicy: {resize: in_place, max_unavailble: 1}\n", want: `
3:56: unknown key max_unavailable in a droplet (max_unavailable belongs under policy or under rollout)
4:1: unknown key drift in the fleet file (drift belongs under policy or under defaults or to a droplet)
5:1: unknown key was in the fleet file (was belongs to a droplet)
6:1: unknown key max_destroy in the fleet file (max_destroy belongs under policy)
7:10: unknown key resize in policy (resize belongs under defaults or to a droplet)
7:28: unknown key max_unavailble in policy (did you mean max_unavailable?)`},
	{name: "max_unavailable below none", yaml: head + web + "policy: {max_unavailable: -1}\n", want: "7:27: max_unavailable must not be below 0 (0 means none)"},
	{name: "max_unavailable beyond all", yaml: head + web + "policy: {max_unavailable: 101%}\n", want: "7:27: max_unavailable: 101% is not a percentage (from 0% to 100%, without decimals)"},
	{name: "max_unavailable is text", yaml: head + web + "policy: {max_unavailable: one}\n", want: `7:27: max_unavailable must be a number of droplets or a percentage, not the text "one" (such as 5 or 25%)`},

	// Old names.
	{name: "forms of old names", yaml: head + "  - {name: a, was: Web_}\n  - {name: b, was: 7}\n  - {name: c, was: }\n  - {name: d, count: 1, was: [web]}\n", want: `
6:20: was: "Web_" is not a droplet name (letters, digits and hyphens, at least one letter; it becomes the hostname)
7:20: was must be a string, not the number 7 (quote it: "7")
8:20: was has no value
9:30: was must be a string, not a list`},
	{name: "was by default", yaml: "version: 1\nfleet: demo\ndefaults: {was: web}\ndroplets: []\n", want: "3:12: unknown key was in defaults (was belongs to a droplet)"},
	{name: "old stems", yaml: head + "  - {name: a, count: 1, was: web.example.com}\n  - {name: b, count: 1, was: " + strings.Repeat("a", 59) + "}\n", want: `
6:30: was: web.example.com never had a count (with a count it is the old name without the number)
7:30: was: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa never had a count (with a count it is the old name without the number)`},
	{name: "the same name", deep: true, yaml: head + "  - {name: web, was: web}\n  - {name: api, count: 0, was: api}\n", want: `
6:22: was: web is its present name, not an old one (remove it)
7:32: was: api is its present name, not an old one (remove it)`},
	{name: "old name still wanted", deep: true, yaml: head + "  - {name: api, count: 3, was: web}\n  - {name: web, count: 2}\n  - {name: a, was: b}\n  - {name: b, was: a}\n  - {name: c, was: api-1}\n", want: `
6:5: was: droplet web-1 and 1 more are still defined under its old name: by web on line 7 (remove was, or rename in two steps)
8:5: was: droplet b is still defined under its old name: by b on line 9 (remove was, or rename in two steps)
9:5: was: droplet a is still defined under its old name: by a on line 8 (remove was, or rename in two steps)
10:5: was: droplet api-1 is still defined under its old name: by api on line 6 (remove was, or rename in two steps)`},
	{name: "renamed twice", deep: true, yaml: head + "  - &api {name: api, count: 3, was: web}\n  - {<<: *api, name: front, count: 2}\n  - {name: last, was: web-3}\n", want: `
7:5: was: droplet web-1 and 1 more are renamed twice: by this stanza and by api on line 6 (remove one of them)
8:5: was: droplet web-3 is renamed twice: by this stanza and by api on line 6 (remove one of them)`},

	// Fields.
	{name: "slugs", yaml: head + "  - {name: a, region: nyc, size: S-1vcpu-1gb, image: Ubuntu 24}\n  - {name: b, region: no, size: 1, image: 0}\n", want: `
6:23: region: "nyc" is not a region slug (the whole slug, such as syd1 or nyc3)
6:34: size: "S-1vcpu-1gb" is not a size slug (write it in lower case: s-1vcpu-1gb)
6:54: image: "Ubuntu 24" is not an image (a slug such as ubuntu-24-04-x64, or the numeric id of a snapshot)
7:23: region: "no" is not a region slug (the whole slug, such as syd1 or nyc3)
7:33: size must be a string, not the number 1 (quote it: "1")
7:43: image: "0" is not an image (a slug such as ubuntu-24-04-x64, or the numeric id of a snapshot)`},
	{name: "booleans", yaml: head + "  - {name: a, backups: yes, ipv6: \"true\", monitoring: 0, protect: }\n", want: `
6:24: backups must be true or false, not the text "yes" (write true)
6:35: ipv6 must be true or false, not the text "true" (remove the quotes)
6:55: monitoring must be true or false, not the number 0 (write false)
6:67: protect must be true or false, not nothing`},
	{name: "lists", yaml: head + "  - {name: a, tags: web, ssh_keys: 7}\n  - {name: b, tags: [[x]], ssh_keys: {a: 1}}\n  - {name: c, tags: }\n", want: `
6:21: tags must be a list, not the text "web" (write [web])
6:36: ssh_keys must be a list, not the number 7 (write [7])
7:22: an item of tags must be a string, not a list
7:38: ssh_keys must be a list, not a mapping
8:21: tags must be a list, not nothing (write [] for none)`},
	{name: "tags", yaml: head + "  - name: a\n    tags: [a b, 7, arcadia-fleet-x, Managed-By-Arcadia-Cloud, ok, ok]\n", want: `
7:12: an item of tags: "a b" is not a tag (letters, digits, colons, hyphens and underscores, at most 255)
7:17: an item of tags must be a string, not the number 7 (quote it: "7")
7:20: an item of tags: "arcadia-fleet-x" is one of the tags that arcadiad manages itself (remove it)
7:37: an item of tags: "Managed-By-Arcadia-Cloud" is one of the tags that arcadiad manages itself (remove it)
7:67: tags has ok twice (remove one of them)`},
	{name: "keys", yaml: head + "  - name: a\n    ssh_keys: [\"a,b\", 0, \"SHA256:abc\", 7, \"7\", 3b:16, ' a', ssh-ed25519 AAAAC3]\n", want: `
7:16: an item of ssh_keys: "a,b" is not an SSH key (its name in the account, its numeric id, or its MD5 fingerprint such as 3b:16:…:9a)
7:23: an item of ssh_keys: "0" is not an SSH key (its name in the account, its numeric id, or its MD5 fingerprint such as 3b:16:…:9a)
7:26: an item of ssh_keys: "SHA256:abc" is the text of a key or its SHA-256 fingerprint (write the name that the key has in the account)
7:43: ssh_keys has 7 twice (remove one of them)
7:48: an item of ssh_keys: "3b:16" is not an SSH key (its name in the account, its numeric id, or its MD5 fingerprint such as 3b:16:…:9a)
7:55: an item of ssh_keys: " a" is not an SSH key (its name in the account, its numeric id, or its MD5 fingerprint such as 3b:16:…:9a)
7:61: an item of ssh_keys: "ssh-ed25519 AAAAC3" is the text of a key or its SHA-256 fingerprint (write the name that the key has in the account)`},
	{name: "vpc", yaml: head + web + "    vpc_uuid: default\n", want: `7:15: vpc_uuid: "default" is not a uuid (such as 6f0a2f7e-8f55-4b3c-9a51-0a58ac14d008)`},
	{name: "own type", deep: true, yaml: head + web + "    size: !mine s\n", want: `7:11: size must be a string, not a value of type !mine (quote it: "s")`},

	// User data.
	{name: "both user data", yaml: head + web + "    user_data: x\n    user_data_file: web.yaml\n", want: "8:5: a droplet has both user_data and user_data_file (remove one of them)"},
	{name: "long user data", yaml: head + web + "    user_data: " + strings.Repeat("x", 64<<10+1) + "\n", want: "7:16: user_data: 65537 bytes are more than the 65536 that fit"},
	{name: "emoji", deep: true, yaml: head + web + "    user_data: |\n      #!/bin/sh\n      echo \U0001F600\n", want: "9:1: user_data: character U+1F600 (DigitalOcean loses droplets whose user data has characters beyond U+FFFF, such as emoji; remove it)"},
	{name: "absolute file", yaml: head + web + "    user_data_file: /etc/shadow\n", want: `7:21: user_data_file: "/etc/shadow" is not a file name (a path relative to the fleet file)`},
	{name: "files", deep: true, yaml: head + `  - {name: a, user_data_file: ../web.yaml}
  - {name: b, user_data_file: missing.yaml}
  - {name: c, user_data_file: empty.yaml}
  - {name: d, user_data_file: big.yaml}
  - {name: e, user_data_file: emoji.yaml}
  - {name: f, user_data_file: gzip}
  - {name: i, user_data_file: nul}
  - {name: g, user_data_file: conflict.sh}
  - {name: h, user_data_file: ./emoji.yaml}
`, want: `
6:31: user_data_file: ../web.yaml is outside the directory of the fleet file (copy it there: who may edit the fleet file may not read other files of this host)
7:31: user_data_file: missing.yaml: file does not exist (the path is relative to the fleet file)
8:31: user_data_file: empty.yaml is empty
9:31: user_data_file: big.yaml is larger than 64 KiB
conflict.sh:2:1: merge conflict marker <<<<<<< (resolve the conflict and remove the marker lines)
emoji.yaml:2:10: character U+1F600 (DigitalOcean loses droplets whose user data has characters beyond U+FFFF, such as emoji; remove it)
gzip:1:2: byte 0x8b is not UTF-8 text (the API takes plain text, neither gzip nor base64)
nul:2:1: a NUL byte (the API takes plain text, neither gzip nor base64)`},
}

// bomb is a short file whose aliases stand for a great many tags.
func bomb() string {
	var b strings.Builder
	b.WriteString(head)
	b.WriteString("  - {name: a0, tags: &t [t0")
	for i := range 1000 {
		fmt.Fprintf(&b, ", t%d", i+1)
	}
	b.WriteString("]}\n")
	for i := range 120 {
		fmt.Fprintf(&b, "  - {name: b%d, tags: *t}\n", i)
	}
	return b.String()
}

// mergeBomb doubles at each level.
func mergeBomb() string {
	var b strings.Builder
	b.WriteString(head + "  - &m0 {name: web, count: 0}\n")
	for i := range 20 {
		fmt.Fprintf(&b, "  - &m%d {<<: [*m%d%s]}\n", i+1, i, strings.Repeat(fmt.Sprintf(", *m%d", i), 9))
	}
	return b.String()
}

// crowd has n stanzas of 1,000 droplets.
func crowd(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "  - {name: w%c, count: 1000}\n", 'a'+i)
	}
	return b.String()
}

// problems gives the lines of Decode's error without the name of the fleet file.
func problems(err error) string {
	if err == nil {
		return ""
	}
	var lines []string
	for _, e := range err.(fleetfile.Errors) {
		lines = append(lines, strings.TrimPrefix(e.Error(), "fleet.yaml:"))
	}
	return strings.Join(lines, "\n")
}
