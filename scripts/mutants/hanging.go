package main

// hanging are the guards of what follows a name.
func hanging() []mutant {
	var all []mutant
	take := func(law int, guard, file, old, new string, tests ...suite) {
		all = append(all, mutant{law, guard, file, old, new, tests})
	}
	steps, build := suite{pkg: "./provision", run: "TestLaw20"}, suite{pkg: "./plan", run: "TestLaw20|TestLaw09"}

	const address = "provision/address.go"
	take(20, "an address is not taken from a stranger", address, `case m.w.ownership(seen[0]).Ours():
		return nil`, `case true:
		return nil`, steps)
	take(20, "an address that somebody has moved stays there", address, `if m.noted {
		return elsewhere`, `if m.noted && m.ip == "" {
		return elsewhere`, steps)
	take(20, "where an address was is journaled", address, `m.note(at)
`, ``, steps)
	take(20, "an address goes back", "provision/provision.go", `addressing.assign, addressing.unassign)`, `addressing.assign, nil)`, steps)
	take(20, "one address at a time", address, `case m.to == 0 && at != 0 && at != m.from: // it is another droplet's by now`, `case false:`, steps)
	take(20, "an assignment that errored is none", address, `case got.Status == digitalocean.ActionErrored:`, `case false:`, steps)
	take(20, "an address that is gone is not waited for", address, `m.lacking >= addressLooks`, `m.lacking < 0`, steps)
	take(20, "an address is believed to be gone after a while", address, `m.lacking >= addressLooks && time.Since(m.lacked) >= m.p.o.Visibility`,
		`m.lacking >= addressLooks`, steps)
	take(20, "what comes late goes back too", address, `case m.to == 0 && at != 0 && at != m.from:`, `case m.to == 0 && at != m.from:`, steps)
	take(20, "a droplet that is gone gets no address back", address, `if to == 0 || err != nil {
		return err`, `if to = w.DropletID; err != nil {
		return err`, steps)
	take(20, "an address that the file gave away is not waited for", address, `p.given(w) != ip {`, `p.given(w) == "-" {`, steps)
	take(20, "an address that the file gave away is not taken back", address, `if p.follows(run, w) != ip {`, `if p.follows(run, w) == "-" {`, steps)
	take(20, "the old droplet stays while it has the address", "provision/service.go", `case a.DropletID == old:`, `case a.DropletID == old && a.IP == "":`, steps)
	take(20, "an address that comes in the middle of a replace is not left", "provision/destroy.go", `ip != "" && ip != w.Address {`, `ip == "-" {`,
		suite{pkg: "./daemon", run: "TestLaw20"})
	take(20, "a list from before a move is not believed", "inventory/attachments.go", `k.at.UnixNano() <= i.offers.moved.Load()`, `false`, steps)

	undo := suite{pkg: "./provision", run: "Undo"}
	take(17, "what comes back is still desired", "provision/file.go", `if _, ok := desired.Spec(w.Name); !ok {
		return saga.Supersede(w.Name + " is no longer in the fleet file: what`, `if false {
		return saga.Supersede(w.Name + " is no longer in the fleet file: what`, undo)
	take(1, "what is gone is not brought back", "provision/restore.go", `if errors.Is(err, errGone) {
		return saga.Supersede(fmt.Sprintf("droplet %d is gone, so`, `if false {
		return saga.Supersede(fmt.Sprintf("droplet %d is gone, so`, undo)
	take(9, "what comes back is not changed again", "reconcile/rollouts.go", `if group == "" {`, `if group != "" {`, suite{pkg: "./daemon", run: "TestUndoOf"})

	take(20, "an undo leaves another name's address", "plan/undo.go", `if ip == "" || goesTo(b, ip, x) != "" {`, `if ip == "" {`, build)
	take(20, "an undo takes no address of another region", "plan/undo.go", `a.Region == "" || strings.EqualFold`, `true || strings.EqualFold`, build)
	take(5, "an undo makes no two of one", "plan/undo.go", `if registers(x) {`, `if false {`, packageTests("plan"))
	take(13, "an undo that goes back looks more than once", "provision/transfer.go", `	d, err := p.looks(run).present(ctx, id, p.o.Visibility)
	if err != nil {
		return back(run, err)`, `	d, err := p.looks(run).present(ctx, id, 0)
	if err != nil {
		return back(run, err)`, undo)
	take(6, "what is kept may show again", "state/tables/quarantine.go", `q.until < ? AND EXISTS`, `(TRUE OR q.until < ?) AND EXISTS`, packageTests("state/sqlite"))
	take(6, "what is kept is proved gone like what is recorded", "inventory/absent.go", `for _, q := range recorded.Quarantine {
		note(`, `for _, q := range recorded.Quarantine[:0] {
		note(`, suite{pkg: "./daemon", run: "TestLaw06WhatIsKept"})
	take(16, "an older database puts nothing back", "plan/newindex.go", `return isolated, ""`, `return present, ""`, packageTests("plan"))
	take(18, "what goes back leaves enough in service", "plan/back.go", `x.serves && left < g.count-g.most()`, `x.serves && left < -g.most()`, packageTests("plan"))

	const compare = "plan/address.go"
	take(20, "a stranger's address is not corrected", compare, `(a.DropletID == 0 || b.ofFleet(a.DropletID))`, `true`, build)
	take(20, "a stranger's address is not planned for", compare, `a.DropletID != d.DropletID && !b.ofFleet(a.DropletID):`, `false:`, build)
	take(20, "an address that somebody assigned is not taken off", compare, `d.record.Values[fleet.FieldReservedIP] != instead {`, `false {`, build)
	take(20, "an address of another region is not planned for", compare, `a.Region != "" && !strings.EqualFold(a.Region, region):`, `a.Region == "" && strings.EqualFold(a.Region, region):`, build)
	take(20, "an address does not move to a droplet of another region", compare, `region = d.seen.Region`, `region = d.Spec.Region`, build)
	take(20, "what cannot be read is not assigned", compare, `case !known:
		fault(`, `case !known && ip == "":
		fault(`, build)
	take(20, "what was told of an address is told while it cannot be read", compare, `unread: b.observed.Attachments != nil,`, `unread: false,`, build)
	take(9, "an address that is to move moves first", "plan/hold_turn.go", `if to := goesTo(b, ip, d.subject); to != "" {`, `if to := goesTo(b, ip, d.subject); to == "-" {`, build)
	take(9, "an address without another name holds", "plan/hold_attached.go", `if goesTo(b, ip, d.subject) == "" {`, `if false {`, build)
	return all
}
