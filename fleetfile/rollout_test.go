package fleetfile_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
)

// with is a file with one group that has this line; policy with one that has it in its policy.
func with(line string) string   { return head + web + "    " + line + "\n" }
func policy(line string) string { return head + web + "policy:\n  " + line + "\n" }

var goodRollouts = []fleetCase{
	{name: "every key of a rollout", yaml: head + web + `    count: 3
    ready:
      http: {port: 8080, path: "/healthz?deep=1&q=%20", status: 204, tls: true}
      address: private
      within: 1h30m
      for: 90s
    rollout:
      max_unavailable: 50%
      max_surge: 3
      canary: 1
      pause: 24h
      drain: 1m30s
      on_failure: stop
      unattended: true
policy:
  rollout: {max_unavailable: 0, max_surge: 100%, canary: 0, pause: 0s, drain: 0.5s, on_failure: stop, unattended: false}
`},
	{name: "bounds of a rollout", yaml: head + `  - {name: a, ready: {tcp: 1, within: 1s, for: 999ms}}
  - {name: b, ready: {tcp: 65535, within: 24h, for: 1h}}
  - {name: c, ready: {http: {port: 80, path: /, status: 200}}}
  - {name: d, ready: {http: {port: 80, status: 599}}}
  - {name: e, rollout: {max_unavailable: 0%, max_surge: 1, pause: 0s, drain: 1h}}
  - {name: f, rollout: {}}
policy: {rollout: {}, max_unavailable: 0}
`},
	{name: "a rollout by anchors", yaml: "version: 1\nfleet: demo\ndefaults: {region: syd1, size: s, image: i, ready: &probe {tcp: 22}, rollout: &slow {pause: 10m}}\n" +
		"droplets:\n  - {name: a, rollout: {<<: *slow, pause: 1h}}\n  - {name: b, ready: {<<: *probe, for: 10s}}\npolicy: {rollout: *slow}\n"},
	{name: "a way back", yaml: head + "  - {name: a, destroy: {keep: 1h}, rollout: {on_failure: back}}\n"},
	{name: "a group that needs somebody", yaml: head + "  - {name: a, ready: {tcp: 22}}\n  - {name: b, rollout: {unattended: false}}\npolicy: {rollout: {unattended: true}}\n"},
	{name: "a group that may be out of service", yaml: head + "  - {name: a, replace: destroy_first, rollout: {max_unavailable: 1}}\n  - {name: b}\npolicy: {max_unavailable: 0}\n"},
}

