package view

import (
	"slices"
	"strconv"

	"arcadiad/fleet"
	"arcadiad/plan"
)

// shortestRun is how many neighbours it takes to be shown as web-1 … web-9.
const shortestRun = 3

// runs cuts a list into runs of neighbours that differ in nothing but consecutive names.
func runs[T any](list []T, name func(T) string, same func(a, b T) bool) [][]T {
	var out [][]T
	for i := 0; i < len(list); {
		j := i + 1
		for j < len(list) && follows(name(list[j-1]), name(list[j])) && same(list[j-1], list[j]) {
			j++
		}
		if j-i >= shortestRun {
			out = append(out, list[i:j])
		} else {
			for k := i; k < j; k++ {
				out = append(out, list[k:k+1])
			}
		}
		i = j
	}
	return out
}

// follows tells whether two names differ in one number, by one: web-9 and web-10, worker-09 and worker-10, n1.example.com and n2.example.com.
func follows(a, b string) bool {
	a, b = fleet.Key(a), fleet.Key(b)
	at := 0
	for at < min(len(a), len(b)) && a[at] == b[at] {
		at++
	}
	for at > 0 && isDigit(a[at-1]) {
		at--
	}
	n, restA := leadingNumber(a[at:])
	m, restB := leadingNumber(b[at:])
	return at > 0 && n > 0 && m == n+1 && restA == restB && (restA == "" || restA[0] == '.') && (a[at] != '0' || len(a) == len(b))
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// leadingNumber cuts a text into the number that it begins with, 0 if there is none, and the rest.
func leadingNumber(s string) (n int, rest string) {
	i := 0
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	n, err := strconv.Atoi(s[:i])
	if err != nil {
		return 0, s
	}
	return n, s[i:]
}

// actionRuns groups what would be done to one name after the other for the same reason. Of names for which several things are due, the
// first make one run, the second another.
func actionRuns(actions []plan.Action) [][]plan.Action {
	var layers [][]int // the first action of each name, the second, and so on
	for i, nth := 0, 0; i < len(actions); i++ {
		if nth++; i == 0 || actions[i-1].Name != actions[i].Name {
			nth = 0
		}
		if nth == len(layers) {
			layers = append(layers, nil)
		}
		layers[nth] = append(layers[nth], i)
	}
	var all [][]int
	for _, layer := range layers {
		same := func(i, j int) bool { return actAlike(actions[i], actions[j]) }
		all = append(all, runs(layer, func(i int) string { return actions[i].Name }, same)...)
	}
	slices.SortFunc(all, func(a, b []int) int { return a[0] - b[0] })
	out := make([][]plan.Action, len(all))
	for n, run := range all {
		for _, i := range run {
			out[n] = append(out[n], actions[i])
		}
	}
	return out
}

func actAlike(a, b plan.Action) bool {
	return a.Kind == b.Kind && reasonsAlike(a, b) && a.Held == b.Held && a.HeldReason == b.HeldReason && a.KeepMonthly == b.KeepMonthly &&
		slices.EqualFunc(a.Changes, b.Changes, changeAlike) && describe(a.Spec) == describe(b.Spec) && sameSideEffects(a, b) && a.Ending == b.Ending
}

// reasonsAlike reports whether two actions have the same reason, or stand in for droplets that are gone.
func reasonsAlike(a, b plan.Action) bool {
	return a.Reason == b.Reason || a.Kind == plan.Provision && len(a.Lost) > 0 && len(b.Lost) > 0
}

// changeAlike tells whether two neighbours change alike: in the same way, or from one row of names to another.
func changeAlike(a, b plan.FieldChange) bool {
	if a.Field == "name" && b.Field == "name" && follows(a.From, b.From) && follows(a.To, b.To) {
		b.From, b.To = a.From, a.To
	}
	return a == b
}

// sameSideEffects tells whether two actions take the same along, so that one line says it of both: as many volumes and reserved IPs, and
// places in the same firewalls and load balancers.
func sameSideEffects(a, b plan.Action) bool {
	return slices.EqualFunc(a.SideEffects, b.SideEffects, func(a, b fleet.Attachment) bool {
		return a.Kind == b.Kind && a.Name == b.Name && (a.Name == "" || a.ID == b.ID) && a.Count == b.Count
	})
}
