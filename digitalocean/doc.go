// Package digitalocean is the client of the DigitalOcean API v2; no other package calls the API.
//
// An [API] is one account behind one token. Its [Client]s differ only in priority; all their requests share one [Budget]:
//
//	caller -> Client -> queue by priority -> slot -> gate -> intent -> gate -> wire -> the Budget learns from the answer
//
// The [Budget] knows both rate limits (per hour and per minute), leaves a share of them to people, and grants slots: sagas before
// polls, polls before the sync, first come first served within each. A request keeps its place until it is sent or its context ends.
//
// A write (create, destroy, tag, untag, delete tag) also has to pass the gate. The gate starts closed, and [Budget.Writes] opens and
// closes it. It passes a token only after /v2/account answered to that token ([Client.Account]), with the account that writes are
// pinned to ([API.Pin]). The caller's intent runs when the write has its slot, directly before the wire; then the gate is asked again.
//
// A write ends in one of four ways, and [Error.Kind] says which (docs/digitalocean-api.md, "Unknown outcomes"):
//
//   - done: no error.
//   - rejected: a clean 4xx. Nothing happened. All kinds except the two below.
//   - [ErrNotSent]: not a byte left this machine; it may be sent again at once.
//   - [ErrUnknown]: 5xx, 408, a cut, a timeout, an unreadable answer, a redirect. It may have happened. See [Uncertain].
//
// The package never sends a write twice: it does not retry, it does not follow redirects, and no header lets the transport replay a
// request. A read without a usable answer is [ErrUnavailable]; the caller decides whether to ask again.
//
// Droplets are read from the answer's bytes, and [fleet.Droplet.Data] is the object exactly as received. The library godo builds the
// requests and reads error bodies; its droplet type drops fields, and is not used.
package digitalocean
