package main

// bounding are the guards at the edges: what a person writes, what a command sends, and what the fleet file may point at.
func bounding() []mutant {
	var all []mutant
	take := func(law int, guard, file, old, new string, tests ...suite) {
		all = append(all, mutant{law, guard, file, old, new, tests})
	}
	loop, words := packageTests("reconcile"), packageTests("fleet")
	take(14, "a schedule that never comes is refused", "reconcile/schedule.go", `case s.Next(time.Now()).IsZero():`, `case false:`, loop)
	take(14, "a schedule without a next time is not due", "reconcile/schedule.go", `return neverTick, false`, `return leastTick, true`, loop)
	take(14, "a floor under the schedule", "reconcile/schedule.go", `max(leastTick, next.Sub(now))`, `max(time.Millisecond, next.Sub(now))`, loop)
	take(14, "a duration of nothing is none", "fleet/written.go", `case d < least:`, `case false:`, words)

	socket := suite{pkg: "./control", run: "TestTheControlSocket|TestATransferLists"}
	take(12, "the socket's bodies are bounded", "control/bounds.go", `http.MaxBytesReader(w, r.Body, most)`, `r.Body`, socket)
	take(12, "a body is sent in time", "control/bounds.go", `ReadTimeout: requestTime`, `ReadHeaderTimeout: requestTime`, socket)
	take(12, "a daemon that falls silent ends the wait", "control/silence.go", `if errors.Is(probe(ctx, l.to, l.patience), errSilent) {`, `if errors.Is(probe(ctx, l.to, l.patience), errSilent) && false {`, packageTests("control"))
	take(12, "a short text is no long list", "control/bounds.go", `if len(*l) == maxTransfers {`, `if false {`, socket)
	take(7, "plans asked for at once share a look", "reconcile/preview.go", `if one := p.next[key]; one != nil {`, `if one := p.next[key]; false {`, loop)
	take(7, "a shared look is no older than the call", "reconcile/preview.go", `if one := p.next[key]; one != nil {`, `if one := p.running[key]; one != nil {`, loop)
	take(7, "whoever asked first may leave", "reconcile/preview.go", `context.WithCancel(context.WithoutCancel(ctx))`, `context.WithCancel(ctx)`, loop)

	page, site := packageTests("view"), daemonTests("TestStatusPage|TestOnLoopback")
	take(15, "the page: nothing turns a line around", "view/page.go", `case r == utf8.RuneError, !unicode.IsPrint(r):`, `case r == utf8.RuneError:`, page)
	take(15, "the page answers this machine's names", "daemon/web.go", `net.ParseIP(host) == nil {`, `net.ParseIP(host) == nil && host == "" {`, site)
	take(15, "the page has a policy", "daemon/web.go", `w.Header().Set(name, value)`, `_, _ = name, value`, site)
	take(12, "the page has so many listeners", "daemon/listeners.go", `if l.count >= mostListeners {`, `if l.count > mostListeners {`, site)
	take(12, "the page drops who does not read", "daemon/listeners.go", `line.SetWriteDeadline(time.Now().Add(heartbeatTime))`, `line.SetWriteDeadline(time.Time{})`, site)
	take(12, "the page is not made anew all the time", "daemon/site.go", `if !first && age < s.pause() {`, `if false {`, site)
	take(12, "the page costs nothing while nobody looks", "daemon/listeners.go", `if l.count > 0 {`, `if l.count >= 0 {`, site)

	file := packageTests("fleetfile")
	take(15, "user data is no secret", "fleetfile/below.go", `if below || os.SameFile(is, secret) {`, `if below && is == nil {`, file)
	take(15, "user data is none of a directory of secrets", "fleetfile/below.go", `below = err == nil && filepath.IsLocal(rel)`, `below = err == nil && rel == "?"`, file)
	take(15, "user data is no credential of git", "fleetfile/below.go", `if strings.EqualFold(part, ".git") {`, `if part == "?" {`, file)
	take(15, "user data is not of elsewhere", "fleetfile/below.go", `if err != nil || !filepath.IsLocal(rel) {`, `if err != nil {`, file)
	take(8, "a file that was replaced behind its mount is told of", "fleetfile/load.go", `if err == nil && replaced(at) {`, `if false {`, file)
	take(9, "two groups with numbers of their own are not called alike", "fleetfile/expand.go", `if taken && (s.Numbering`, `if false && (s.Numbering`, file)
	take(8, "the text of each droplet is looked at", "fleetfile/expand.go", `if ok && (i == 0 || texts.forks()) {`, `if ok && i == 0 {`, file)
	take(9, "each name of a count tells its number", "fleetfile/template.go", `if t.forks {`, `if false {`, file)
	take(15, "a template runs only what it may", "fleetfile/template.go", `if slices.Contains(funcNames, n.Ident) {`, `if n.Ident != "" {`, file)
	take(15, "the daemon's secrets reach the watcher", "daemon/run.go", `Secrets: h.o.secrets(), `, ``, daemonTests("TestLaw08ASecret"))
	take(1, "a cluster's node is left out of an import", "fleetfile/import.go", `case d.Controlled() != "":`, `case false:`, file)
	take(1, "a cluster's node is not adopted", "plan/index.go", `case controller != "" && !d.OfFleet(fleetName):`, `case false:`, packageTests("plan"))
	take(9, "an imported file destroys nothing", "fleetfile/render.go", `max_destroy: 0  #`, `max_destroy: 1  #`, file)
	const whose = "fleet/ownership.go"
	take(1, "whose: only ours is untracked", whose, "case ours:\n\t\tif _, kept", "case d.Managed():\n\t\tif _, kept", words)
	take(1, "whose: what is not ours is released", whose, `case registered && ours && !released:`, `case registered && d.Managed() && !released:`, words)
	take(1, "whose: tags that cannot be read release nothing", whose, ` || registered && d.Unread.Has(UnreadTags)`, ``, words)
	take(16, "whose: what was given back stays given back", whose, `case registered || ours && released:`, `case registered:`, words)
	take(1, "whose: the metrics ask the same", "metrics/metrics.go", `Made: func(saga8 string) bool { return makers[saga8] }`, `Made: func(saga8 string) bool { return len(makers) >= 0 }`, packageTests("metrics"))
	take(6, "status: what was made again is not missing", "view/status.go", `there[fleet.Key(r.RecordName)] }`, `false }`, suite{pkg: "./view", run: "TestLaw06"})
	take(9, "the lost are announced", "plan/hold_lost.go", `b.plan.Missing[i].HeldBy = holdLost`, `b.plan.Missing[i].HeldBy = ""`, packageTests("plan"))
	take(1, "whose: the status asks the same", "control/status.go", `fleet.Saga8(s.ID) == saga8 && fleet.Saga{Kind: s.Kind}.Makes()`, `s.ID != ""`, suite{pkg: "./control", run: "TestLaw01"})
	build := packageTests("plan")
	take(14, "a group stalls by all its members", "plan/hold_backoff.go", `of.undone >= stallAfter && of.undone > undone`, `false`, build)
	take(14, "a retry of one is for its group", "plan/tally.go", `if saga.Retried && saga.EndedAt.After(t.forgiven) {`, `if false {`, build)
	take(14, "one that stayed begins the count anew", "plan/tally.go", `if saga.Completed() && saga.EndedAt.After(t.stayed) {`, `if false {`, build)
	take(14, "a create says its group", "provision/draft.go", "w.Lost = a.Lost\n\t\taddSpec()\n\t\tfacts.GroupHash = a.Spec.GroupHash()", "w.Lost = a.Lost\n\t\taddSpec()", daemonTests("TestLaw14ABadImage"))
	take(2, "stateless: renamed is not gone", "fleet/bytags.go", `renamed[d.ID], taken[key] = s, true`, `taken[key] = true`, build)
	take(2, "stateless: only what fits was renamed", "fleet/bytags.go", `asked && ok && seen != want {`, `asked && ok && seen != want && false {`, build)
	return all
}
