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
// A living droplet is altered by actions that name the state that they lead to. What the droplet shows decides whether one
// is sent at all, and whether it is sent again; how the droplet was found is journaled with the intent, for the way back.
//
// Tags outlive their droplets. What sagas leave behind in that way, a [Sweeper] takes away a week after they ended.
//
// A droplet is destroyed in one function, demolish. It wants a license: that of a plan, or a saga's own for what it made itself; and it
// looks at the droplet first (law 1).
//
// A file uses only those below it:
//
//	provision.go                     the sagas and their steps
//	draft.go                         the saga that carries out an action of a plan
//	create.go uncreate.go settle.go  CreateDroplet: sending it, going back, looking for what was not answered
//	wait.go                          WaitDropletActive
//	register.go record.go            RegisterDroplet, RecordDroplet
//	destroy.go demolish.go           DestroyDroplet, and the one function that destroys
//	power.go actions.go alter.go     what is altered by actions of the API
//	transfer.go                      TagDroplet, UntagDroplet, ForgetDroplet
//	retag.go protect.go tags.go      what is altered by tags
//	lost.go look.go                  looks at the account
//	steps.go                         what all steps share
//	file.go                          what the fleet file asks for now
//	made.go                          which droplets are the saga's, or this fleet's
//	errors.go                        what errors mean to a saga
//	work.go                          what is journaled
//	options.go
//	sweep.go                         the tags that sagas leave behind
package provision
