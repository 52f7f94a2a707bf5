package fleetfile

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // for hosts that have no time zones

	"arcadiad/fleet"

	"gopkg.in/yaml.v3"
)

// windowsKey is the key of the policy that says when droplets may be taken out of service.
const windowsKey = "windows"

// maxWindows is how many of them there may be: a plan looks at all of them.
const maxWindows = 100

// week has the days as the file names them.
var week = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

var (
	dayForm = form{noun: "a day or a range of days", patterns: match(`^(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?$`),
		hint: "such as mon, sat-sun or fri-mon"}
	fromForm = form{noun: "a time of the day", patterns: match(`^([01][0-9]|2[0-3]):[0-5][0-9]$`), hint: `hours and minutes, such as "22:00"`}
	toForm   = form{noun: "a time of the day", patterns: match(`^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$`), hint: `hours and minutes, up to "24:00"`}
	zoneForm = form{noun: "a time zone", patterns: match(`^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$`), maxBytes: 64, hint: zoneHint}
	// hostsOwn are names under which hosts keep what is not the same on every one of them.
	hostsOwn = regexp.MustCompile(`^(Local|localtime|posix|right/)`)
)

var errHostsOwn = errors.New("the zone is a host's own")

const zoneHint = "an IANA name, such as Europe/Berlin or UTC"

// windowTable has the keys of one of `policy.windows:`.
var windowTable = []member[fleet.Window]{
	{
		name: "days", schema: daysSchema(),
		read: func(d *decoder, n *yaml.Node, w *fleet.Window) { w.Days = d.days(n) },
	},
	keyOf("from", textsOf(fromForm, ""), `When the window opens on each of these days, such as "22:00".`,
		func(w *fleet.Window, text string) { w.From = clock(text) }),
	keyOf("to", textsOf(toForm, ""), `When it closes, up to "24:00"; the next day, if that is not after from.`,
		func(w *fleet.Window, text string) { w.To = clock(text) }),
	{
		name: "zone", schema: described(textsOf(zoneForm, "UTC").schema, "The time zone, by its IANA name."),
		read: func(d *decoder, n *yaml.Node, w *fleet.Window) { w.Zone = d.zone(n) },
	},
}

func daysSchema() object {
	one := dayForm.schema()
	return object{
		"description": "The days on which the window opens: one, a range such as mon-thu or fri-mon, or a list of these. Without it every day.",
		"anyOf":       []object{one, {"type": "array", "items": one, "minItems": 1, "uniqueItems": true}},
	}
}

func windowsSchema() object {
	item := membersSchema(windowTable, "One part of the week.")
	item["required"] = []string{"from", "to"}
	return object{
		"description": "When droplets may be destroyed, replaced or switched off for a resize. Without it always.",
		"type":        "array", "minItems": 1, "maxItems": maxWindows, "items": item,
	}
}

// windows reads when droplets may be taken out of service.
func (d *decoder) windows(n *yaml.Node) (ws fleet.Windows) {
	list := d.follow(n)
	if isNull(list) || list.Kind == yaml.SequenceNode && len(list.Content) == 0 {
		d.fail(list, "leave it out for no bound", "windows is empty")
		return nil
	}
	items, _ := d.sequence(list, windowsKey)
	if len(items) > maxWindows {
		d.fail(items[maxWindows], "", "more than %d windows", maxWindows)
		items = nil
	}
	for _, item := range items {
		w := fleet.Window{Days: [7]bool{true, true, true, true, true, true, true}}
		said, ok := readMembers(d, item, "a window", windowTable, &w)
		for _, key := range []string{"from", "to"} {
			if ok && said[key] == nil {
				d.fail(d.follow(item), `such as from: "22:00" and to: "04:00"`, "the window has no %s", key)
			}
		}
		if from, to := said["from"], said["to"]; ok && from != nil && to != nil && w.From == w.To {
			d.fail(d.follow(to), `for the whole day, write from: "00:00" and to: "24:00"`, "from and to are the same")
		}
		ws = append(ws, w)
	}
	return ws
}

// days reads a day, a range of days, or a list of them.
func (d *decoder) days(n *yaml.Node) (on [7]bool) {
	v := d.follow(n)
	items := []*yaml.Node{n}
	if v.Kind == yaml.SequenceNode {
		if items = v.Content; len(items) == 0 {
			d.fail(v, "leave it out for every day", "days is empty")
		}
	}
	for _, item := range items {
		text, ok := d.text(item, "days", dayForm)
		if !ok {
			continue
		}
		first, last, ranged := strings.Cut(text, "-")
		if ranged && first == last {
			d.fail(d.follow(item), "write "+first+"; for every day, leave days out", "days: %s begins and ends on the same day", text)
			continue
		}
		if !ranged {
			last = first
		}
		for i := slices.Index(week, first); ; i = (i + 1) % 7 {
			day := (i + 1) % 7 // as package time counts
			if on[day] {
				d.fail(d.follow(item), "remove one of them", "days has %s twice", week[i])
			}
			on[day] = true
			if week[i] == last {
				break
			}
		}
	}
	return on
}

// zone reads a time zone.
func (d *decoder) zone(n *yaml.Node) *time.Location {
	name, ok := d.text(n, "zone", zoneForm)
	if !ok {
		return nil
	}
	if zone, err := d.location(name); err == nil {
		return zone
	}
	hint := zoneHint
	// Words begin with a capital there.
	words := strings.FieldsFunc(name, func(r rune) bool { return r == '/' || r == '_' })
	near := name
	for _, word := range words {
		near = strings.Replace(near, word, strings.ToUpper(word[:1])+strings.ToLower(word[1:]), 1)
	}
	for _, near := range []string{near, strings.ToUpper(name)} {
		if _, err := d.location(near); err == nil {
			hint = "did you mean " + near + "?"
			break
		}
	}
	d.fail(d.follow(n), hint, "zone: %s is not known", clip(name))
	return nil
}

// location finds a time zone by its name, each only once.
func (d *decoder) location(name string) (*time.Location, error) {
	if zone, known := d.zones[name]; known {
		return zone, nil
	}
	if hostsOwn.MatchString(name) {
		return nil, errHostsOwn
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, err
	}
	d.zones[name] = zone
	return zone, nil
}

// clock reads 22:00 as a time since midnight.
func clock(text string) time.Duration {
	hours, minutes, _ := strings.Cut(text, ":")
	d, err := time.ParseDuration(hours + "h" + minutes + "m")
	if err != nil {
		return 0 // the forms let nothing else through
	}
	return d
}
