// Package provision is the write side: the sagas that make, adopt, alter and destroy droplets, and their steps.
//
//	ProvisionDroplet  CreateDroplet, WaitDropletActive, RegisterDroplet
//	ReplaceDroplet    CreateDroplet, WaitDropletActive, RegisterDroplet, DestroyDroplet (of the old one)
//	DestroyDroplet    DestroyDroplet
//	AdoptDroplet      RegisterDroplet (of a droplet that exists)
//	UpdateDroplet     ProtectDroplet, RetagDroplet, RenameDroplet, SwitchBackups, EnableIPv6, PowerOffDroplet, ResizeDroplet,
//	                  PowerOnDroplet, RecordDroplet; of all but the last only those that it needs
//	ClaimDroplet      TagDroplet, RegisterDroplet (of a droplet that was nobody's, by a person's word)
//	ReleaseDroplet    UntagDroplet, ForgetDroplet (gives it back)
//
// DigitalOcean has no idempotency key, names may repeat, and a listing may lag by minutes. So a create is a protocol: the intent is
// journaled when the request has its slot, the request is sent once, and an answer that did not come is looked for, by the saga's
// tag and by name, over the settle time, before anything is sent again ([Options.Settle]; laws 3 and 4).
//
// A living droplet is altered by actions that name the state that they lead to (alter.go). What the droplet shows decides whether one
// is sent at all, and whether it is sent again; how the droplet was found is journaled with the intent, for the way back.
//
// Tags outlive their droplets. What sagas leave behind in that way, a [Sweeper] takes away a week after they ended.
//
// A droplet is destroyed in one function, [Droplets.demolish]. It wants a license: that of a plan, or a saga's own for
// what it made itself; and it looks at the droplet first (law 1).
package provision
