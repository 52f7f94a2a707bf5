package main

// following are the guards around the fleet file and of the daemon itself.
func following() []mutant {
	var all []mutant
	take := func(law int, guard, file, old, new string, tests ...suite) {
		all = append(all, mutant{law, guard, file, old, new, tests})
	}
	file := packageTests("fleetfile")
	take(8, "unchanged over the debounce", "fleetfile/watch.go", `seen.Hash != before.Hash {`, `seen.Hash != before.Hash && false {`, file)
	take(8, "merge markers", "fleetfile/text.go", `if found && (rest == "" || rest[0] == ' ') {`, `if found && rest == "?" {`, file)
	take(8, "an empty file", "fleetfile/text.go", `case len(bytes.TrimSpace(data)) == 0:`, `case false:`, file)
	take(8, "user data files are part of the hash", "fleetfile/userdata.go", `part("user_data", name, src.data)`, `_ = src`, file)
	take(8, "user data comes from below the fleet file", "fleetfile/userdata.go", `if !filepath.IsLocal(name) {`, `if false {`, file)
	take(8, "names that collide", "fleetfile/expand.go", `; collides {`, `; collides && false {`, file)
	take(8, "an old name that is still desired", "fleetfile/expand.go", `:= x.taken[key]; there {`, `:= x.taken[key]; there && false {`, file)
	take(8, "an old name that two stanzas say", "fleetfile/expand.go", `:= heirs[key]; there {`, `:= heirs[key]; there && false {`, file)
	take(9, "max_destroy has a default", "fleetfile/policy.go", `fleet.Policy{MaxDestroy: fleet.DefaultMaxDestroy, `, `fleet.Policy{`, file)

	take(10, "the gate pins the account", "daemon/observer.go", `l.api.Pin(account)`, ``, daemonTests("TestLaw10"))
	take(9, "a pause shuts the gate at once", "daemon/orders.go", `h.shut(why)`, `_ = why`, daemonTests("TestLaw13APause"))
	take(9, "a pass that began before a pause does not open the gate", "daemon/observer.go", `closed = l.kept`, ``, daemonTests("TestLaw13APause|TestLaw12"))
	take(9, "an approval is for the present plan", "daemon/orders.go", `if pass.Plan.ID != planID {`, `if false {`, daemonTests("TestLaw09"))
	take(15, "user data stays off the socket", "control/calls.go", `actions[i].Spec.UserData = ""`, `_ = i`, packageTests("control"))
	take(15, "the control socket is its owner's alone", "control/socket.go", `syscall.Umask(mask)`, `syscall.Umask(mask & 0)`, packageTests("control"))
	return all
}
