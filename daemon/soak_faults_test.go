package daemon

import (
	"math/rand/v2"
	"time"

	"arcadiad/simulator"
)

// fault is one way in which the API misbehaves.
type fault struct {
	name   string // as simulator.Hits calls it
	chance bool   // it hits by chance rather than always
	set    func(f *simulator.Faults, r *rand.Rand)
}

func standingFaults() []fault {
	long := func(r *rand.Rand) time.Duration { // mostly within the settle time, sometimes far beyond it
		if r.IntN(4) == 0 {
			return time.Duration(r.IntN(900)) * time.Second
		}
		return time.Duration(1+r.IntN(60)) * time.Second
	}
	type F = simulator.Faults
	type R = rand.Rand
	return []fault{
		{"tag_visible_after", true, func(f *F, r *R) { f.TagVisibleAfter = long(r) }},
		{"list_visible_after", true, func(f *F, r *R) { f.ListVisibleAfter = long(r) }},
		{"get_404_for", true, func(f *F, r *R) { f.Get404For = time.Duration(1+r.IntN(120)) * time.Second }},
		{"activation_extra", true, func(f *F, r *R) { f.ActivationExtra = time.Duration(r.IntN(1500)) * time.Second }},
		{"never_active", true, func(f *F, _ *R) { f.NeverActive = true }},
		{"ip_after_active", true, func(f *F, r *R) { f.IPAfterActive = long(r) }},
		{"vanish_after_202", true, func(f *F, r *R) { f.VanishAfter202 = time.Duration(1+r.IntN(60)) * time.Second }},
		{"action_errored", true, func(f *F, _ *R) { f.ActionErrored = true }},
		{"errored_actions", false, func(f *F, r *R) { f.ErroredActions = []string{pick(r, alterations())} }},
		{"endless_actions", false, func(f *F, r *R) { f.EndlessActions = []string{pick(r, alterations())} }},
		{"change_visible_after", true, func(f *F, r *R) { f.ChangeVisibleAfter = time.Duration(1+r.IntN(150)) * time.Second }},
		{"delete_lag", true, func(f *F, r *R) { f.DeleteLag = time.Duration(1+r.IntN(200)) * time.Second }},
		{"delete_list_lag", true, func(f *F, r *R) { f.DeleteListLag = time.Duration(1+r.IntN(120)) * time.Second }},
		{"delete_ignored", true, func(f *F, _ *R) { f.DeleteIgnored = true }},
		{"delete_ignored_while_new", false, func(f *F, _ *R) { f.DeleteIgnoredWhileNew = true }},
		{"pending_event_422", false, func(f *F, _ *R) { f.PendingEvent422 = true }},
		{"quota_422", true, func(f *F, _ *R) { f.Quota422 = true }},
		{"size_422", true, func(f *F, _ *R) { f.Size422 = true }},
		{"region_422", true, func(f *F, _ *R) { f.Region422 = true }},
		{"try_again_422", true, func(f *F, _ *R) { f.TryAgain422 = true }},
		{"latency", true, func(f *F, r *R) { f.Latency = time.Duration(r.IntN(20000)) * time.Millisecond }},
		{"refuse", true, func(f *F, _ *R) { f.Refuse = true }},
		{"cut_before_work", true, func(f *F, _ *R) { f.CutBeforeWork = true }},
		{"cut_after_work", true, func(f *F, _ *R) { f.CutAfterWork = true }},
		{"hang", true, func(f *F, _ *R) { f.Hang = true }},
		{"hang_after_work", true, func(f *F, _ *R) { f.HangAfterWork = true }},
		{"truncated_202", true, func(f *F, _ *R) { f.Truncated202 = true }},
		{"server_error", true, func(f *F, _ *R) { f.ServerError = true }},
		{"server_error_after_work", true, func(f *F, _ *R) { f.ServerErrorAfterWork = true }},
		{"html_error", true, func(f *F, _ *R) { f.HTMLError = true }},
		{"too_many_requests", true, func(f *F, r *R) {
			f.TooManyRequests = true
			f.RetryAfter = time.Duration(r.IntN(30)) * time.Second
		}},
		{"page_shift", false, func(f *F, r *R) { f.PageShift = 1 + r.IntN(5) }},
		{"ready_after", true, func(f *F, r *R) { f.ReadyAfter = long(r) }},
		{"ready_for", true, func(f *F, r *R) { f.ReadyFor = time.Duration(30+r.IntN(1200)) * time.Second }},
		{"never_ready", true, func(f *F, r *R) {
			f.NeverReady = []string{pick(r, []string{"a", "b", "web-1", "web-2", "api-1", simulator.Everything})}
		}},
		{"slug_retired", true, func(f *F, _ *R) { f.SlugRetired = true }},
	}
}

// alterations are the types of the actions by which droplets are changed in place.
func alterations() []string {
	return []string{"shutdown", "power_off", "resize", "power_on", "enable_backups", "disable_backups", "rename"}
}

// outages stop everything for a while.
func outages() []func(*simulator.Faults) {
	return []func(*simulator.Faults){
		func(f *simulator.Faults) { f.Refuse = true },
		func(f *simulator.Faults) { f.HTMLError = true },
		func(f *simulator.Faults) { f.ServerError = true },
		func(f *simulator.Faults) { f.CutBeforeWork = true },
		func(f *simulator.Faults) { f.Hang = true },
	}
}

// script is an effect that the next request of a route meets.
type script struct {
	route  string
	effect simulator.Effect
}

func scriptedFaults() []script {
	const post, del, list = "POST /v2/droplets", "DELETE /v2/droplets/{id}", "GET /v2/droplets"
	return []script{
		{post, simulator.Cut().After()}, {post, simulator.Truncate()}, {post, simulator.Redirect()}, {post, simulator.Redirect().After()},
		{post, simulator.Hang().After()}, {post, simulator.HTML(520).After()}, {post, simulator.Status(500).After()}, {post, simulator.Cut()},
		{post, simulator.TooMany(7 * time.Second)}, {post, simulator.Status(408)}, {post, simulator.Refuse()},
		{del, simulator.Cut().After()}, {del, simulator.Cut()}, {del, simulator.Redirect()}, {del, simulator.Status(500).After()},
		{del, simulator.HTML(502)}, {del, simulator.TooMany(3 * time.Second)},
		{list, simulator.HTML(504)}, {list, simulator.Truncate()}, {list, simulator.Redirect()}, {list, simulator.TooMany(0)},
		{"GET /v2/account", simulator.Status(503)}, {"GET /v2/droplets/{id}", simulator.Status(404)},
	}
}

// mustHappen are the faults and events that a long run must have met.
func mustHappen() []string {
	var names []string
	for _, f := range standingFaults() {
		names = append(names, "fault "+f.name)
	}
	for _, e := range []string{"redirect", "cut", "cut after work", "truncate after work", "hang after work", "refuse"} {
		names = append(names, "fault script "+e)
	}
	for _, e := range events() {
		names = append(names, "event "+e.name)
	}
	for _, lie := range []string{"blank_reads", "reads_behind", "hidden_from_lists", "hidden_from_get", "members", "shown_off", "features_lack_backups",
		"total_moves", "tag_count_off"} {
		names = append(names, "fault "+lie)
	}
	return append(names, "fault without_scopes", "fault bad_images", "fault unreachable")
}
