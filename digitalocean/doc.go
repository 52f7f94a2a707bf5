// Package digitalocean speaks to the DigitalOcean API v2, and is the only room that does.
//
// An [API] is one account behind one token. Its [Client]s differ only in priority; all their requests share one [Budget]:
//
//	caller -> Client -> queue by priority -> slot -> gate -> intent -> gate -> wire -> answer teaches the Budget
//
// The [Budget] knows both rate limits (an hour and a minute), leaves a share of them to people, and hands out slots: sagas before
// polls, polls before the sync, first come first served within each. A request keeps its place until it goes or its context ends.
//
// A write (create, destroy, tag, untag, delete tag) also has to pass the gate. It starts closed, [Budget.Writes] opens and closes
// it, and it only ever lets a token through which /v2/account answered for ([Client.Account]), with the account that writes are
// pinned to ([API.Pin]). The caller's intent runs when the write holds its slot, and nothing but the wire is left before it; the
// gate is asked again after that.
//
// A write ends in one of four ways, and [Error.Kind] says which (docs/digitalocean-api.md, "Unknown outcomes"):
//
//   - done: no error.
//   - rejected: a clean 4xx. Nothing happened. All kinds but the two below.
//   - [NotSent]: not a byte left this machine; it may be sent again at once.
//   - [Unknown]: 5xx, 408, a cut, a timeout, an answer that cannot be read, a redirect. It may have happened. See [Uncertain].
//
// Nothing here sends a write twice: there are no retries, redirects are not followed, and no header invites the transport to
// replay. A read that got no usable answer is [Unavailable]; whether to ask again is the caller's choice.
//
// Droplets are read from the answer's bytes, and [fleet.Droplet.Data] is the object exactly as it came. The library godo builds the
// requests and reads the error bodies; its droplet type drops fields, and is not used.
package digitalocean