var badRollouts = []fleetCase{
	{name: "a way back that is none", yaml: head + "  - {name: a, rollout: {on_failure: back}}\n  - {name: b, replace: destroy_first, destroy: {keep: 1h}, rollout: {on_failure: back}}\n", deep: true, want: `
6:37: on_failure: back needs destroy.keep, in group a (without it there is nothing to go back to; add destroy: {keep: 24h}, or use on_failure: stop)
7:82: on_failure: back rules out replace: destroy_first, in group b (nothing serves while it goes back; use create_first, or on_failure: stop)`},
	// Ready.
	{name: "which probe", yaml: head + "  - {name: a, ready: {}}\n  - {name: b, ready: {within: 5m}}\n  - {name: c, ready: {tcp: 22, http: {port: 80}}}\n  - {name: d, ready: {http: {}}}\n  - {name: e, ready: {http: {path: /x}}}\n", want: `
6:22: ready has neither tcp nor http (such as tcp: 22, or http: {port: 80})
7:22: ready has neither tcp nor http (such as tcp: 22, or http: {port: 80})
8:38: ready has both tcp and http (remove one of them)
9:29: http has no port (such as port: 80)
10:29: http has no port (such as port: 80)`},
	{name: "forms of ready", yaml: head + "  - {name: a, ready: 22}\n  - {name: b, ready: }\n  - {name: c, ready: [tcp]}\n  - {name: d, ready: {tcp: [22]}}\n  - {name: e, ready: {http: 80}}\n  - {name: f, ready: {tcp: \"22\"}}\n  - {name: g, ready: {tcp: 0, http: {port: 65536}}}\n", want: `
6:22: ready must be a mapping of keys and values, not the number 22
7:22: ready must be a mapping of keys and values, not nothing
8:22: ready must be a mapping of keys and values, not a list
9:28: tcp must be a whole number, not a list
10:29: http must be a mapping of keys and values, not the number 80
11:28: tcp must be a whole number, not the text "22" (remove the quotes)
12:28: tcp must be from 1 to 65535, not 0
12:37: ready has both tcp and http (remove one of them)
12:44: port must be from 1 to 65535, not 65536`},
	{name: "keys of ready", yaml: head + "  - {name: a, tcp: 22, within: 5m, ready: {tpc: 22}}\n  - {name: b, ready: {tcp: 22, path: /, timeout: 5s}}\n  - {name: c, ready: {http: {port: 80, within: 5m, url: x}}}\n", want: `
6:15: unknown key tcp in a droplet (tcp belongs under ready)
6:24: unknown key within in a droplet (within belongs under ready)
6:44: unknown key tpc in ready (did you mean tcp?)
7:32: unknown key path in ready (path belongs under ready.http)
7:41: unknown key timeout in ready (known here: tcp, http, address, within, for)
8:40: unknown key within in http (within belongs under ready)
8:52: unknown key url in http (known here: port, path, status, tls)`},
	{name: "duplicate keys of ready", deep: true, yaml: head + "  - {name: a, ready: {tcp: 22, tcp: 23}}\n", want: "6:32: duplicate key tcp: it is set on line 6 already (remove one of them)"},
	{name: "values of http", yaml: head + "  - {name: a, ready: {http: {port: 80, path: healthz, status: 99, tls: yes}}}\n  - {name: b, ready: {http: {port: 80, path: \"/a b\", status: 600}}}\n" +
		"  - {name: c, ready: {http: {port: 80, path: \"/a\\r\\nHost: x\", status: 2xx}}}\n  - {name: d, ready: {http: {port: 80, path: \"/%zz\"}}}\n  - {name: e, ready: {http: {port: 80, path: \"/#top\"}}}\n  - {name: f, ready: {http: {port: 80, path: }}}\n", want: `
6:46: path: "healthz" is not a path (it begins with / and has no spaces or control characters; percent-encode what is not plain ASCII)
6:63: status must be from 200 to 599, not 99 (leave it out for any from 200 to 299)
6:72: tls must be true or false, not the text "yes" (write true)
7:46: path: "/a b" is not a path (it begins with / and has no spaces or control characters; percent-encode what is not plain ASCII)
7:62: status must be from 200 to 599, not 600 (leave it out for any from 200 to 299)
8:46: path: "/a\r\nHost: x" is not a path (it begins with / and has no spaces or control characters; percent-encode what is not plain ASCII)
8:71: status must be a whole number, not the text "2xx"
9:46: path: "/%zz" is not a path (it begins with / and has no spaces or control characters; percent-encode what is not plain ASCII)
10:46: path: "/#top" is not a path (it begins with / and has no spaces or control characters; percent-encode what is not plain ASCII)
11:46: path has no value`},
	{name: "address", yaml: with("ready: {tcp: 22, address: privat}"), want: `7:31: address must be public or private, not the text "privat" (did you mean private?)`},
	{name: "durations", yaml: head + "  - {name: a, ready: {tcp: 22, within: 600}}\n  - {name: b, ready: {tcp: 22, within: 1d}}\n  - {name: c, ready: {tcp: 22, within: ten}}\n  - {name: d, ready: {tcp: 22, within: 5 m}}\n" +
		"  - {name: e, ready: {tcp: 22, for: 0}}\n  - {name: f, ready: {tcp: 22, within: }}\n  - {name: g, ready: {tcp: 22, within: [5m]}}\n  - {name: h, ready: {tcp: 22, within: \"600\"}}\n  - {name: i, ready: {tcp: 22, within: 1.5}}\n  - {name: j, ready: {tcp: 22, within: 5000000us}}\n  - {name: k, ready: {tcp: 22, within: 1:30}}\n", want: `
6:40: within must be a duration, not the number 600 (give the unit: 600s or 600m)
7:40: within: "1d" is not a duration (write 24h)
8:40: within: "ten" is not a duration (such as 30s, 10m or 1h30m)
9:40: within: "5 m" is not a duration (such as 30s, 10m or 1h30m)
10:37: for must be a duration, not the number 0 (give the unit: 0s or 0m)
11:40: within must be a duration, not nothing (such as 30s, 10m or 1h30m)
12:40: within must be a duration, not a list (such as 30s, 10m or 1h30m)
13:40: within: "600" is not a duration (give the unit: 600s or 600m)
14:40: within must be a duration, not the number 1.5 (such as 30s, 10m or 1h30m)
15:40: within: "5000000us" is not a duration (such as 30s, 10m or 1h30m)
16:40: within: "1:30" is not a duration (such as 30s, 10m or 1h30m)`},
	{name: "negative durations", yaml: with("ready: {tcp: 22, within: -5m}"), want: "7:30: within must be from 1s to 24h, not -5m"},
	{name: "a negative number", yaml: with("ready: {tcp: 22, within: -5}"), want: "7:30: within must be a duration, not the number -5 (such as 30s, 10m or 1h30m)"},
	{name: "durations out of bounds", deep: true, yaml: head + "  - {name: a, ready: {tcp: 22, within: 999ms}}\n  - {name: b, ready: {tcp: 22, within: 24h0m1s}}\n  - {name: c, ready: {tcp: 22, within: 2h, for: 61m}}\n  - {name: d, rollout: {pause: 25h, drain: 61m}}\n", want: `
6:40: within must be from 1s to 24h, not 999ms
7:40: within must be from 1s to 24h, not 24h0m1s
8:49: for must be from 0s to 1h, not 61m
9:32: pause must be from 0s to 24h, not 25h
9:44: drain must be from 0s to 1h, not 61m`},
	{name: "for beyond within", deep: true, yaml: head + "  - {name: a, ready: {tcp: 22, for: 10m}}\n  - {name: b, ready: {tcp: 22, within: 30s, for: 30s}}\n", want: `
6:37: for must be below within, which is 10m (allow more time with within)
7:50: for must be below within, which is 30s (allow more time with within)`},

	// Rollout.
	{name: "forms of a rollout", yaml: head + "  - {name: a, rollout: fast}\n  - {name: b, rollout: }\n  - {name: c, rollout: {max_unavailable: all, max_surge: 0, canary: -1, pause: 5, unattended: \"true\"}}\n" +
		"  - {name: d, rollout: {max_unavailable: -1, max_surge: 0%, canary: 10%, drain: 60, on_failure: back}}\n  - {name: e, rollout: {max_unavailable: 101%, max_surge: 1.5, on_failure: halt}}\n", want: `
6:24: rollout must be a mapping of keys and values, not the text "fast"
7:24: rollout must be a mapping of keys and values, not nothing
8:42: max_unavailable must be a number of droplets or a percentage, not the text "all" (such as 5 or 25%)
8:58: max_surge must not be below 1 (a replace needs room for the new droplet; without it, use replace: destroy_first)
8:69: canary must be at least 0, not -1 (0 for none)
8:80: pause must be a duration, not the number 5 (give the unit: 5s or 5m)
8:95: unattended must be true or false, not the text "true" (remove the quotes)
9:42: max_unavailable must not be below 0 (0 means none)
9:57: max_surge: 0% is not a percentage (from 1% to 100%, without decimals)
9:69: canary must be a whole number, not the text "10%"
9:81: drain must be a duration, not the number 60 (give the unit: 60s or 60m)
10:42: max_unavailable: 101% is not a percentage (from 0% to 100%, without decimals)
10:59: max_surge must be a number of droplets or a percentage, not the number 1.5 (such as 5 or 25%)
10:76: on_failure must be stop or back, not the text "halt"`},
	{name: "keys of a rollout", yaml: head + "  - {name: a, canary: 1, rollout: {maxSurge: 1, port: 80}}\npolicy: {canary: 1, ready: {tcp: 22}, rollout: {max_destroy: 1}}\nrollout: {}\n", want: `
6:15: unknown key canary in a droplet (canary belongs under rollout)
6:36: unknown key maxSurge in rollout (did you mean max_surge?)
6:49: unknown key port in rollout (port belongs under ready.http)
7:10: unknown key canary in policy (canary belongs under rollout)
7:21: unknown key ready in policy (ready belongs under defaults or to a droplet)
7:49: unknown key max_destroy in rollout (max_destroy belongs under policy)
8:1: unknown key rollout in the fleet file (rollout belongs under policy or under defaults or to a droplet)`},
	{name: "max_unavailable twice", yaml: head + web + "policy:\n  max_unavailable: 1\n  rollout: {max_unavailable: 2}\n", want: "8:20: policy has both max_unavailable and rollout.max_unavailable (remove one of them)"},
	{name: "none unavailable", deep: true, yaml: head + `  - {name: a, replace: destroy_first, rollout: {max_unavailable: 0}}
  - {name: b, resize: in_place, rollout: {max_unavailable: 0%}}
  - {name: c, count: 0, resize: in_place_with_disk, replace: destroy_first, rollout: {max_unavailable: 0}}
  - {name: d, replace: create_first, resize: replace, rollout: {max_unavailable: 0}}
`, want: `
6:66: max_unavailable: 0 rules out replace: destroy_first, in group a (it takes a droplet out of service first; allow at least 1, or use create_first)
7:60: max_unavailable: 0 rules out resize: in_place, in group b (it switches a droplet off meanwhile; allow at least 1, or use resize: replace)
8:104: max_unavailable: 0 rules out replace: destroy_first, in group c (it takes a droplet out of service first; allow at least 1, or use create_first)
8:104: max_unavailable: 0 rules out resize: in_place_with_disk, in group c (it switches a droplet off meanwhile; allow at least 1, or use resize: replace)`},
	{name: "none unavailable by policy", deep: true, yaml: head + "  - {name: a, replace: destroy_first}\n  - {name: b}\n  - {name: c, replace: destroy_first, rollout: {canary: 1}}\n  - {name: d, replace: destroy_first, rollout: {max_unavailable: 1}}\npolicy: {max_unavailable: 0}\n", want: `
10:27: max_unavailable: 0 rules out replace: destroy_first, in group a and 1 more (it takes a droplet out of service first; allow at least 1, or use create_first)`},
	{name: "none unavailable by default", deep: true, yaml: "version: 1\nfleet: demo\ndefaults: {region: syd1, size: s, image: i, resize: in_place, rollout: {max_unavailable: 0}}\ndroplets: [{name: a}, {name: b, resize: replace}]\n", want: `
3:90: max_unavailable: 0 rules out resize: in_place, in group a (it switches a droplet off meanwhile; allow at least 1, or use resize: replace)`},
	{name: "unattended", deep: true, yaml: head + `  - {name: a, rollout: {unattended: true}}
  - {name: b, ready: {tcp: 22}, replace: destroy_first, rollout: {unattended: true}}
  - {name: c, ready: {tcp: 22}, rollout: {unattended: true}}
`, want: `
6:37: unattended: true needs ready, in group a (nothing else shows that a new droplet serves; add ready, or set unattended: false for the group)
7:79: unattended: true rules out replace: destroy_first, in group b (it has no way back; use create_first, or set unattended: false for the group)`},
	{name: "unattended by default and by policy", deep: true, yaml: "version: 1\nfleet: demo\ndefaults: {region: syd1, size: s, image: i, replace: destroy_first, rollout: {unattended: true}}\n" +
		"droplets:\n  - {name: a}\n  - {name: b, rollout: {}}\n  - {name: c, rollout: {unattended: false}}\npolicy: {rollout: {unattended: true}}\n", want: `
3:91: unattended: true needs ready, in group a (nothing else shows that a new droplet serves; add ready, or set unattended: false for the group)
3:91: unattended: true rules out replace: destroy_first, in group a (it has no way back; use create_first, or set unattended: false for the group)
8:32: unattended: true needs ready, in group b (nothing else shows that a new droplet serves; add ready, or set unattended: false for the group)
8:32: unattended: true rules out replace: destroy_first, in group b (it has no way back; use create_first, or set unattended: false for the group)`},
	{name: "what was refused rules out nothing", yaml: head + "  - {name: a, ready: {tcp: x}, rollout: {unattended: true}}\n  - {name: b, rollout: {unattended: true, canary: x}}\n", want: `
6:28: tcp must be a whole number, not the text "x"
7:51: canary must be a whole number, not the text "x"`},
}

