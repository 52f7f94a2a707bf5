package view

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"arcadiad/fleet"
)

// when is a time of the day and how long ago it was; empty: never.
func when(now, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format(time.DateTime) + " (" + ago(now, t) + ")"
}

// ago says how long ago something was, roughly.
func ago(now, t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return rough(now.Sub(t)) + " ago"
}

// rough is a duration in its largest unit or two.
func rough(d time.Duration) string {
	switch d = max(0, d); {
	case d < time.Hour:
		return Duration(d.Truncate(time.Second))
	case d < 48*time.Hour:
		return Duration(d.Truncate(time.Minute))
	}
	return strconv.Itoa(int(d/(24*time.Hour))) + "d"
}

// Duration leaves the zeros of 2m0s and 1h0m0s out.
func Duration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// after is a time from the beginning.
func after(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + rough(-d)
	case d < 10*time.Second:
		return fmt.Sprintf("+%.1fs", d.Seconds())
	}
	return "+" + rough(d)
}

// brief is a short duration: 310ms, 1.2s.
func brief(seconds float64) string {
	if seconds < 1 {
		return fmt.Sprintf("%dms", int(seconds*1000+0.5))
	}
	return fmt.Sprintf("%.1fs", seconds)
}

// roughly rounds a duration to what an estimate is worth.
func roughly(d time.Duration) string {
	switch {
	case d < 10*time.Minute:
		return max(5*time.Second, d.Round(5*time.Second)).String()
	case d < 2*time.Hour:
		return fmt.Sprintf("%d minutes", int(d.Round(time.Minute)/time.Minute))
	}
	return fmt.Sprintf("%.1f hours", d.Hours())
}

// estimate is a duration as good as an estimate is.
func estimate(d time.Duration) string {
	switch minutes := math.Ceil(d.Minutes()); {
	case d < 45*time.Second:
		return "less than a minute"
	case minutes < 120:
		return "about " + fleet.Counted(int(minutes), "minute")
	}
	return fmt.Sprintf("about %.1f hours", d.Hours())
}

// stamp is a time that may be days ahead.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "a time that is not known"
	}
	return t.UTC().Format(time.DateTime) + " UTC"
}
