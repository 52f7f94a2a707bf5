package fleet_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"arcadiad/fleet"
)

// zone loads a time zone.
func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// clock reads 22:00 as a time since midnight.
func clock(text string) time.Duration {
	var h, m int
	if n, err := fmt.Sscanf(text, "%d:%d", &h, &m); n != 2 || err != nil {
		panic(text)
	}
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
}

var everyDay = []time.Weekday{0, 1, 2, 3, 4, 5, 6}

func window(z *time.Location, from, to string, days ...time.Weekday) fleet.Window {
	w := fleet.Window{From: clock(from), To: clock(to), Zone: z}
	for _, d := range days {
		w.Days[d] = true
	}
	return w
}

// moment reads a time with its offset.
func moment(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02 15:04 -07:00", text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// Stretches around clock changes, worked out by hand: a start or an end that the clocks show twice, or never, makes the stretch shorter.
func TestWindowsAtClockChanges(t *testing.T) {
	const berlin, newYork, lordHowe, cairo, havana, apia = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "America/Havana", "Pacific/Apia"
	for _, tt := range []struct {
		what, zone, from, to string
		after                string // just before
		opens, until         string // the first stretch after that
	}{
		{"summer", berlin, "22:00", "04:00", "2026-07-03 12:00 +00:00", "2026-07-03 22:00 +02:00", "2026-07-04 04:00 +02:00"},
		{"to midnight", berlin, "22:00", "24:00", "2026-07-03 12:00 +00:00", "2026-07-03 22:00 +02:00", "2026-07-04 00:00 +02:00"},

		// Berlin goes from 02:00 to 03:00 on 29 March 2026, and from 03:00 to 02:00 on 25 October.
		{"over a gap", berlin, "01:00", "04:00", "2026-03-28 20:00 +00:00", "2026-03-29 01:00 +01:00", "2026-03-29 04:00 +02:00"},
		{"begins in a gap", berlin, "02:30", "05:00", "2026-03-28 20:00 +00:00", "2026-03-29 03:00 +02:00", "2026-03-29 05:00 +02:00"},
		{"begins with a gap", berlin, "02:00", "05:00", "2026-03-28 20:00 +00:00", "2026-03-29 03:00 +02:00", "2026-03-29 05:00 +02:00"},
		{"begins after a gap", berlin, "03:00", "05:00", "2026-03-28 20:00 +00:00", "2026-03-29 03:00 +02:00", "2026-03-29 05:00 +02:00"},
		{"ends in a gap", berlin, "22:00", "02:30", "2026-03-28 20:00 +00:00", "2026-03-28 22:00 +01:00", "2026-03-29 02:00 +01:00"},
		{"ends with a gap", berlin, "22:00", "03:00", "2026-03-28 20:00 +00:00", "2026-03-28 22:00 +01:00", "2026-03-29 02:00 +01:00"},
		{"lies in a gap", berlin, "02:15", "02:45", "2026-03-28 20:00 +00:00", "2026-03-30 02:15 +02:00", "2026-03-30 02:45 +02:00"},
		{"over what happens twice", berlin, "01:00", "04:00", "2026-10-24 20:00 +00:00", "2026-10-25 01:00 +02:00", "2026-10-25 04:00 +01:00"},
		{"begins in what happens twice", berlin, "02:30", "05:00", "2026-10-24 20:00 +00:00", "2026-10-25 02:30 +01:00", "2026-10-25 05:00 +01:00"},
		{"begins with what happens twice", berlin, "02:00", "05:00", "2026-10-24 20:00 +00:00", "2026-10-25 02:00 +01:00", "2026-10-25 05:00 +01:00"},
		{"begins after what happens twice", berlin, "03:00", "05:00", "2026-10-24 20:00 +00:00", "2026-10-25 03:00 +01:00", "2026-10-25 05:00 +01:00"},
		{"ends in what happens twice", berlin, "22:00", "02:30", "2026-10-24 19:00 +00:00", "2026-10-24 22:00 +02:00", "2026-10-25 02:30 +02:00"},
		{"ends with what happens twice", berlin, "22:00", "03:00", "2026-10-24 19:00 +00:00", "2026-10-24 22:00 +02:00", "2026-10-25 03:00 +01:00"},
		{"lies in what happens twice", berlin, "02:15", "02:45", "2026-10-24 20:00 +00:00", "2026-10-26 02:15 +01:00", "2026-10-26 02:45 +01:00"},

		{"begins in a gap", newYork, "02:30", "05:00", "2026-03-08 01:00 +00:00", "2026-03-08 03:00 -04:00", "2026-03-08 05:00 -04:00"},
		{"ends in what happens twice", newYork, "22:00", "01:30", "2026-11-01 01:00 +00:00", "2026-10-31 22:00 -04:00", "2026-11-01 01:30 -04:00"},
		{"begins in what happens twice", newYork, "01:30", "01:00", "2026-11-01 05:15 +00:00", "2026-11-01 01:30 -05:00", "2026-11-02 01:00 -05:00"},

		// Lord Howe's clocks change by half an hour: from 02:00 to 01:30 on 5 April, from 02:00 to 02:30 on 4 October.
		{"begins in half an hour twice", lordHowe, "01:45", "03:00", "2026-04-04 12:00 +00:00", "2026-04-05 01:45 +10:30", "2026-04-05 03:00 +10:30"},
		{"begins before half an hour twice", lordHowe, "01:15", "03:00", "2026-04-04 12:00 +00:00", "2026-04-05 01:15 +11:00", "2026-04-05 03:00 +10:30"},
		{"ends in half an hour twice", lordHowe, "23:00", "01:45", "2026-04-04 11:30 +00:00", "2026-04-04 23:00 +11:00", "2026-04-05 01:45 +11:00"},
		{"begins in a gap of half an hour", lordHowe, "02:15", "03:00", "2026-10-03 15:00 +00:00", "2026-10-04 02:30 +11:00", "2026-10-04 03:00 +11:00"},
		{"ends in a gap of half an hour", lordHowe, "01:00", "02:15", "2026-10-03 14:00 +00:00", "2026-10-04 01:00 +10:30", "2026-10-04 02:00 +10:30"},

		// A midnight that never is, one that is twice, and a whole day that Samoa left out: 30 December 2011.
		{"begins at a midnight that is not", cairo, "00:00", "04:00", "2026-04-23 12:00 +00:00", "2026-04-24 01:00 +03:00", "2026-04-24 04:00 +03:00"},
		{"ends at a midnight that is not", cairo, "22:00", "24:00", "2026-04-23 12:00 +00:00", "2026-04-23 22:00 +02:00", "2026-04-24 00:00 +02:00"},
		{"begins at a midnight that is twice", havana, "00:00", "04:00", "2026-10-31 12:00 +00:00", "2026-11-01 00:00 -05:00", "2026-11-01 04:00 -05:00"},
		{"ends at a midnight that is twice", havana, "22:00", "24:00", "2026-10-31 12:00 +00:00", "2026-10-31 22:00 -04:00", "2026-11-01 00:00 -04:00"},
		{"on a day that is not", apia, "10:00", "12:00", "2011-12-30 08:00 +00:00", "2011-12-31 10:00 +14:00", "2011-12-31 12:00 +14:00"},
	} {
		ws := fleet.Windows{window(zone(t, tt.zone), tt.from, tt.to, everyDay...)}
		after, opens, until := moment(t, tt.after), moment(t, tt.opens), moment(t, tt.until)
		if _, open := ws.Open(after); open {
			t.Errorf("%s, %s: open at %s", tt.zone, tt.what, tt.after)
		}
		if got := ws.Opens(after); !got.Equal(opens) {
			t.Errorf("%s, %s: opens at %s, want %s", tt.zone, tt.what, got, opens)
		}
		if got, open := ws.Open(opens); !open || !got.Equal(until) {
			t.Errorf("%s, %s: open %v until %s, want %s", tt.zone, tt.what, open, got, until)
		}
		if _, open := ws.Open(opens.Add(-1)); open {
			t.Errorf("%s, %s: open right before it opens", tt.zone, tt.what)
		}
		if got, open := ws.Open(until.Add(-1)); !open || !got.Equal(until) {
			t.Errorf("%s, %s: right before it closes it is open %v until %s", tt.zone, tt.what, open, got)
		}
		if _, open := ws.Open(until); open {
			t.Errorf("%s, %s: open when it closes", tt.zone, tt.what)
		}
	}
}

// A stretch belongs to the day that it begins on.
func TestTheDaysOfAWindow(t *testing.T) {
	ws := fleet.Windows{window(zone(t, "Europe/Berlin"), "22:00", "04:00", time.Friday)}
	for at, want := range map[string]bool{
		"2026-07-03 03:00 +02:00": false, // the night to Friday
		"2026-07-03 22:00 +02:00": true,
		"2026-07-04 03:59 +02:00": true, // Saturday
		"2026-07-04 04:00 +02:00": false,
		"2026-07-04 22:00 +02:00": false,
	} {
		if _, open := ws.Open(moment(t, at)); open != want {
			t.Errorf("%s: open %v", at, open)
		}
	}
	if got, want := ws.Opens(moment(t, "2026-07-03 23:00 +02:00")), moment(t, "2026-07-10 22:00 +02:00"); !got.Equal(want) {
		t.Errorf("opens again at %s, want %s", got, want)
	}
}

func TestNoWindowAndAllOfTheTime(t *testing.T) {
	at := moment(t, "2026-03-28 12:00 +00:00")
	for what, ws := range map[string]fleet.Windows{
		"no windows": nil,
		"all days":   {window(nil, "00:00", "24:00", everyDay...)},
		"two halves": {window(nil, "00:00", "12:00", everyDay...), window(nil, "12:00", "24:00", everyDay...)},
		"overlaps":   {window(nil, "18:00", "06:00", everyDay...), window(zone(t, "Asia/Kolkata"), "05:00", "02:00", everyDay...)},
	} {
		if until, open := ws.Open(at); !open || !until.IsZero() {
			t.Errorf("%s: open %v until %s", what, open, until)
		}
		if next := ws.Opens(at); !next.IsZero() {
			t.Errorf("%s: opens at %s", what, next)
		}
	}
	never := fleet.Windows{window(nil, "00:00", "24:00")}
	if until, open := never.Open(at); open || !until.IsZero() || !never.Opens(at).IsZero() {
		t.Errorf("a window without days: open %v until %s, and opens at %s", open, until, never.Opens(at))
	}
}

// Windows that touch or overlap are one.
func TestWindowsJoin(t *testing.T) {
	ws := fleet.Windows{
		window(nil, "22:00", "24:00", time.Monday),
		window(nil, "00:00", "02:00", time.Tuesday),
		window(zone(t, "Europe/Berlin"), "03:30", "05:00", time.Tuesday), // from 01:30 in UTC, in summer
		window(nil, "04:00", "05:00", time.Tuesday),
	}
	opens, until := moment(t, "2026-07-06 22:00 +00:00"), moment(t, "2026-07-07 03:00 +00:00")
	if got := ws.Opens(opens.Add(-time.Hour)); !got.Equal(opens) {
		t.Errorf("opens at %s", got)
	}
	for at := opens; at.Before(until); at = at.Add(time.Minute) {
		if got, open := ws.Open(at); !open || !got.Equal(until) {
			t.Fatalf("%s: open %v until %s, want %s", at, open, got, until)
		}
		if got, want := ws.Opens(at), until.Add(time.Hour); !got.Equal(want) {
			t.Fatalf("%s: opens at %s, want %s", at, got, want)
		}
	}
}

// walls are the clocks of a zone, minute by minute: what an oracle looks at that knows nothing of offsets.
type walls struct {
	begin time.Time
	shown []time.Time // what the clocks show, as if in UTC
}

func wallsOf(z *time.Location, begin, end time.Time) walls {
	w := walls{begin: begin}
	for at := begin; at.Before(end); at = at.Add(time.Minute) {
		y, m, d := at.In(z).Date()
		h, min, s := at.In(z).Clock()
		w.shown = append(w.shown, time.Date(y, m, d, h, min, s, 0, time.UTC))
	}
	return w
}

// minutes are those at which the clocks show a time: the first and the last, or twice the first at which they are beyond it.
func (w walls) minutes(wall time.Time) (first, last int) {
	first, last = -1, -1
	for i, shown := range w.shown {
		if shown.Equal(wall) {
			if last = i; first < 0 {
				first = i
			}
		}
	}
	if first < 0 {
		first = slices.IndexFunc(w.shown, func(shown time.Time) bool { return shown.After(wall) })
		last = first
	}
	return first, last
}

// mark opens the minutes of a window.
func (w walls) mark(open []bool, win fleet.Window) {
	for day := w.shown[0].Truncate(24*time.Hour).AddDate(0, 0, 1); day.Before(w.shown[len(w.shown)-1].AddDate(0, 0, -2)); day = day.AddDate(0, 0, 1) {
		if !win.Days[day.Weekday()] {
			continue
		}
		to := day.Add(win.To)
		if win.To <= win.From {
			to = to.AddDate(0, 0, 1)
		}
		_, from := w.minutes(day.Add(win.From))
		until, _ := w.minutes(to)
		for i := from; i < until; i++ {
			open[i] = true
		}
	}
}

// Open and Opens agree with an oracle that walks through each minute around the changes of the clocks, for windows at random.
func TestWindowsAgreeWithAnOracle(t *testing.T) {
	changes := map[string][]string{
		"Europe/Berlin":       {"2026-03-29", "2026-10-25"},
		"America/New_York":    {"2026-03-08", "2026-11-01"},
		"Australia/Lord_Howe": {"2026-04-05", "2026-10-04"},
		"Africa/Cairo":        {"2026-04-24", "2026-10-30"},
		"America/Havana":      {"2026-03-08", "2026-11-01"},
		"Antarctica/Troll":    {"2026-03-29", "2026-10-25"}, // by two hours
		"Pacific/Apia":        {"2011-12-30"},
		"Asia/Kolkata":        {"2026-06-01"}, // never
	}
	rounds := 6
	if testing.Short() {
		rounds = 1
	}
	r := rand.New(rand.NewPCG(1, 2))
	// A time of the day, most often in the hours in which clocks change.
	of := func() time.Duration {
		minutes := r.IntN(24 * 60)
		if r.IntN(3) > 0 {
			minutes = r.IntN(4*60/5) * 5
		}
		return time.Duration(minutes) * time.Minute
	}
	closedFor, openFor := 0, 0
	for name, days := range changes {
		z := zone(t, name)
		for _, day := range days {
			change, err := time.ParseInLocation(time.DateOnly, day, z)
			if err != nil {
				t.Fatal(err)
			}
			// The oracle is right but for its first and last days.
			clocks := wallsOf(z, change.Add(-4*24*time.Hour).Truncate(time.Minute), change.Add(6*24*time.Hour))
			for range rounds {
				var ws fleet.Windows
				open := make([]bool, len(clocks.shown))
				for range 1 + r.IntN(3) {
					w := fleet.Window{From: of(), To: of(), Zone: z}
					if w.To == 0 && w.From < 12*time.Hour || r.IntN(20) == 0 {
						w.To = 24 * time.Hour
					}
					if w.From == w.To {
						continue
					}
					for d := range w.Days {
						w.Days[d] = r.IntN(3) > 0
					}
					ws = append(ws, w)
					clocks.mark(open, w)
				}
				if len(ws) == 0 {
					continue
				}
				at := func(i int) time.Time { return clocks.begin.Add(time.Duration(i) * time.Minute) }
				for i := 3 * 24 * 60; i < len(open)-4*24*60; i++ {
					until, got := ws.Open(at(i))
					if got != open[i] {
						t.Fatalf("%s: %v at %s: open %v", name, ws, at(i).In(z), got)
					}
					if i%7 > 0 && open[i] == open[i-1] { // the rest costs more, and changes only with it
						continue
					}
					next := i // where it is otherwise
					for next < len(open) && open[next] == open[i] {
						next++
					}
					if next >= len(open)-3*24*60 {
						continue // beyond what the oracle knows
					}
					if open[i] {
						openFor++
						if !until.Equal(at(next)) {
							t.Fatalf("%s: %v at %s: open until %s, want %s", name, ws, at(i).In(z), until.In(z), at(next).In(z))
						}
					} else {
						closedFor++
						if opens := ws.Opens(at(i)); !opens.Equal(at(next)) {
							t.Fatalf("%s: %v at %s: opens at %s, want %s", name, ws, at(i).In(z), opens.In(z), at(next).In(z))
						}
					}
				}
			}
		}
	}
	if closedFor == 0 || openFor == 0 {
		t.Errorf("%d times open and %d times closed", openFor, closedFor)
	}
}

func TestAWindowInWords(t *testing.T) {
	for _, tt := range []struct {
		w    fleet.Window
		want string
	}{
		{window(zone(t, "Europe/Berlin"), "22:00", "04:00", 1, 2, 3, 4), "mon-thu 22:00-04:00 Europe/Berlin"},
		{window(nil, "00:00", "24:00", 0, 6), "sat-sun 00:00-24:00 UTC"},
		{window(nil, "08:05", "09:30", 1, 3, 4, 5), "mon,wed-fri 08:05-09:30 UTC"},
		{window(nil, "08:00", "09:00", 0), "sun 08:00-09:00 UTC"},
		{window(nil, "08:00", "09:00", everyDay...), "08:00-09:00 UTC"},
	} {
		if got := tt.w.String(); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}