// What the file says of readiness, each key by itself over what holds where it says nothing.
func TestReadyArrives(t *testing.T) {
	for text, want := range map[string]fleet.Ready{
		"tcp: 22":                               {Port: 22, Within: 10 * time.Minute},
		"tcp: 22, address: public":              {Port: 22, Within: 10 * time.Minute},
		"tcp: 22, address: private":             {Port: 22, Within: 10 * time.Minute, Private: true},
		"tcp: 22, within: 1h30m":                {Port: 22, Within: 90 * time.Minute},
		"tcp: 22, for: 1m30s":                   {Port: 22, Within: 10 * time.Minute, For: 90 * time.Second},
		"http: {port: 80}":                      {Port: 80, HTTP: true, Path: "/", Within: 10 * time.Minute},
		"http: {port: 80, path: '/a?b=c'}":      {Port: 80, HTTP: true, Path: "/a?b=c", Within: 10 * time.Minute},
		"http: {port: 80, status: 301}":         {Port: 80, HTTP: true, Path: "/", Status: 301, Within: 10 * time.Minute},
		"http: {port: 80, tls: true}":           {Port: 80, HTTP: true, Path: "/", TLS: true, Within: 10 * time.Minute},
		"http: {port: 80, tls: false}, for: 0s": {Port: 80, HTTP: true, Path: "/", Within: 10 * time.Minute},
	} {
		line := "ready: {" + text + "}"
		for where, file := range map[string]string{
			"droplet":      with(line),
			"defaults":     strings.Replace(head, "{", "{"+line+", ", 1) + web,
			"its own word": strings.Replace(head, "{", "{ready: {http: {port: 1, path: /other, status: 500, tls: true}, address: private, within: 1h, for: 59m}, ", 1) + web + "    " + line + "\n",
		} {
			f, err := decode(file)
			if err != nil || f.Specs[0].Ready == nil || *f.Specs[0].Ready != want {
				t.Errorf("%s in %s: %+v, %v", text, where, f.Specs, err)
			}
		}
	}
}

