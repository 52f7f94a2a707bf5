// Package inventory is the read side: it finds out what is there, and how sure that is.
//
// [Inventory.Observe] is one whole look at the account: every page, the GPU droplets and the account itself, or an error. It is
// what a plan is made from. What the listing lacks although it is known is asked for by id; only a 404 beside a healthy answer of
// the pinned account proves that a droplet is gone (laws 6 and 7).
//
// [Inventory.Look] is for those who wait for one droplet: sagas. All that are waiting share one poll: at each tick the inventory
// either asks for each of them by itself or lists the account once, whichever takes fewer requests. A look that failed says so;
// only looks that were answered count for anything.
//
// [Inventory.Explain] asks a droplet's actions who changed it, when there is nothing else to do.
package inventory
