package fleetfile_test

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"arcadiad/fleet"
	"arcadiad/fleetfile"
)

func decode(text string) (fleet.Fleet, error) {
	return fleetfile.Decode("fleet.yaml", []byte(text), readCorpusFile)
}

func TestDecodeAcceptsGoodFiles(t *testing.T) {
	for _, c := range good {
		t.Run(c.name, func(t *testing.T) {
			f, err := decode(c.yaml)
			if err != nil {
				t.Fatal(err)
			}
			if f.Name != "demo" || len(f.Hash) != 64 {
				t.Errorf("name %q, hash %q", f.Name, f.Hash)
			}
		})
	}
}

func TestDecodeReportsEveryProblem(t *testing.T) {
	for _, c := range bad {
		t.Run(c.name, func(t *testing.T) {
			f, err := decode(c.yaml)
			if got, want := problems(err), strings.TrimPrefix(c.want, "\n"); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
			if f.Specs != nil || f.Name != "" {
				t.Errorf("a fleet came with the error: %+v", f)
			}
		})
	}
}

func TestExpand(t *testing.T) {
	f, err := decode(`version: 1
fleet: demo
account: 6F0A2F7E-8F55-4B3C-9A51-0A58AC14D008
defaults: {region: syd1, size: s-1vcpu-1gb, image: 7, tags: [all], user_data: default, protect: true, backups: true}
droplets:
  - name: web
    count: 11
    user_data_file: web.yaml
  - name: db
    size: s-1vcpu-2gb
    tags: [db]
    backups: false
    protect: false
  - {name: off, count: 0}
policy: {max_droplets: 50, max_monthly_cost: 99.50}
`)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range f.Specs {
		names = append(names, s.Name)
	}
	want := strings.Fields("db web-1 web-2 web-3 web-4 web-5 web-6 web-7 web-8 web-9 web-10 web-11")
	if !slices.Equal(names, want) {
		t.Errorf("names %v\nwant  %v", names, want)
	}
	if f.Account != "6f0a2f7e-8f55-4b3c-9a51-0a58ac14d008" {
		t.Errorf("account %q", f.Account)
	}
	if f.Policy != (fleet.Policy{MaxDestroy: fleet.DefaultMaxDestroy, MaxLost: fleet.DefaultMaxLost, MaxDroplets: 50, MaxMonthly: fleet.Dollars(99.5),
		MaxUnavailable: fleet.DefaultMaxUnavailable, Drift: fleet.DriftReport}) {
		t.Errorf("policy %+v", f.Policy)
	}
	web, _ := f.Spec("web-11")
	if web.Group != "web" || web.Line != 6 || web.Single || web.UserData != userDataFiles["web.yaml"] || web.Image != "7" ||
		!web.Protected() || !web.Backups || !slices.Equal(web.Tags, []string{"all"}) {
		t.Errorf("web-11: %+v", web)
	}
	db, _ := f.Spec("db")
	if db.Group != "db" || db.Line != 9 || !db.Single || db.UserData != "default" || db.Size != "s-1vcpu-2gb" ||
		db.Protect == nil || *db.Protect || db.Backups || !slices.Equal(db.Tags, []string{"db"}) {
		t.Errorf("db: %+v", db)
	}
}

// A smaller count drops the highest numbers and leaves the others as they were.
func TestShrinkingDropsTheHighest(t *testing.T) {
	three, err := decode(head + "  - {name: web, count: 3}\n")
	if err != nil {
		t.Fatal(err)
	}
	two, err := decode(head + "  - {name: web, count: 2}\n")
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range two.Specs {
		if s.Name != three.Specs[i].Name || s.Hash() != three.Specs[i].Hash() {
			t.Errorf("%s became %s", three.Specs[i].Name, s.Name)
		}
	}
	if len(two.Specs) != 2 {
		t.Errorf("%d droplets", len(two.Specs))
	}
}

func TestPolicy(t *testing.T) {
	for text, want := range map[string]fleet.Limit{
		"max_destroy: 0":     {},
		"max_destroy: 7":     {Value: 7},
		"max_destroy: 0%":    {Percent: true},
		"max_destroy: '50%'": {Value: 50, Percent: true},
		"drift: report":      fleet.DefaultMaxDestroy,
	} {
		f, err := decode(head + web + "policy: {" + text + "}\n")
		if err != nil || f.Policy.MaxDestroy != want {
			t.Errorf("%s: %+v, %v", text, f.Policy.MaxDestroy, err)
		}
	}
}

