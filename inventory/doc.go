// Package inventory is the read side: it finds out what exists, and how certain that is.
//
// [Inventory.Observe] observes the whole account: every page, the GPU droplets and the account itself, or an error. Plans are
// built from it. It asks by id for known droplets that the listing lacks; only a 404 beside a healthy answer of the pinned account
// is proof that a droplet is gone (laws 6 and 7).
//
// [Inventory.Look] serves sagas that wait for one droplet. All of them share one poll: at each tick the inventory either asks for
// each droplet by itself or lists the account once, whichever takes fewer requests. A failed look says so; only answered looks count.
//
// [Inventory.Probe] asks droplets themselves whether they serve, by a probe of their own address. It costs no API request and writes
// nothing. [Inventory.AnsweredBeside] tells whether this host's network can be trusted when a droplet does not answer.
//
// [Inventory.Explain] asks a droplet's actions who changed it, when there is nothing else to do.
package inventory