// What the file says of rollouts, each key by itself. What a place does not say is nil there, and so asked of the next one.
func TestRolloutArrives(t *testing.T) {
	for text, want := range map[string]fleet.RolloutKeys{
		"":                     {},
		"max_unavailable: 0":   {MaxUnavailable: new(fleet.Limit{})},
		"max_unavailable: 10%": {MaxUnavailable: new(fleet.Limit{Value: 10, Percent: true})},
		"max_surge: 2":         {MaxSurge: new(fleet.Limit{Value: 2})},
		"max_surge: 100%":      {MaxSurge: new(fleet.Limit{Value: 100, Percent: true})},
		"canary: 0":            {Canary: new(0)},
		"canary: 2":            {Canary: new(2)},
		"pause: 0s":            {Pause: new(time.Duration(0))},
		"pause: 1h":            {Pause: new(time.Hour)},
		"drain: 60s":           {Drain: new(time.Minute)},
		"on_failure: stop":     {OnFailure: fleet.OnFailureStop},
		"unattended: false":    {Unattended: new(false)},
	} {
		line := "rollout: {" + text + "}"
		for where, file := range map[string]string{
			"droplet":      with(line),
			"defaults":     strings.Replace(head, "{", "{"+line+", ", 1) + web,
			"its own word": strings.Replace(head, "{", "{rollout: {max_unavailable: 7, max_surge: 7, canary: 7, pause: 7s, drain: 7s, on_failure: stop}, ", 1) + web + "    " + line + "\n",
		} {
			f, err := decode(file)
			if err != nil || f.Specs[0].Rollout == nil || !reflect.DeepEqual(*f.Specs[0].Rollout, want) {
				t.Errorf("%q in %s: %+v, %v", text, where, f.Specs, err)
			}
			if !reflect.DeepEqual(f.Policy.Rollout, fleet.RolloutKeys{}) {
				t.Errorf("%q in %s: the policy got %+v", text, where, f.Policy.Rollout)
			}
		}
		if f, err := decode(policy(line)); err != nil || !reflect.DeepEqual(f.Policy.Rollout, want) || f.Specs[0].Rollout != nil {
			t.Errorf("%q under policy: %+v, %v", text, f.Policy.Rollout, err)
		}
	}
	f, err := decode(with("ready: {tcp: 22}\n    rollout: {unattended: true}"))
	if err != nil || !*f.Specs[0].Rollout.Unattended {
		t.Errorf("unattended: %+v, %v", f.Specs, err)
	}
}