// A field of the vocabulary that the decoder does not carry over would silently make other droplets than the file asks for.
func TestEveryFieldArrives(t *testing.T) {
	samples := map[string]string{
		"name": "other", "region": "nyc3", "size": "s-9", "image": "debian-13-x64", "ssh_keys": "[1]", "tags": "[x]",
		"user_data": "'#!/bin/sh'", "vpc_uuid": "5a4981aa-9653-4bd1-bef5-d6bff52042e4", "monitoring": "true", "backups": "true",
		"ipv6": "true", "protect": "true",
	}
	plain, err := decode(head + web)
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range fleet.Fields {
		sample, ok := samples[field.Name]
		if !ok {
			t.Errorf("no sample for %s", field.Name)
			continue
		}
		line := "    " + field.Name + ": " + sample + "\n"
		stanza := web + line
		if field.Name == "name" {
			stanza = "  - name: " + sample + "\n"
		}
		f, err := decode(head + stanza)
		if err != nil {
			t.Errorf("%s: %v", field.Name, err)
			continue
		}
		before, _ := field.Desired(plain.Specs[0])
		after, said := field.Desired(f.Specs[0])
		if !said || before == after {
			t.Errorf("%s: %s was not carried over: %q", field.Name, sample, after)
		}
		if field.Name == "name" {
			continue
		}
		// The same as a default.
		f, err = decode(strings.Replace(head, "defaults: {", "defaults: {"+field.Name+": "+sample+", ", 1) + web)
		if field.Required {
			continue // the head has it already
		}
		if err != nil {
			t.Errorf("default %s: %v", field.Name, err)
			continue
		}
		if byDefault, _ := field.Desired(f.Specs[0]); byDefault != after {
			t.Errorf("default %s: %q, want %q", field.Name, byDefault, after)
		}
	}
}

func TestTagsThatAreOurs(t *testing.T) {
	tags := []string{fleet.ManagedTag, fleet.ProtectTag, fleet.SagaTag("5f0c9a1e"), fleet.FleetTag("demo"), fleet.ReplacesTag(7),
		"ARCADIA-x", "arcadia", "arcadian-web", "managed-by-arcadia-cloud-not", "my-arcadia-x", "web"}
	for _, tag := range tags {
		_, err := decode(head + web + "    tags: [" + tag + "]\n")
		if refused := err != nil; refused != fleet.OurTag(tag) {
			t.Errorf("tag %s: ours is %v, the decoder says %v", tag, fleet.OurTag(tag), err)
		}
	}
}

func TestHashCoversEveryByte(t *testing.T) {
	hash := func(text, userData string) string {
		f, err := fleetfile.Decode("fleet.yaml", []byte(text), func(string) ([]byte, error) { return []byte(userData), nil })
		if err != nil {
			t.Fatal(err)
		}
		return f.Hash
	}
	withFile := head + web + "    user_data_file: web.yaml\n"
	base := hash(withFile, "#!/a")
	if base != hash(withFile, "#!/a") {
		t.Error("the same content has two hashes")
	}
	for what, other := range map[string]string{
		"user data changed": hash(withFile, "#!/b"),
		"comment added":     hash(withFile+"# x\n", "#!/a"),
		"other file":        hash(strings.Replace(withFile, "web.yaml", "api.yaml", 1), "#!/a"),
	} {
		if other == base {
			t.Errorf("%s: same hash", what)
		}
	}
}

func TestErrorsKeepTheirCause(t *testing.T) {
	_, err := decode(head + web + "    user_data_file: missing.yaml\n")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not ErrNotExist", err)
	}
	var one fleetfile.Error
	if !errors.As(err, &one) || one.Line != 7 || one.Col != 21 {
		t.Errorf("%+v", one)
	}
}

func TestErrorsAreBounded(t *testing.T) {
	_, err := decode(head + strings.Repeat("  - {nam: web}\n", 300))
	errs := err.(fleetfile.Errors)
	if last := errs[len(errs)-1]; len(errs) != 101 || last.Message != "and 500 more problems from here on" {
		t.Errorf("%d errors, the last is %v", len(errs), last)
	}
}
