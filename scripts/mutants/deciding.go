package main

// deciding are the guards of package plan, and of the vocabulary that it decides by: what may be done to which droplet.
func deciding() []mutant {
	var all []mutant
	take := func(law int, guard, file, old, new string) {
		all = append(all, mutant{law, guard, file, old, new, []suite{packageTests("plan")}})
	}
	inFleet := func(law int, guard, file, old, new string) {
		all = append(all, mutant{law, guard, file, old, new, []suite{packageTests("fleet")}})
	}
	rule := func(law int, name, judge string) {
		take(law, "the hold "+name, "plan/hold.go", "judge: "+judge+",", "judge: each(),")
	}

	const license = "plan/license.go"
	take(1, "license: it is for one droplet", license, `|| seen.ID != t.DropletID:`, `:`)
	take(1, "license: whose it is", license, `case !whose.Ours():`, `case false:`)
	take(1, "license: one of its makers", "fleet/ownership.go", `return Saga8(id) == saga8`, `return Saga8(id) != ""`)
	take(9, "license: protected since", license, `case seen.HasTag(fleet.ProtectTag) && !t.Shielded:`, `case false:`)
	take(9, "license: volumes attached since", license, `if !slices.Contains(t.Volumes, id) {`, `if false && !slices.Contains(t.Volumes, id) {`)
	take(9, "license: volumes that cannot be read since", license, `case seen.Unread.Has(fleet.UnreadVolumes) && !t.Unread:`, `case false:`)
	take(9, "volumes that cannot be read hold", "plan/hold_attached.go", `case d.seen.Unread.Has(fleet.UnreadVolumes):`, `case false:`)
	take(1, "tags that cannot be read say nothing of whose it is", "plan/newindex.go", "if d.Unread.Has(fleet.UnreadTags) {\n\t\treturn untagged", "if false {\n\t\treturn untagged")
	take(7, "no create beside a droplet whose tags cannot be read", "plan/hold_tags.go", `len(d.subject.untold) > 0`, `false`)
	take(9, "monitoring that shows no more is misread", "plan/compare.go", `if f.Stays && recorded == "true" {`, `if false {`)
	take(17, "license: the name is still undesired", license, `case desired && t.While == whileRemoved:`, `case false:`)
	take(17, "license: the spec is still desired", license, `return desired && spec.Hash() == t.SpecHash &&`, `return desired && spec.Hash() != "" &&`)
	take(17, "license: the rules are the same", license, ` && (t.Rules == nil || spec.Rules == *t.Rules)`, ``)
	take(17, "license: the fleet is the same", license, `if t.DropletID == 0 || f.Name != t.Fleet || l`, `if t.DropletID == 0 || l`)
	take(1, "license: none for what is held", "plan/licensing.go", `if d.Held || !d`, `if !d`)
	take(1, "license: makers are this journal's", "plan/licensing.go", `if b.makerOf(d.seen) != nil {`, `if true {`)
	take(1, "license: it names its droplet in the journal", license, `if t != nil && (t.DropletID <= 0 ||`, `if t != nil && (false && t.DropletID <= 0 ||`)

	take(17, "license: a rename that the plan did not go by spares nothing", license, `known := name == t.Heir && name != t.Name`, `known := false && name == t.Heir`)

	const whose = "fleet/ownership.go"
	take(1, "ours: the managed tag", whose, `case ours && managed:`, `case ours:`)
	take(1, "ours: the fleet's tag", whose, `case managed && o.Maker(tags) != "":`, `case managed:`)
	take(1, "ours: not another fleet's", whose, `case other != "":`, `case false:`)
	take(1, "a released droplet keeps its name", "plan/newindex.go", "if whose := s.owners.Of(d.Tags); !whose.Ours() {\n\t\treturn released", "if whose := s.owners.Of(d.Tags); false {\n\t\treturn released")
	take(1, "a token blind to tags", "plan/newindex.go", `s.blind = seen > 0 && tagged == 0`, `s.blind = false`)
	take(2, "droplets of live sagas are busy", "plan/newindex.go", "if s.busy[d.ID] {\n\t\treturn busy, \"\"", "if false {\n\t\treturn busy, \"\"")
	take(2, "droplets that show a live saga's tag", "plan/newindex.go", ` || s.madeByLive(d)`, ``)
	take(6, "absence from a listing is no proof", "plan/newindex.go", `} else if s.gone[record.DropletID] {`, `} else {`)
	take(7, "each droplet once", "plan/newindex.go", `if s.droplets[i].ID == s.droplets[i-1].ID {`, `if false {`)
	take(16, "an unknown saga tag proves nothing", whose, "!o.Made(tag):\n\t\t\treturn \"\"", "!o.Made(tag):")
	take(1, "the hold tags", "plan/hold_tags.go", `if b.blind {`, `if false {`)

	const decide = "plan/decide.go"
	take(2, "no plan for a name with a live saga", decide, `if x.live != nil {`, `if false {`)
	take(6, "no provision beside what is not proved gone", decide, `if h.state == gone {
			continue
		}
		occupied = true`, `if h.state != present {
			continue
		}
		occupied = true`)

	const adopt = "plan/adopt.go"
	take(5, "one droplet of each saga is kept", adopt, `oneOfEachSaga(b, withoutReplaced(x.untracked))`, `withoutReplaced(x.untracked)`)
	take(5, "of a saga's droplets the known one stays", adopt, `return d.ID == saga.DropletID`, `return false`)
	take(5, "of a pair the replacement stays", adopt, `withoutReplaced(x.untracked)`, `x.untracked`)
	take(5, "a pair in the making is left alone", adopt, `if awaited(b, x, x.untracked) {`, `if awaited(b, x, x.untracked) && false {`)
	take(5, "a duplicate stays until the kept one is active", adopt, `if kept.Status != fleet.StatusActive {`, `if false {`)
	take(5, "the registered duplicate stays", adopt, `if h := &x.holdings[i]; h.state == present && h.seen != kept {`, `if h := &x.holdings[i]; h.state == present {`)

	rule(9, "protect", `each(heldByProtect)`)
	rule(9, "volumes", `each(heldByVolumes)`)
	rule(9, "reserved_ip", `each(heldByReservedIP)`)
	rule(16, "origin", `overOrigin`)
	rule(9, "name_taken", `each(heldByNamesake)`)
	rule(9, "rename", `unlikeRename`)
	rule(9, "loop", `each(heldByLoop)`)
	rule(14, "stalled", `each(heldByStall)`)
	take(14, "the hold backoff", "plan/hold.go", `each(heldByBackoff, `, `each(`)
	take(14, "the hold backoff of what another tool changes back", "plan/hold.go", `, heldByContest)`, `)`)
	take(7, "the hold confirm: a second look at drift", "plan/hold.go", `each(heldByConfirm, `, `each(`)
	rule(9, "max_destroy", `overMaxDestroy`)
	rule(9, "max_droplets", `overMaxDroplets`)
	rule(9, "max_monthly_cost", `overMaxMonthly`)
	rule(9, "account_limit", `overAccountLimit`)
	rule(9, "preflight", `each(heldByPreflight)`)
	rule(2, "turn: one action per name", `outOfTurn`)
	const grant, facts = "fleet/grant.go", "plan/grant.go"
	inFleet(9, "an approval is for one kind of action", grant, `return g.Kind == need.Kind &&`, `return`)
	inFleet(9, "an approval is for one droplet", grant, ` && g.DropletID == need.DropletID`, ``)
	inFleet(9, "an approval is for one spec", grant, ` && g.Spec == need.Spec`, ``)
	inFleet(9, "an approval is for one rule", grant, ` && g.Rule == need.Rule`, ``)
	inFleet(9, "an approval is for the facts that were seen", grant, `if i == len(seen) || seen[i] != fact {`, `if false {`)
	take(9, "an approval lasts a day", facts, `now.Before(until) || `, `true || `)
	take(9, "an approval without a daemon is for that plan", "plan/builder.go", `if held && slices.Contains(b.recorded.Approved, b.plan.ID) {`, `if held && (slices.Contains(b.recorded.Approved, b.plan.ID) || len(b.recorded.Approved) > 0) {`)
	take(9, "a plan is named by the facts of its actions", "plan/id.go", `len(v.facts) > 0`, `false`)
	take(9, "an approval of what the file took back: destroys", facts, `g.Kind == string(Destroy) && keeps(desired, recorded.Records, g.DropletID)`, `false`)
	take(9, "an approval of what the file took back: specs", facts, `g.Spec != "" && !(wants && strings.HasPrefix(g.Spec, spec.Hash()))`, `false && (wants || spec.Name == strings.ToLower(g.Spec))`)
	take(9, "a reserved IP that was assigned since", license, `a.Kind == fleet.AttachedReservedIP && !slices.Contains(l.read().Addresses, a.ID)`, `false`)
	const rename, chain = "plan/hold_rename.go", "plan/renames.go"
	take(9, "a rename without was: of the same spec only", rename, `if !g.part && alikeButNamed(wants, g.records[0]) {`, `if !g.part && len(wants) > 0 {`)
	take(9, "a rename without was: the old group is gone", rename, `c.part = true`, ``)
	take(9, "a rename without was: the new group is new", rename, `d.Kind == Provision && !had[s.Group] {`, `d.Kind == Provision {`)
	take(9, "a rename without was: what stood there long ago is forgotten", rename, `(len(x.holdings)+len(x.untracked) > 0 || x.live != nil) {`, `(len(x.holdings)+len(x.untracked) > 0 || x.live != nil || x.hadDroplet()) {`)
	take(9, "a rename without was: a saga works on the old group", rename, `if x.spec != nil || x.heir != nil || ends {`, `if x.spec != nil || x.heir != nil || ends || x.live != nil {`)
	take(17, "a was that leads nowhere", rename, "if was == \"\" {\n\t\t\tcontinue", "if true {\n\t\t\tcontinue")
	take(17, "was follows a chain", chain, `names[fleet.Key(spec.Was)], given[fleet.Key(spec.Was)])`, `names[fleet.Key(spec.Was)])`)
	take(17, "was that is taken out too early", chain, `candidates = append(candidates, given[fleet.Key(spec.Name)])`, ``)
	inFleet(17, "the new name of a new name", "fleet/spec.go", `for _, name := range []string{r.Heir, r.Name} {`, `for _, name := range []string{r.Name} {`)
	take(17, "license: no later name by a chain", license, `names = append(names, record.Name, record.Heir)`, `names = append(names, record.Name)`)
	const taken = "plan/hold_nametaken.go"
	take(9, "name_taken: another fleet's does not count", taken, `By == fleet.Nobody`, `By != fleet.Ours`)
	take(9, "name_taken: not for a name that had a droplet", taken, ` || x.hadDroplet()`, ``)
	take(9, "no approval lifts protect", "plan/hold.go", `Name: "protect",`, `Name: "protect", Liftable: true,`)
	take(9, "protection is recorded, and sticky", "plan/hold_protect.go", `protected := d.record.Protect || tagged`, `protected := tagged`)
	take(9, "the tag protects a leftover, too", "plan/hold_protect.go", "if d.record == nil {\n\t\tif tagged {", "if d.record == nil {\n\t\tif false {")
	take(9, "protection is recorded at once", "plan/build.go", "\trecordProtection(b)\n", "")
	take(9, "protection follows a renamed group", "plan/hold_protect.go", `protected[fleet.Key(s.Was)] = true`, `_ = s.Was`)
	take(9, "protection follows a name given in the console", "plan/hold_protect.go", `protects = slices.ContainsFunc(shown[r.DropletID], func(name string) bool { return protected[fleet.Key(name)] })`, `_ = shown`)
	take(9, "a held replace holds the downtime", "plan/hold_turn.go", ` && (!r.Held || d.Alter.Downtime()) {`, ` && !r.Held {`)
	take(17, "license: the file protects the droplet", license, `case desired && spec.Protected():`, `case false:`)
	take(17, "license: the record protects the droplet", license, `case record != nil && record.Protect && !(desired && spec.Protect != nil):`, `case false:`)
	take(17, "license: only the file lifts what is recorded", license, `record.Protect && !(desired && spec.Protect != nil):`, `record.Protect:`)
	take(17, "license: the name that the droplet bears now", license, `return "it is in the fleet file under the name " + bears + ", which is its name now"`, ``)
	take(17, "license: a name that the plan knew of", license, ` && fleet.Key(bears) != fleet.Key(t.Bore) {`, ` {`)
	take(17, "license: a chain of renames", license, `names = append(names, record.Name, record.Heir)`, `_ = record`)
	const destroying, turn = "plan/hold_maxdestroy.go", "plan/hold_turn.go"
	take(9, "max_destroy counts live sagas", destroying, `planned+leave.live > limit`, `planned > limit`)
	take(9, "max_destroy counts corrections over time", destroying, `n++`, `n = 0`)
	take(9, "an approval lets more be corrected", destroying, "case saga.Approved():\n\t\t\tn = 0", "case saga.Approved():\n\t\t\tn++")
	take(9, "the last droplet is not destroyed unasked", destroying, `case d.Kind == Destroy && everything(leave.ends, d):`, `case false:`)
	take(9, "the whole fleet is not replaced unasked", destroying, `case d.Kind == Replace && policy.Percent && everything(leave.goes, d):`, `case false:`)
	const batches, groups, group = "plan/batch.go", "plan/groups.go", "plan/group.go"
	take(18, "a group keeps enough in service", batches, `if left < g.count-g.most() && (serves || !known) {`, `if left < 0 && (serves || !known) {`)
	take(18, "a group goes batch by batch", batches, `if more := map[bool]*int{true: &surge, false: &down}[surges]; *more > 0 {`, `if more := map[bool]*int{true: &surge, false: &down}[surges]; true {`)
	take(18, "the canary goes alone", batches, `most = g.rules.Canary`, `_ = g.rules.Canary`)
	take(18, "a batch waits for the one before", batches, `case bt.wait != "" || most == 0:`, `case most == 0:`)
	take(18, "what does not serve goes first", batches, `range inOrder(g)`, `range g.drafts`)
	take(18, "what is off may always be replaced", batches, `case d.seen.Status == fleet.StatusOff:`, `case false:`)
	take(18, "what a live saga takes down does not serve", groups, "if x.live != nil && (x.live.Kind != fleet.SagaUpdate || x.live.Downtime) {", "if false {")
	take(18, "what is off does not serve", groups, `return d.Status == fleet.StatusActive && `, `return `)
	take(18, "what does not pass its probe does not serve", groups, ` && (spec.Ready == nil || b.observed.Readiness.Passing(d.ID))`, ``)
	take(18, "a failure stops the rollout", group, `return g.progress.Stopped`, `return nil`)
	take(18, "a person pauses a rollout", "plan/hold_stopped.go", `case g.row.Phase == fleet.RolloutPaused:`, `case false:`)
	take(18, "an edit lifts a stop", group, `if g.row == nil || g.edited() {`, `if g.row == nil {`)
	take(18, "outside of the windows nothing is taken out of service", "plan/hold_window.go", `case !d.endsService():`, `case true:`)
	take(18, "an approval does not lift the window along", "plan/hold.go", ` && !h.Alone) {`, `) {`)
	take(9, "an approval lasts until the window closes", facts, `if until.After(day) {`, `if false {`)
	take(18, "a probe that nobody passes holds", "plan/hold_ready.go", `probed[group] == 0 || passing[group] > 0`, `probed[group] >= 0 || passing[group] > 0`)
	take(9, "a rollout is judged whole", destroying, `case g != nil && leave.whole[g] > limit:`, `case false:`)
	take(9, "a rollout that has begun is not judged again", destroying, `|| g != nil && agreed(g, d) {`, `{`)
	take(9, "only the droplet that was a member was agreed to", destroying, `return member && m.DropletID == d.DropletID`, `return member && m.DropletID > 0`)
	take(9, "unattended wants a probe", group, `return g.rules.Unattended && g.spec.Ready != nil && `, `return g.rules.Unattended && `)
	take(9, "what was approved with a rollout lasts as long", facts, ` || rolling[g.Plan] {`, ` {`)
	take(18, "a surplus stays until enough serve", "plan/draft.go", ` || d.Kind == Destroy && d.record != nil`, ``)
	take(18, "replaces take droplets down too", "plan/draft.go", `return d.Kind == Replace || d.Alter.Downtime()`, `return d.Alter.Downtime()`)
	take(9, "max_destroy counts replaces", "plan/action.go", `func (a Action) destroys() bool { return a.Kind == Destroy || a.Kind == Replace }`,
		`func (a Action) destroys() bool { return a.Kind == Destroy }`)
	take(9, "max_destroy 0 means none", "fleet/spec.go", `if !l.Percent || l.Value == 0 {`, `if !l.Percent {`)
	take(14, "three droplets for nothing, then stalled", "plan/hold_backoff.go", `if undone < stallAfter {`, `if undone <= stallAfter {`)
	take(14, "a backoff grows", "plan/hold_backoff.go", `firstBackoff<<min(failures-1, 10)`, `firstBackoff<<min(0*failures, 10)`)
	take(14, "a backoff ends at an hour", "plan/hold_backoff.go", `min(firstBackoff<<min(failures-1, 10), maxBackoff)`, `max(firstBackoff<<min(failures-1, 10), 0*maxBackoff)`)
	take(14, "a person does not wait for a backoff", "plan/hold_backoff.go", `if b.recorded.Hurry {`, `if false {`)

	take(1, "tags of others stay", "plan/compare.go", `return slices.Contains(was, e) && !slices.Contains(want, e)`, `return !slices.Contains(want, e)`)
	take(9, "drift is left alone where nobody says otherwise", "plan/compare.go", `case drifts != fleet.DriftReport && c.alters(`, `case c.alters(`)
	take(9, "no replace for drift where nobody says so", "plan/compare.go", `case drifts == fleet.DriftReplace && f.Change`, `case f.Change`)
	take(14, "a size is put back after the rest", "plan/hold_backoff.go", ` || saga.Downtime != d.Alter.Downtime()`, ``)
	take(9, "a disk that grows is another plan", "plan/action.go", `case a.Alter.GrowDisk:`, `case false:`)
	take(16, "what is renamed is known by its old name's tags", "fleet/bytags.go", `if s.Was != "" {`, `if false {`)
	take(9, "a disk that has grown takes another droplet", "plan/compare.go", `len(faultsOfResize(a, c.seen, c.catalogue)) == 0)`, `true)`)
	take(9, "what is not active yet is not altered", turn, `d.seen.Status == fleet.StatusNew && acts(d.Alter)`, `false`)
	take(16, "an adoption takes no tags off", "fleet/record.go", `if f.Kind == KindList {`, `if false {`)
	take(9, "who agreed to one way has not agreed to another", "plan/id.go", `d.while(), d.manner())`, `d.while(), "")`)
	take(13, "the room of a replace is kept for its second half", "plan/hold.go", `line, left := inLine(b),`, `line, left := slices.Clone(b.drafts),`)
	take(13, "the room of a replace is kept while it is made", "plan/hold_bounds.go", ` + b.destroyedFirst()`, ``)
	take(14, "three resizes for nothing, then stalled", "plan/hold_backoff.go", `d.Alter.Downtime() && count >= stallAfter`, `false`)
	take(9, "a replace in two halves is one", "plan/hold_backoff.go", `case same && (saga.Kind == fleet.SagaReplace || saga.Kind == fleet.SagaDestroy):`, `case same && saga.Kind == fleet.SagaReplace:`)
	take(2, "a renamed group waits for what is not clear", "plan/renames.go", `case unclear:`, `case unclear && false:`)
	take(2, "a renamed group waits for a live saga", "plan/renames.go", `case from.live != nil:`, `case false:`)
	take(17, "license: the name is not another's old one", license, `if s, ok := f.Heir(name); ok && name != "" {`, `if s, ok := f.Heir(name); ok && false {`)

	take(9, "a replace shows all that it brings", "plan/compare.go", `append(found.replace, found.along(wants)...)`, `found.replace`)
	take(9, "what comes along is no edit of the file", "plan/action.go", `c.Cause == CauseFile && !c.Along })`, `c.Cause == CauseFile })`)

	take(9, "keys that nobody can tell apart replace nothing", "plan/hold_preflight.go", `case d.keysUnsure:`, `case false:`)
	take(9, "one key twice is refused", "plan/hold_preflight.go", `c.Twice(s.SSHKeys); twice {`, `c.Twice(s.SSHKeys); twice && false {`)
	take(9, "a key by its fingerprint is the key by its id", "plan/compare.go", "if same {\n\t\tc.record(fieldKeys", "if same && false {\n\t\tc.record(fieldKeys")

	const pin = "plan/pin.go"
	take(10, "plan: the account", pin, `case recorded.Account != "" && recorded.Account != account.UUID:`, `case false:`)
	take(10, "plan: simulated is not real", pin, `case recorded.Account != "" && recorded.Simulated != account.Simulated:`, `case false:`)
	take(10, "plan: the fleet", pin, `case recorded.Fleet != "" && recorded.Fleet != desired.Name:`, `case false:`)
	take(10, "plan: the file's account", pin, `case desired.Account != "" && desired.Account != account.UUID:`, `case false:`)
	take(8, "an absent fleet is not an empty one", "plan/builder.go", `if desired.Name == "" {`, `if false {`)
	take(7, "an observation names its account", "plan/builder.go", `if observed.Account.UUID == "" {`, `if false {`)
	take(2, "a registered droplet is matched by its id", "plan/newindex.go", "x := of(record.Name)\n", "if h.seen != nil {\n\t\t\trecord.Name = h.seen.Name\n\t\t}\n\t\tx := of(record.Name)\n")
	return all
}
