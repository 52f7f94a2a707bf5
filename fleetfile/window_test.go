package fleetfile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
)

// inWindows is a file with these windows, each on a line; the first on line 9.
func inWindows(windows ...string) string {
	return head + web + "policy:\n  windows:\n    - " + strings.Join(windows, "\n    - ") + "\n"
}

var goodWindows = []fleetCase{
	{name: "windows", yaml: inWindows(
		`{days: mon-thu, from: "22:00", to: "04:00", zone: Europe/Berlin}`,
		`{days: [mon, wed-fri], from: "00:00", to: "24:00", zone: UTC}`,
		`{days: [fri-mon], from: 23:59, to: 00:00}`,
		`{from: "00:00", to: "00:01", zone: America/Argentina/Buenos_Aires}`,
		`{from: "09:00", to: "17:00", zone: Etc/GMT+5}`)},
	{name: "windows by anchors", yaml: head + web + "policy:\n  windows: &all\n    - &night {from: '22:00', to: '04:00', zone: &z America/New_York}\n    - {<<: *night, days: sat-sun, to: '08:00', zone: *z}\n    - *night\n"},
	{name: "as many windows as may be", yaml: inWindows(slices.Repeat([]string{"{from: '22:00', to: '04:00'}"}, 100)...)},
}

var badWindows = []fleetCase{
	{name: "forms of windows", yaml: head + web + "policy: {windows: nights}\n", want: `7:19: windows must be a list, not the text "nights" (write [nights])`},
	{name: "no windows", yaml: head + web + "policy: {windows: []}\n", want: "7:19: windows is empty (leave it out for no bound)"},
	{name: "windows is null", yaml: head + web + "policy:\n  windows:\n", want: "8:11: windows is empty (leave it out for no bound)"},
	{name: "too many windows", yaml: inWindows(slices.Repeat([]string{"{from: '22:00', to: '04:00'}"}, 101)...), want: "109:7: more than 100 windows"},
	{name: "items of windows", yaml: inWindows("nights", "", "{}", "{from: '22:00'}", "{days: mon, to: '04:00'}"), want: `
9:7: a window must be a mapping of keys and values, not the text "nights"
10:6: a window must be a mapping of keys and values, not nothing
11:7: the window has no from (such as from: "22:00" and to: "04:00")
11:7: the window has no to (such as from: "22:00" and to: "04:00")
12:7: the window has no to (such as from: "22:00" and to: "04:00")
13:7: the window has no from (such as from: "22:00" and to: "04:00")`},
	{name: "keys of windows", yaml: inWindows("{day: mon, From: '22:00', until: '04:00'}") + "windows: []\ndroplet: {from: '22:00'}\n", want: `
9:8: unknown key day in a window (did you mean days?)
9:18: unknown key From in a window (did you mean from?)
9:33: unknown key until in a window (known here: days, from, to, zone)
10:1: unknown key windows in the fleet file (windows belongs under policy)
11:1: unknown key droplet in the fleet file (did you mean droplets?)`},
	{name: "keys of windows elsewhere", yaml: head + "  - {name: web, zone: UTC}\npolicy: {days: mon, windows: [{from: '22:00', to: '04:00', pause: 1h}]}\n", want: `
6:17: unknown key zone in a droplet (zone belongs under policy.windows)
7:10: unknown key days in policy (days belongs under policy.windows)
7:60: unknown key pause in a window (pause belongs under rollout)`},
	{name: "duplicate keys of windows", deep: true, yaml: inWindows("{from: '22:00', to: '04:00', to: '05:00'}"), want: "9:36: duplicate key to: it is set on line 9 already (remove one of them)"},
	{name: "times", yaml: inWindows("{from: '24:00', to: '24:01'}", "{from: 4:00, to: '4'}", "{from: 2200, to: }", "{from: '22:00:00', to: ['04:00']}", "{from: '22.00', to: '23:60'}", "{from: 10pm, to: -01:00}"), want: `
9:14: from: "24:00" is not a time of the day (hours and minutes, such as "22:00")
9:27: to: "24:01" is not a time of the day (hours and minutes, up to "24:00")
10:14: from: "4:00" is not a time of the day (hours and minutes, such as "22:00")
10:24: to: "4" is not a time of the day (hours and minutes, up to "24:00")
11:14: from must be a string, not the number 2200 (quote it: "2200")
11:24: to has no value
12:14: from: "22:00:00" is not a time of the day (hours and minutes, such as "22:00")
12:30: to must be a string, not a list
13:14: from: "22.00" is not a time of the day (hours and minutes, such as "22:00")
13:27: to: "23:60" is not a time of the day (hours and minutes, up to "24:00")
14:14: from: "10pm" is not a time of the day (hours and minutes, such as "22:00")
14:24: to: "-01:00" is not a time of the day (hours and minutes, up to "24:00")`},
	{name: "no time at all", deep: true, yaml: inWindows("{from: '22:00', to: '22:00'}", "{from: '00:00', to: '00:00'}"), want: `
9:27: from and to are the same (for the whole day, write from: "00:00" and to: "24:00")
10:27: from and to are the same (for the whole day, write from: "00:00" and to: "24:00")`},
	{name: "days", yaml: inWindows(
		"{from: '22:00', to: '04:00', days: Mon}",
		"{from: '22:00', to: '04:00', days: monday}",
		"{from: '22:00', to: '04:00', days: mon-}",
		"{from: '22:00', to: '04:00', days: mon - thu}",
		"{from: '22:00', to: '04:00', days: []}",
		"{from: '22:00', to: '04:00', days: 1}",
		"{from: '22:00', to: '04:00', days: [mon, [tue], daily]}",
		"{from: '22:00', to: '04:00', days: {mon: true}}",
		"{from: '22:00', to: '04:00', days: }",
		"{from: '22:00', to: '04:00', days: 'mon,tue'}"), want: `
9:42: days: "Mon" is not a day or a range of days (write it in lower case: mon)
10:42: days: "monday" is not a day or a range of days (such as mon, sat-sun or fri-mon)
11:42: days: "mon-" is not a day or a range of days (such as mon, sat-sun or fri-mon)
12:42: days: "mon - thu" is not a day or a range of days (such as mon, sat-sun or fri-mon)
13:42: days is empty (leave it out for every day)
14:42: days must be a string, not the number 1 (quote it: "1")
15:48: days must be a string, not a list
15:55: days: "daily" is not a day or a range of days (such as mon, sat-sun or fri-mon)
16:42: days must be a string, not a mapping
17:42: days has no value
18:42: days: "mon,tue" is not a day or a range of days (such as mon, sat-sun or fri-mon)`},
	{name: "days twice", deep: true, yaml: inWindows("{from: '22:00', to: '04:00', days: [mon-wed, tue]}", "{from: '22:00', to: '04:00', days: [sun, fri-mon]}", "{from: '22:00', to: '04:00', days: mon-mon}"), want: `
9:52: days has tue twice (remove one of them)
10:48: days has sun twice (remove one of them)
11:42: days: mon-mon begins and ends on the same day (write mon; for every day, leave days out)`},
	{name: "the same day twice", yaml: inWindows("{from: '22:00', to: '04:00', days: [mon, mon]}"), want: "9:48: days has mon twice (remove one of them)"},
	{name: "forms of zones", yaml: inWindows("{from: '22:00', to: '04:00', zone: +02:00}", "{from: '22:00', to: '04:00', zone: ../etc/passwd}", "{from: '22:00', to: '04:00', zone: /etc/localtime}", "{from: '22:00', to: '04:00', zone: }", "{from: '22:00', to: '04:00', zone: ''}", "{from: '22:00', to: '04:00', zone: New York}", "{from: '22:00', to: '04:00', zone: 2}"), want: `
9:42: zone: "+02:00" is not a time zone (an IANA name, such as Europe/Berlin or UTC)
10:42: zone: "../etc/passwd" is not a time zone (an IANA name, such as Europe/Berlin or UTC)
11:42: zone: "/etc/localtime" is not a time zone (an IANA name, such as Europe/Berlin or UTC)
12:42: zone has no value
13:42: zone: the text is empty (an IANA name, such as Europe/Berlin or UTC)
14:42: zone: "New York" is not a time zone (an IANA name, such as Europe/Berlin or UTC)
15:42: zone must be a string, not the number 2 (quote it: "2")`},
	{name: "zones that are not", deep: true, yaml: inWindows("{from: '22:00', to: '04:00', zone: europe/berlin}", "{from: '22:00', to: '04:00', zone: America/New_york}", "{from: '22:00', to: '04:00', zone: utc}", "{from: '22:00', to: '04:00', zone: CEST}", "{from: '22:00', to: '04:00', zone: Local}", "{from: '22:00', to: '04:00', zone: right/Europe/Berlin}"), want: `
9:42: zone: europe/berlin is not known (did you mean Europe/Berlin?)
10:42: zone: America/New_york is not known (did you mean America/New_York?)
11:42: zone: utc is not known (did you mean UTC?)
12:42: zone: CEST is not known (an IANA name, such as Europe/Berlin or UTC)
13:42: zone: Local is not known (an IANA name, such as Europe/Berlin or UTC)
14:42: zone: right/Europe/Berlin is not known (an IANA name, such as Europe/Berlin or UTC)`},
}

