package main

// following are the guards around the fleet file and of the daemon itself.
func following() []mutant {
	var all []mutant
	take := func(law int, guard, file, old, new string, tests ...suite) {
		all = append(all, mutant{law, guard, file, old, new, tests})
	}
	file := packageTests("fleetfile")
	take(8, "unchanged over the debounce", "fleetfile/watch.go", `return seen.Hash == before`, `return seen.Hash == before || true`, file)
	take(8, "merge markers", "fleetfile/text.go", `if found && (rest == "" || rest[0] == ' ') {`, `if found && rest == "?" {`, file)
	take(8, "an empty file", "fleetfile/text.go", `case len(bytes.TrimSpace(data)) == 0:`, `case false:`, file)
	take(8, "user data files are part of the hash", "fleetfile/userdata.go", `part("user_data", name, src.data)`, `_ = src`, file)
	take(8, "user data comes from below the fleet file", "fleetfile/userdata.go", `if !filepath.IsLocal(name) {`, `if false {`, file)
	take(8, "names that collide", "fleetfile/expand.go", `; collides {`, `; collides && false {`, file)
	take(8, "an old name that is still desired", "fleetfile/expand.go", `:= x.taken[key]; there {`, `:= x.taken[key]; there && false {`, file)
	take(8, "an old name that two stanzas say", "fleetfile/expand.go", `:= heirs[key]; there {`, `:= heirs[key]; there && false {`, file)
	take(18, "to be unattended needs ready", "fleetfile/rollout.go", `; !ready {`, `; !ready && false {`, file)
	take(18, "none unavailable rules out what takes one first", "fleetfile/rollout.go", `if how.MaxUnavailable.Value == 0 {`, `if how.MaxUnavailable.Value < 0 {`, file)
	take(18, "max_unavailable in short counts", "fleetfile/policy.go", `p.policy.Rollout.MaxUnavailable = p.unavailable`, `_ = p.unavailable`, file)
	window := packageTests("fleet")
	take(9, "a window that could begin twice begins late", "fleet/window.go", `_, opens = instants(`, `opens, _ = instants(`, window)
	take(9, "a window that could end twice ends early", "fleet/window.go", `closes, _ = instants(`, `_, closes = instants(`, window)
	take(9, "a window belongs to the day that it begins on", "fleet/window.go", `if !w.Days[day.Weekday()] {`, `if !w.Days[of.Weekday()] {`, window)
	take(9, "max_destroy has a default", "fleetfile/policy.go", `fleet.Policy{MaxDestroy: fleet.DefaultMaxDestroy, `, `fleet.Policy{`, file)

	take(10, "the gate pins the account", "daemon/observer.go", `l.api.Pin(account)`, ``, daemonTests("TestLaw10"))
	take(9, "a pause shuts the gate at once", "daemon/orders.go", `h.shut(why)`, `_ = why`, daemonTests("TestLaw13APause"))
	take(9, "a pass that began before a pause does not open the gate", "daemon/observer.go", `closed = l.kept`, ``, daemonTests("TestLaw13APause|TestLaw12"))
	take(9, "an approval is for the present plan", "daemon/orders.go", `if pass.Plan.ID != planID {`, `if false {`, daemonTests("TestLaw09"))
	take(9, "an apply sits out no pause that was not agreed to", "daemon/orders.go", `a.Group == r.Group && a.Spec == r.Spec`, `a.Group != ""`, daemonTests("TestApply"))
	take(9, "an apply asks before it goes on with a rollout", "control/apply.go", `slices.ContainsFunc(p.Actions, plan`, `slices.ContainsFunc(p.Actions[:0], plan`, daemonTests("TestApplyIs"))
	take(14, "an apply ends at a failure that stops nothing", "daemon/orders.go", `if !stopped {`, `if !stopped && false {`, daemonTests("TestApplyEnds"))
	take(16, "a plan beside a pass knows its sagas", "reconcile/loop.go", `l.Executor.Engine.Begun() == begun`, `l.Executor.Engine.Begun() >= begun`, daemonTests("TestLaw16APlan"))
	take(15, "user data stays off the socket", "control/calls.go", `actions[i].Spec.UserData = ""`, `_ = i`, packageTests("control"))
	take(15, "the control socket is its owner's alone", "control/socket.go", `syscall.Umask(mask)`, `syscall.Umask(mask & 0)`, packageTests("control"))
	return all
}
