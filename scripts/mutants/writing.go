package main

// writing are the guards between a decision and the wire, and those of what an answer is taken for.
func writing() []mutant {
	var all []mutant
	take := func(law int, guard, file, old, new string, tests ...suite) {
		all = append(all, mutant{law, guard, file, old, new, tests})
	}
	api, steps := packageTests("digitalocean"), packageTests("provision")

	const exchange = "digitalocean/exchange.go"
	take(3, "the intent comes after the slot", exchange, `slot, err := c.api.o.Budget.acquire(`, `if r.intent != nil {
		if err := r.intent(ctx); err != nil {
			return answer{}, r.unsent(err)
		}
		r.intent = nil
	}
	slot, err := c.api.o.Budget.acquire(`, api)
	take(3, "no intent, no write", exchange, `if err := r.intent(ctx); err != nil {`, `if err := r.intent(ctx); false {`, api)
	take(3, "the gate is asked before the intent", exchange, "if err := open(); err != nil {\n\t\treturn err\n\t}\n\tif r.intent", "if r.intent", api)
	take(12, "the gate is asked again after the intent", exchange, "if err := open(); err != nil {\n\t\t\treturn err\n\t\t}\n\t}\n\tif err := ctx.Err()", "}\n\tif err := ctx.Err()", api)
	take(12, "a write on the wire gets three seconds", exchange, `const cutGrace = 3 * time.Second`, `const cutGrace = time.Millisecond`, api)
	take(10, "the gate is asked at all", exchange, "if err := a.o.Budget.gate(); err != nil {\n\t\t\treturn err", "if err := a.o.Budget.gate(); false {\n\t\t\treturn err", api)
	take(10, "the token is proved", exchange, `return a.proof.check(fingerprintOf(token))`, `return nil`, api)
	take(10, "a 401 withdraws the proof", exchange, `if resp.StatusCode == http.StatusUnauthorized {`, `if false {`, api)
	take(4, "no transport sends a body twice", exchange, `req.GetBody = nil`, `_ = req.GetBody`, api)
	take(4, "a write has a timeout", exchange, `context.WithTimeoutCause(free, a.o.WriteTimeout,`, `context.WithTimeoutCause(free, 1000*a.o.WriteTimeout,`, api)

	take(4, "redirects are not followed", "digitalocean/api.go", `return http.ErrUseLastResponse`, `return nil`, api)
	take(15, "no plain http but to loopback", "digitalocean/api.go", `case u.Scheme == "http" && !loopback(u.Hostname()):`, `case false:`, api)
	take(4, "a 5xx is unknown", "digitalocean/errors.go", `case status < 400, status >= 500, status == http.StatusRequestTimeout:`, `case status < 400, status == http.StatusRequestTimeout:`, api)
	take(4, "a 408 is unknown", "digitalocean/errors.go", `status >= 500, status == http.StatusRequestTimeout:`, `status >= 500:`, api)
	take(4, "a cut connection is unknown", "digitalocean/errors.go", "if connected {\n\t\treturn false", "if connected {\n\t\treturn true", api)
	take(4, "what is unknown is uncertain", "digitalocean/errors.go", `|| e.Kind == ErrUnknown`, `|| e.Kind == ErrNotFound`, api)
	take(10, "the gate starts shut", "digitalocean/budget.go", `closed: errNotProved,`, `closed: nil,`, api)
	take(12, "a gate that shuts frees queued writes", "digitalocean/budget.go", `if w := e.Value.(*waiter); w.write {`, `if w := e.Value.(*waiter); w.write && false {`, api)
	take(10, "a token that is new proves nothing", "digitalocean/proof.go", `case p.token != token:`, `case false:`, api)
	take(10, "a token of another account", "digitalocean/proof.go", `case p.of == "" || p.of != p.account:`, `case false:`, api)
	take(15, "this token is redacted", "digitalocean/redact.go", `s = strings.ReplaceAll(s, token, redacted)`, ``, api)
	take(15, "whatever looks like a token is redacted", "digitalocean/redact.go", `return tokenPattern.ReplaceAllString(s, redacted)`, `return s`, api)
	take(15, "errors are scrubbed", "digitalocean/redact.go", `e.Message, e.RequestID = redact(e.Message, token), redact(e.RequestID, token)`, ``, api)

	const create = "provision/create.go"
	take(3, "the intent of a create is durable", create, "keepFacts(run, fleet.Facts{Creates: w.creates()})\n\t\treturn run.Checkpoint(ctx)", "keepFacts(run, fleet.Facts{Creates: w.creates()})\n\t\treturn nil", steps)
	take(4, "an uncertain create is not refused", create, `if digitalocean.Uncertain(err) {`, `if false {`, steps)
	take(4, "the settle: its number of looks", create, `const settleLooks = 3`, `const settleLooks = 1`, steps)
	take(4, "the settle: its spread", create, `counts := a.Waited >= p.o.Settle/settleLooks`, `counts := true`, steps)
	take(4, "the settle: the first restart begins anew", create, `run.Resumed() && !a.Restarted {`, `false {`, steps)
	take(4, "the settle: only the first restart does", create, `run.Resumed() && !a.Restarted {`, `run.Resumed() {`, steps)
	take(4, "the settle: it survives a restart", create, `a.Waited, a.Settled = 0, a.Settled+1`, `a.Waited, a.Settled = 0, settleLooks`, steps)
	take(4, "the settle: a process that dies leaves its waiting to the next", create, `if counts || run.Resumed() {`, `if counts {`, steps)
	take(4, "after a crash the POST's timeout passes first", create, `if w.Attempt.Ended {`, `if true {`, steps)
	take(4, "a stranger is no leave to send again", create, `if stranger != nil && a.Strange >= settleLooks {`, `if false {`, steps)
	take(4, "a stranger takes back what was earned", create, `stranger, w.Attempt.Settled = other, 0`, `stranger = nil`, steps)
	take(4, "namesakes of before are no strangers", "provision/made.go", `, slices.Contains(w.Namesakes, d.ID):`, `, slices.Contains(w.Namesakes, 0):`, steps)
	take(4, "a hit is taken", "provision/made.go", `case d.HasTag(fleet.SagaTag(sagaID)):`, `case d.HasTag(fleet.SagaTag(sagaID)) && false:`, steps)
	take(13, "a failed create is destroyed", "provision/uncreate.go", `return p.demolish(ctx, run, w, by)`, `return nil`, steps)
	take(13, "a failed create is looked for first", "provision/uncreate.go", `if w.DropletID == 0 && w.Attempt != nil {`, `if false {`, steps)
	take(17, "a create asks the file first", create, `if err := p.asked(w); err != nil {
			return err
		}
		if run.Resumed()`, `if run.Resumed()`, steps)
	take(17, "a create asks the file again when it has its slot", create, `if err := p.asked(w); err != nil { // the wait`, `if err := p.asked(w); false { // the wait`, steps)

	const destroy, made, file = "provision/destroy.go", "provision/made.go", "provision/file.go"
	words := daemonTests("TestLaw09Prot|TestLaw13AnAbort|TestLaw17")
	take(1, "the tags are checked just before the DELETE", destroy, `if err := e.by.covers(d); err != nil {`, `if err := e.by.covers(d); false {`, steps)
	take(1, "a saga destroys only what it claims", destroy, `if why := w.disowns(sagaID, d); why != "" {`, `if why := w.disowns(sagaID, d); why == "?" {`, steps)
	take(17, "a destroy asks right before its DELETE", destroy, `if refused = e.by.asks(ctx, e.seen); refused != nil {`, `if refused = e.by.asks(ctx, e.seen); false {`, steps)
	take(13, "refused after a DELETE it is stuck", destroy, `case refused != nil && d.Sent && saga.IsSuperseded(refused):`, `case false:`, steps)
	take(17, "nothing is destroyed without a file in force", file, `return nil, saga.Later(time.Minute, errors.New("no fleet file is in force: nothing is destroyed without one"))`, `return nil, nil`, steps)
	take(17, "what spares a droplet is asked", file, `if why := w.License.Spares(f, record, bears); why != "" {`, `if why := w.License.Spares(f, record, bears); why == "?" {`, steps)
	take(17, "the file is read afresh", file, `sources = append(sources, p.o.Fresh)`, `_ = sources`, steps)
	take(17, "a power off reads the file afresh", "provision/power.go", `asked:    p.alteredNow,`, `asked:    p.altered,`, steps)
	take(17, "a replace asks before it registers", "provision/register.go", `if err := p.mayGo(ctx, run, w, "", false); err != nil {`, `if err := p.mayGo(ctx, run, w, "", false); false {`, words)
	take(13, "what was registered is not destroyed by the way back", "provision/uncreate.go", `if w.Registered {`, `if false {`, words)
	take(9, "protection is no tag of a create", made, `replaced.ID, false, w.Spec.Tags)`, `replaced.ID, w.Spec.Protected(), w.Spec.Tags)`, steps)
	take(9, "protection added meanwhile is registered", "provision/register.go", `Protect: p.protects(w) ||`, `Protect: w.Spec.Protected() ||`, steps)
	take(9, "protection added meanwhile is not lifted", "provision/register.go", ` && !p.protects(w)`, ``, steps)
	take(3, "the intent of a destroy is durable", destroy, "d.Sent = true\n\t\t\treturn e.run.Checkpoint(ctx)", "d.Sent = true\n\t\t\treturn nil", steps)
	take(6, "gone: two looks after the DELETE", destroy, `case d.Accepted && e.absences < 2:`, `case d.Accepted && e.absences < 1:`, steps)
	take(6, "gone: an accepted DELETE", destroy, `case d.Accepted && !e.young():`, `case !e.young():`, steps)
	take(6, "gone: out of sight for the visibility window", destroy, `case !d.Accepted && time.Since(e.lastSeen) < e.p.o.Visibility:`, `case false:`, steps)
	take(6, "gone: one last seen as new is asked for by its id", destroy, `case d.Accepted && !e.young():`, `case d.Accepted:`, steps)
	take(6, "gone: a DELETE that is answered 404", destroy, `case e.answer == nil, errors.Is(e.answer, digitalocean.ErrNotFound) && !e.young():`, `case e.answer == nil:`, steps)
	take(6, "gone: a DELETE whose answer was lost is sent again", destroy, `if !d.Accepted && d.Sent && e.again() {`, `if false {`, steps)
	take(6, "gone: a listing that lags is asked by id", destroy, `if there && e.staleListing(ctx, counts) {`, `if false {`, steps)
	take(13, "a DELETE is repeated after intervals, not after looks", destroy, `if e.sent && counts {`, `if e.sent {`, steps)
	take(6, "an absence counts beside the account only", "provision/look.go", `q.Proof = true`, ``, steps)
	take(13, "a DELETE that came to nothing is sent again", destroy, `if e.sent && e.since < again {`, `if e.sent && e.since < 1000*again {`, steps)
	take(13, "a droplet that does not go is shown", destroy, `if e.stood >= deleteLong {`, `if false {`, daemonTests("TestFaultADestroy"))
	take(13, "a destroy is a pivot", "provision/provision.go", `destroying.undestroy).AsPivot()`, `destroying.undestroy)`, steps)

	take(1, "own claim: until the tag was seen", made, `!w.TagSeen && `, ``, steps)
	take(17, "a provision whose spec changed ends", file, `case s.Hash() != w.SpecHash:`, `case s.Hash() == "":`, steps)
	take(1, "an adoption checks the tags", "provision/register.go", `case found && !w.ownership(*d).Ours():`, `case found && d.ID == 0:`, steps)
	take(9, "the protection tag is recorded", "provision/register.go", ` || d.HasTag(fleet.ProtectTag)}`, `}`, steps)
	take(1, "an update checks the tags", "provision/look.go", `return d, w.alien(d)`, `return d, nil`, steps)

	const alter = "provision/alter.go"
	take(1, "an action checks the tags", alter, `if alien := w.alien(d); alien != nil && (`, `if alien := w.alien(d); false && (`, steps)
	take(1, "a retagging leaves our tags alone", "provision/retag.go", `if !fleet.OurTag(tag) && !d.HasTag(tag) {`, `if !d.HasTag(tag) {`, steps)
	take(1, "an untagging leaves our tags alone", "provision/retag.go", `if i >= 0 && !fleet.OurTag(tag) {`, `if i >= 0 {`, steps)
	take(3, "the intent of an action is durable", alter, `return a.run.Checkpoint(ctx)`, `return nil`, steps)
	take(3, "the intent of a retagging is durable", "provision/retag.go", "w.Found.Retag = retagOf(d, w.Alter)\n\t\tif err := run.Checkpoint(ctx); err != nil {", "w.Found.Retag = retagOf(d, w.Alter)\n\t\tif err := error(nil); err != nil {", steps)
	take(4, "an unanswered action is not refused", alter, `case digitalocean.Uncertain(err):`, `case false:`, steps)
	take(13, "what was done and does not show is done", alter, `fmt.Errorf("%s: %w", what, errUnseen)`, `fmt.Errorf("%s: %w", what, errUnable)`, steps)
	take(13, "no way back from what does not show", "provision/actions.go", `c.unseen = func() { w.Found.Backups = nil }`, `c.unseen = nil`, steps)
	take(4, "a new droplet that is not told of is waited for", "provision/wait.go", `(untagged || blind || state == "in-progress")`, `(untagged || state == "in-progress")`, steps)
	take(1, "a destroy waits for tags that cannot be read", destroy, `if d.Unread.Has(fleet.UnreadTags) {`, `if false {`, steps)
	take(4, "what is not told is not sent for", alter, `blind := shown == untold && a.sent.IsZero()`, `blind := false`, steps)
	take(1, "tags that cannot be read are not lost", alter, `if !d.Unread.Has(fleet.UnreadTags) {`, `if true {`, steps)
	take(13, "a droplet that was switched off is switched on again", "provision/power.go", "if !w.Found.wasOn() {\n\t\treturn nil", "if true {\n\t\treturn nil", steps)
	take(13, "a droplet that may be shutting down is not taken for on", "provision/power.go", `w.leaving(), !w.Found.Off //`, `w.leaving(), false //`, steps)
	take(13, "switching on is a pivot", "provision/provision.go", `step("PowerOnDroplet", altering.powerOn, nil).AsPivot()`, `step("PowerOnDroplet", altering.powerOn, nil)`, steps)
	take(13, "nothing goes without its snapshot", "provision/draft.go", `choice{"SnapshotDroplet", e.Snapshot}`, `choice{"SnapshotDroplet", false}`, steps)
	take(4, "an unanswered snapshot is looked for", "provision/snapshot.go", `case s.made.Sent, s.made.Action != 0:`, `case false:`, steps)
	take(4, "a snapshot in progress is waited for", "provision/snapshot.go", `return a.Status == digitalocean.ActionInProgress })`, `return a.Status == "" })`, steps)
	take(17, "a shutdown asks the file as it is at that moment", "provision/shutdown.go", `return p.mayGo(ctx, run, w, d.Name, true)`, `return nil`, steps)
	take(1, "a shutdown asks its license", "provision/shutdown.go", `if err := by.covers(d); err != nil {`, `if err := by.covers(d); false {`, steps)
	take(17, "a file that keeps more of what is replaced", file, `replaces && s.Ending.Spares(w.Ending) {`, `replaces && false {`, steps)
	take(17, "a file that keeps more of what goes", file, `w.spares(s, record) {`, `false {`, steps)
	take(17, "an action asks the file when it has its slot", alter, `if err := a.asked(a.w); err != nil {`, `if err := a.asked(a.w); false {`, steps)
	take(17, "a replace asks how it may be done", file, `replaces && !w.License.Asks(desired) {`, `replaces && false {`, steps)
	take(17, "an update asks how it may be done", file, `s.Rules != w.Spec.Rules {`, `s.Rules != w.Spec.Rules && false {`, steps)
	take(9, "a lifted protection is put back", "provision/protect.go", `if !w.Found.Lifted {`, `if true {`, steps)
	take(14, "what is in progress gets an hour", "provision/wait.go", `(untagged || blind || state == "in-progress")`, `(untagged || blind)`, steps)
	take(14, "it gets an hour and no more", "provision/wait.go", `case w.Looks < p.o.WaitLongest && (`, `case (`, steps)
	take(14, "ready means an address too", made, `if d.Status != fleet.StatusActive || d.PublicIPv4 == "" {`, `if d.Status != fleet.StatusActive {`, steps)
	take(1, "ready means its tags too", made, "if !d.HasTag(t) {\n\t\t\treturn false", "if !d.HasTag(t) && false {\n\t\t\treturn false", steps)
	take(15, "user data is the saga's secret", "provision/draft.go", "w.Spec.UserData = \"\"\n\t\tfacts.SpecHash = w.SpecHash\n\t}", "facts.SpecHash = w.SpecHash\n\t}", steps)

	const sweep = "provision/sweep.go"
	tags := daemonTests("Tags")
	take(1, "left tags: nothing bears them", sweep, `if uses > 0 {`, `if uses < 0 {`, steps)
	take(1, "left tags: no droplet shows them", sweep, "inUse[saga8] = true", "inUse[saga8] = false", steps)
	take(1, "left tags: no record is the saga's", sweep, `inUse := fleet.SetOf(recorded.Records, `, `inUse := fleet.SetOf(recorded.Records[:0], `, steps)
	take(5, "left tags: the watch has ended", sweep, `now.Sub(saga.EndedAt) < watched:`, `false:`, steps)
	take(3, "left tags: the removal has its intent", sweep, `return s.keep(ctx, saga.ID, fleet.Facts{SweptAt: time.Now()})`, `return nil`, steps)
	take(1, "left tags: so many a day", sweep, `removed >= left || `, `removed >= left+1000 || `, tags)
	take(1, "left tags: each looked at once a day", sweep, `case now.Sub(s.looked[saga.ID]) < sweepPause:`, `case false:`, steps, tags)
	take(1, "left tags: a failure ends the day", sweep, `s.rest = now.Add(sweepPause)`, ``, tags)
	take(1, "left tags: not while writes are stopped", "digitalocean/budget.go", `return b.closed == nil && `, `return `, api)
	take(1, "an unknown count of uses is no zero", "digitalocean/tags.go", ` && t.Resources.Count != nil && t.Resources.Droplets.Count != nil
	}, "it does not count what bears the tag")
	if err != nil {`, `
	}, "it does not count what bears the tag")
	if err != nil || t.Resources.Count == nil || t.Resources.Droplets.Count == nil {`, api)
	return all
}
