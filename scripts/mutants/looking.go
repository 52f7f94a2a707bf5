package main

// looking are the guards of the read side: what counts as seen, and what as gone.
func looking() []mutant {
	var all []mutant
	take := func(law int, guard, file, old, new string, tests ...suite) {
		all = append(all, mutant{law, guard, file, old, new, tests})
	}
	const list, pages = "digitalocean/list.go", "digitalocean/pages.go"
	api, look, world := packageTests("digitalocean"), packageTests("inventory"), daemonTests("^TestLaw")
	take(7, "as many as meta.total says", list, `!p.more && len(byID) != l.Total`, `false`, api)
	take(7, "a total that moves", list, `p.total != l.Total`, `false`, api)
	take(7, "a page that brings nothing new", list, `p.more && len(byID) == before`, `p.more && len(byID) == before && false`, api)
	take(7, "a page that fails", pages, "p, err := ahead.next(n)\n\t\tif err != nil {\n\t\t\treturn err", "p, err := ahead.next(n)\n\t\tif err != nil {\n\t\t\treturn nil", api)
	take(7, "pages side by side: only as many as there are", pages, ` || last != (*w.Meta.Total+perPage-1)/perPage`, ``, api)
	take(7, "pages side by side: no more than requests in flight", pages, ` && len(r.coming) < r.width`, ``, api)
	const attached = "digitalocean/attachments.go"
	take(18, "tags of attachments: a firewall that does not say its own", attached, `untold: e.Tags == nil, `, ``, api)
	take(18, "tags of attachments: those of sources", attached, `append(tags, rule.Sources.Tags...)`, `tags`, api)
	take(18, "tags of attachments: those of destinations", attached, `append(tags, rule.Destinations.Tags...)`, `tags`, api)
	take(18, "tags of attachments: known only with the firewalls", "inventory/attachments.go", `if passed && balanced`, `if (passed || true) && balanced`, look)
	take(18, "tags of attachments: known only with the load balancers", "inventory/attachments.go", `if passed && balanced`, `if passed && (balanced || true)`, look)
	take(18, "tags of attachments: known only where each is told", "inventory/attachments.go", ` && !firewalls.Untold`, ``, look)
	take(7, "a total that is missing", pages, `err = errors.New("meta.total is missing")`, `p.Meta.Total = new(int)`, api)

	const observe = "inventory/observe.go"
	take(7, "GPU droplets too", observe, `for _, gpu := range []bool{false, true} {`, `for _, gpu := range []bool{false} {`, look)
	take(7, "half an observation is none", observe, "o.Requests += requests\n\tif err != nil {", "o.Requests += requests\n\tif false {", look)
	take(7, "a listing that moved is read again", observe, `if !errors.Is(err, digitalocean.ErrMoved) {`, `if true {`, look)
	const absent = "inventory/absent.go"
	take(6, "what is ours and absent is asked for by id", absent, `found, notFound, err := i.getAll(ctx, ask)`,
		`found, notFound, err := []fleet.Droplet(nil), ask, error(nil)`, look)
	take(6, "an older droplet is no witness", absent, `if d.ID > x.id {`, `if true {`, look)
	take(6, "an unknown droplet is no witness", absent, "if ids[d.ID] {\n\t\t\tw = append", "if ids != nil {\n\t\t\tw = append", look)
	take(6, "a sighting ends an absence", absent, `if i.seenSince(x.id, a.Since) {`, `if false {`, look)
	take(6, "a partial listing says nothing of others", absent, `there || o.Partial && !x.recorded {`, `there {`, look)
	take(6, "strangers take two looks", absent, `return a.Looks >= 2`, `return true`, look)
	take(6, "strangers cost no request", absent, `if x.ours && (partial && x.recorded || !partial && !x.gone) {`, `if !x.gone {`, look)
	take(6, "what ended is asked for by id", absent, `ask := slices.Concat(shown, absent.asked(o.Partial), mayReturn(listed, recorded))`,
		`ask := slices.Concat(absent.asked(o.Partial), mayReturn(listed, recorded))`, look)
	take(6, "what was taken for gone is asked for by id", absent, `, mayReturn(listed, recorded))`, `)`, daemonTests("^TestLaw06TheOriginalShowsInOne"))
	take(6, "a listing sees what was taken for gone", absent, `there && !slices.Contains(taken, id) {`, `there && len(taken) >= 0 {`, daemonTests("^TestLaw06TheOriginalShowsInOne"))
	take(6, "a sighting by id ends an absence", absent, "if err == nil {\n\t\ti.saw(id, began)", "if false {\n\t\ti.saw(id, began)", look)
	take(7, "an adoption alone leaves a database as good as empty", "fleet/recorded.go", `return s.Kind != SagaAdopt && s.Kind != SagaTakeOver`, `return true`,
		daemonTests("^TestLaw07ALostDatabaseBesideAReplica"))
	take(6, "a poll that misses a droplet is told of", absent, `if missed && i.o.Missed != nil {`, `if missed && false {`, look)
	take(7, "the tag of a fleet that nothing shows", absent, `o.Absences = slices.Insert(o.Absences, 0, whole)`, `_ = whole`, look)
	const absence = "fleet/absence.go"
	take(6, "looks lie a minute apart", absence, `if began.Sub(a.LastAt) < LookApart {`, `if false {`, packageTests("fleet"))
	take(6, "a witness in both looks", absence, `if a.Witnessed >= 2+a.extra() {`, `if a.Looks >= 2+a.extra() {`, packageTests("fleet"))
	take(6, "a restart takes one look more", absence, `a.Interrupted = a.Interrupted || a.Process != process`, `a.Interrupted = false`, packageTests("fleet"))
	take(6, "a young one takes a quarter of an hour", absence, `if made.IsZero() || a.Since.Sub(made) < young {`, `if false {`, packageTests("fleet"))
	take(6, "a clock that went back", absence, `if a.Looks == 0 || began.Before(a.LastAt) {`, `if a.Looks == 0 {`, packageTests("fleet"))
	take(6, "the original keeps its name", "provision/look.go", "if shown {\n\t\t\treturn", "if shown && false {\n\t\t\treturn", daemonTests("^TestLaw06TheOriginal"))
	take(6, "apply waits for the proof", "control/apply.go", `err != nil || p.NextLook.IsZero() {`, `true {`, daemonTests("^TestLaw06Apply"))
	take(6, "a preview that misses a droplet is followed by a pass", "reconcile/loop.go", `if pass.newlyMissing() {`, `if false {`, daemonTests("^TestLaw06TheDaemon"))
	take(6, "the next look is scheduled", "plan/hold_lost.go", `b.lookAgain(a.NextLook(made))
	}
	b.plan.Missing`, `}
	b.plan.Missing`, packageTests("plan"))
	take(9, "lost", "plan/hold.go", `judge: overMaxLost,`, `judge: each(),`, packageTests("plan"))
	take(9, "missing ones count as lost", "plan/hold_lost.go", `h.state == gone || h.state == missing && h.seen == nil`, `h.state == gone`, packageTests("plan"))
	take(6, "the account is asked again behind a 404", observe, `if again.UUID != o.Account.UUID {`, `if false {`, look)
	take(6, "another team's 404 proves nothing", absent, "if !pinned {\n\t\ta := absentFrom", "if false {\n\t\ta := absentFrom", look)
	take(6, "a get that failed is no 404", observe, `case errors.Is(e, digitalocean.ErrNotFound):`, `case true:`, look)
	take(7, "unseen: by name where the listing is half", observe, "if o.Partial {\n\t\tfor _, name := range names", "if false {\n\t\tfor _, name := range names", look)

	const explain = "inventory/explain.go"
	take(7, "drift: what our own sagas did is nobody else's doing", explain, `case !led, ours(d.DropletID, a.StartedAt, sagas):`, `case !led:`, look)
	take(7, "drift: asked about once", explain, `if d.Asked || deeds[d.Field] == nil {`, `if deeds[d.Field] == nil {`, look)
	take(7, "drift: a few at a time", explain, `asked == mostExplained || `, ``, daemonTests("^TestDrift"))
	take(7, "drift: a live saga forgets none", "reconcile/notice.go", `if undecided[d.DropletID] {`, `if false {`, daemonTests("^TestDrift"))
	take(7, "drift: since when", "state/tables/deviations.go", `if again && was.Seen == d.Seen && (was.Asked || !d.Asked) {`, `if false {`, packageTests("state/sqlite"))

	const shared = "inventory/look.go"
	take(6, "an absence is proved by the account beside it", shared, `if l.q.Proof && len(out.droplets) == 0 && unproved != nil {`, `if false {`, look)
	take(6, "gone: the account beside the 404", shared, "err = i.healthy(ctx, i.o.Lone, proved)\n\treturn err == nil, err", "_ = proved\n\treturn true, nil", look)
	take(6, "gone: only a 404", shared, `if !errors.Is(err, digitalocean.ErrNotFound) {`, `if err == nil {`, look)
	take(6, "the account that was observed, no other", shared, `account.UUID != i.account`, `account.UUID == ""`, look)
	take(14, "a look that failed says so", shared, "if s.err != nil {\n\t\t\treturn sight{err: s.err}", "if false {\n\t\t\treturn sight{err: s.err}", look)

	take(7, "a poll lists GPU droplets for what it does not find", shared, `return gpus || i.lacks(listed, questions)`, `return gpus`, look)
	const paces, latest = "inventory/pace.go", "inventory/latest.go"
	take(14, "looks count once per interval", paces, `if began.Sub(t.until) < t.every {`, `if false {`, look)
	take(14, "nothing absurd is learned", paces, `if took <= 0 || took > longestActivation {`, `if false {`, look)
	take(10, "a new token is asked whose it is", latest, `proved == l.account.UUID && `, ``, look)
	take(7, "GPU droplets that were there are listed again", latest, `if l.noGPUs = time.Now(); droplets > 0 {`, `if l.noGPUs = time.Now(); false {`, look)
	take(7, "GPU droplets are listed where a droplet is missing", observe, `return lacksKnown(listed, recorded)`, `return false`, look)

	const probe, prober = "inventory/probe.go", "inventory/prober.go"
	take(18, "a probe stays off this host", prober, `case ip.IsLoopback() && !p.loopback:`, `case false:`, look)
	take(18, "a probe stays off the metadata", prober, `case ip.IsLinkLocalUnicast():`, `case false:`, look)
	take(18, "a public probe stays off private addresses", prober, `case ip.IsPrivate() && !t.Ready.Private:`, `case false:`, look)
	take(18, "a probe asks no name server", prober, `case err != nil || !ip.Is4():`, `case err != nil && false:`, look)
	take(18, "a probe reads so much and no more", prober, `R: conn, N: probeHeaders}`, `R: conn, N: probeHeaders << 10}`, look)
	take(18, "a probe is over in time", prober, `ctx, cancel := context.WithTimeout(ctx, limit)`, `ctx, cancel := context.WithTimeout(ctx, limit*2)`, look)
	take(18, "a redirect is no pass", prober, `answer.StatusCode/100 != 2:`, `answer.StatusCode/100 > 3:`, look)
	take(18, "the status that is asked for", prober, `case ready.Status != 0 && answer.StatusCode != ready.Status:`, `case false:`, look)
	take(18, "probes are shared", probe, `shared := p.shared[t]
`, `shared := p.shared[Target{}]
`, look)
	take(18, "a shared probe outlives its first asker", probe, `if shared.askers--; shared.askers == 0 {`, `if shared.askers--; true {`, look)
	take(18, "so many probes at once", probe, `newProbes() probes {
	return probes{slots: make(chan struct{}, probesAtOnce)`, `newProbes() probes {
	return probes{slots: make(chan struct{}, probesAtOnce*2)`, look)
	take(18, "a probe that was stopped says nothing", probe, "if ctx.Err() != nil {\n\t\treturn Probed{}, false\n\t}\n\tresult", "result", look)
	take(18, "an old pass tells nothing of the network", probe, `r.Passed && !r.At.Before(since)`, `r.Passed`, look)
	take(18, "its own pass tells nothing of the network", probe, `other != id && r.Passed`, `(other != id || true) && r.Passed`, look)
	take(18, "a result gets old", probe, `r.target != t || r.At.Before(oldest)`, `r.target != t`, look)

	const execute = "reconcile/execute.go"
	take(7, "a create looks at the fleet's own listing", execute, `if i < 0 || !creates(a) {`, `if i < 0 || !creates(a) || true {`, world)
	take(7, "an empty database looks twice", execute, `if pass.Recorded.MadeNothing() {`, `if false {`, world)
	take(7, "both looks must show the same", execute, `if again.Plan.ID != pass.Plan.ID || !pass.Plan.Within(again.Plan) {`, `if again.Plan.ID == "" {`, world)
	take(8, "a plan from an older file is not carried out", execute, "!ok || now.Hash != pass.Desired.Hash {\n\t\treturn out, ErrChanged", "!ok && now.Hash != \"\" {\n\t\treturn out, ErrChanged", world)
	take(9, "what is held is not carried out", execute, `return a.Held || !pass`, `return !pass`, world)
	take(9, "what nobody asked for by name is not carried out", execute, `return a.Held || !pass.Scope.Has(a.Name, a.Spec.Group)`, `return a.Held`, daemonTests("TestApplyByName"))
	take(9, "a yes to a replace is for that droplet alone", "daemon/scope.go", `return a.Kind != plan.Replace || a.DropletID != s.Replace`, `return false`, daemonTests("TestReplaceThatIsApproved"))
	take(9, "what a yes to a replace has not used is taken back", "daemon/scope.go", `store.Withdraw(context.WithoutCancel(ctx), ids)`, `store.Withdraw(context.WithoutCancel(ctx), nil)`, daemonTests("TestLaw09AReplace"))
	take(9, "a replace is no reason for another's approval to lapse", execute, `|| pass.Scope.Replace != 0 {`, `{`, daemonTests("TestReplaceKeepsAnApproval"))
	take(7, "an old observation is taken again", execute, `if time.Since(pass.Observed.EndedAt) > stale {`, `if false {`, world)
	take(7, "a stale plan that changed is not carried out", execute, `if fresh.Plan.ID != pass.Plan.ID {`, `if false {`, world)
	take(10, "a mismatch of the pin ends the pass", "reconcile/executor.go", "x.Gate(\"\", err)\n\t\treturn err\n\t}\n\tif err := x.Store.Save", "x.Gate(\"\", err)\n\t}\n\tif err := x.Store.Save", world)
	take(9, "a pause shuts the gate", "reconcile/executor.go", `x.Gate("", ErrPaused)`, `x.Gate(pass.Observed.Account.UUID, nil)`, world)
	take(7, "what is recorded is loaded before the look", "reconcile/plan.go", `return Pass{Recorded: recorded, Observed: observed}, nil`,
		"recorded, err = p.Load(ctx)\n\treturn Pass{Recorded: recorded, Observed: observed}, err", world)
	take(10, "a pin that does not fit shuts the gate", "reconcile/run.go", `l.Executor.Gate("", err)`, `_ = pin`, world)
	take(8, "the last good file stays in force", "reconcile/inforce.go", `if v.Err == nil {`, `if true {`, world)
	return all
}