func TestWindowsArrive(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	on := func(days ...time.Weekday) (all [7]bool) {
		for _, d := range days {
			all[d] = true
		}
		return all
	}
	every := on(0, 1, 2, 3, 4, 5, 6)
	const night = "from: '22:00', to: '04:00'"
	for text, want := range map[string]fleet.Window{
		night:                                 {Days: every, From: 22 * time.Hour, To: 4 * time.Hour},
		"from: '00:00', to: '24:00'":          {Days: every, To: 24 * time.Hour},
		"from: '09:08', to: '17:59'":          {Days: every, From: 9*time.Hour + 8*time.Minute, To: 17*time.Hour + 59*time.Minute},
		night + ", zone: UTC":                 {Days: every, From: 22 * time.Hour, To: 4 * time.Hour, Zone: time.UTC},
		night + ", zone: Europe/Berlin":       {Days: every, From: 22 * time.Hour, To: 4 * time.Hour, Zone: berlin},
		night + ", days: sun":                 {Days: on(time.Sunday), From: 22 * time.Hour, To: 4 * time.Hour},
		night + ", days: mon-thu":             {Days: on(1, 2, 3, 4), From: 22 * time.Hour, To: 4 * time.Hour},
		night + ", days: fri-mon":             {Days: on(5, 6, 0, 1), From: 22 * time.Hour, To: 4 * time.Hour},
		night + ", days: mon-sun":             {Days: every, From: 22 * time.Hour, To: 4 * time.Hour},
		night + ", days: tue-mon":             {Days: every, From: 22 * time.Hour, To: 4 * time.Hour},
		night + ", days: [mon, wed-fri, sun]": {Days: on(1, 3, 4, 5, 0), From: 22 * time.Hour, To: 4 * time.Hour},
	} {
		f, err := decode(inWindows("{" + text + "}"))
		if err != nil || len(f.Windows) != 1 {
			t.Errorf("%s: %+v, %v", text, f.Windows, err)
			continue
		}
		got := f.Windows[0]
		if got.Days != want.Days || got.From != want.From || got.To != want.To || fmt.Sprint(got.Zone) != fmt.Sprint(want.Zone) {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
		if written := got.String(); got.Zone != nil && !strings.HasSuffix(written, got.Zone.String()) {
			t.Errorf("%s: %s", text, written)
		}
	}
	if f, err := decode(head + web + "policy: {}\n"); err != nil || f.Windows != nil {
		t.Errorf("nothing said: %+v, %v", f.Windows, err)
	}
}