// Every key that a rollout can have is one of the file.
func TestEveryKeyOfARollout(t *testing.T) {
	for field := range reflect.TypeFor[fleet.RolloutKeys]().Fields() {
		key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if _, err := decode(with("rollout: {" + key + ": []}")); err == nil || strings.Contains(err.Error(), "unknown key") {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// A group's word counts before the defaults', which it replaces whole, and before the policy's, key by key.
func TestWhoSaysHowItGoes(t *testing.T) {
	f, err := decode(`version: 1
fleet: demo
defaults: {region: syd1, size: s, image: i, rollout: {canary: 1, pause: 1m}}
droplets:
  - {name: a}
  - {name: b, rollout: {canary: 2}}
policy: {max_unavailable: 3, rollout: {pause: 1h, max_surge: 4}}
`)
	if err != nil {
		t.Fatal(err)
	}
	a := fleet.RolloutRules{MaxUnavailable: fleet.Limit{Value: 3}, MaxSurge: fleet.Limit{Value: 4}, Canary: 1, Pause: time.Minute, OnFailure: fleet.OnFailureStop}
	b := a
	b.Canary, b.Pause = 2, time.Hour
	if got := f.Policy.RolloutOf(f.Specs[0]); got != a {
		t.Errorf("a: %+v", got)
	}
	if got := f.Policy.RolloutOf(f.Specs[1]); got != b {
		t.Errorf("b: %+v", got)
	}
}

// A file that says nothing leaves nothing behind: the default stays the default's matter.
func TestNothingSaidOfRollouts(t *testing.T) {
	f, err := decode(head + web)
	if err != nil || f.Specs[0].Ready != nil || f.Specs[0].Rollout != nil || !reflect.DeepEqual(f.Policy.Rollout, fleet.RolloutKeys{}) {
		t.Errorf("%+v, %v", f, err)
	}
}

// The short form says the same as the long one, and 0 means none.
func TestMaxUnavailableInShort(t *testing.T) {
	for _, limit := range []string{"0", "0%", "1", "3", "25%", "100%"} {
		short, err := decode(policy("max_unavailable: " + limit))
		if err != nil {
			t.Fatal(err)
		}
		long, err := decode(policy("rollout: {max_unavailable: " + limit + "}"))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := short.Policy.RolloutOf(short.Specs[0]), long.Policy.RolloutOf(long.Specs[0]); got != want {
			t.Errorf("%s: %+v in short, %+v in full", limit, got, want)
		}
		if none := short.Policy.RolloutOf(short.Specs[0]).MaxUnavailable.Of(100) == 0; none != strings.HasPrefix(limit, "0") {
			t.Errorf("%s: %+v", limit, short.Policy)
		}
	}
}

// All droplets of a group, and of all groups that have it by default, share one probe.
func TestReadyIsShared(t *testing.T) {
	f, err := decode(strings.Replace(head, "{", "{ready: {tcp: 22}, ", 1) + "  - {name: web, count: 3}\n  - name: db\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range f.Specs {
		if s.Ready != f.Specs[0].Ready {
			t.Errorf("%s has a probe of its own", s.Name)
		}
	}
}
