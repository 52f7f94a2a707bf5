// Package provision is the write side: the sagas that create, adopt, update and destroy droplets, and their steps.
//
//	ProvisionDroplet  CreateDroplet, WaitDropletActive, AssignProject, WaitDropletReady, AssignAddress, RegisterDroplet
//	ReplaceDroplet    the same, then DrainDroplet, ShutdownDroplet, SnapshotDroplet and DestroyDroplet (of the old one)
//	DestroyDroplet    DrainDroplet, ShutdownDroplet, SnapshotDroplet, DestroyDroplet (or QuarantineDroplet)
//	PurgeDroplet      DestroyDroplet (of a droplet that was kept)
//	AdoptDroplet      RegisterDroplet (of a droplet that exists)
//	UpdateDroplet     ProtectDroplet, RetagDroplet, RenameDroplet, SwitchBackups, EnableIPv6, AssignAddress, DrainDroplet,
//	                  PowerOffDroplet, ResizeDroplet, PowerOnDroplet, UndrainDroplet, RecordDroplet; all but the last only if needed
//	ClaimDroplet      TagDroplet, RegisterDroplet (of an unmanaged droplet that a person named)
//	ReleaseDroplet    UntagDroplet, ForgetDroplet (gives it back)
//	RestoreDroplet    RetagDroplet, AssignAddress, UntagDroplet (of the successor), RegisterDroplet, PowerOnDroplet,
//	                  WaitDropletReady (brings back what is kept)
//
// DigitalOcean has no idempotency key, names may repeat, and a listing may lag by minutes. So a create is a protocol: the intent is
// journaled when the request has its slot, and the request is sent once. If its answer is lost, the step looks for the droplet by the
// saga's tag and by name over the settle time, before it sends the request again ([Options.Settle]; laws 3 and 4).
//
// An existing droplet is updated by actions, each of which names its target state. The droplet's state decides whether an action is
// sent at all, and whether it is sent again. The state as found is journaled with the intent, for the compensation.
//
// AssignProject is part of a saga whose file names a project, WaitDropletReady of one whose file has a probe, DrainDroplet of one whose
// droplet leaves a load balancer by its tags, and ShutdownDroplet unless the file says that the operating system is not asked.
// SnapshotDroplet is one where the file asks for a snapshot:
// without it nothing is destroyed. QuarantineDroplet stands in for DestroyDroplet where the droplet is kept for a while: off, out of its user
// tags, and under no name. PurgeDroplet destroys it later.
// AssignAddress is part of a saga whose name has a reserved IP: where that was is journaled before it moves, so that going back moves it
// back, and it is taken from nobody but a droplet of this fleet (law 20).
//
// A droplet is taken out of service before its successor is there, by a resize or a destroy, only while enough of its group serves without
// it: by a fresh look, by fresh probes and by what the other sagas take ([service], law 18). An old droplet goes when the new one serves.
//
// Tags outlive their droplets. A [Sweeper] deletes the tags of sagas a week after they ended.
//
// One function destroys droplets, demolish. It needs a license: a plan's, or a saga's own for a droplet that it created itself. It looks
// at the droplet first (law 1).
//
// A file uses only those below it:
//
//	provision.go                 the sagas and their steps
//	draft.go                     the saga that carries out an action of a plan
//	uncreate.go create.go        CreateDroplet: send, look for a droplet whose answer is lost, compensate
//	wait.go                      WaitDropletActive
//	ready.go                     WaitDropletReady
//	project.go                   AssignProject
//	restore.go                   the steps of RestoreDroplet
//	register.go                  RegisterDroplet, RecordDroplet
//	address.go                   AssignAddress
//	quarantine.go                QuarantineDroplet
//	shutdown.go snapshot.go      ShutdownDroplet, SnapshotDroplet
//	destroy.go                   DestroyDroplet, and the one function that destroys
//	power.go                     PowerOffDroplet, PowerOnDroplet
//	drain.go                     DrainDroplet, UndrainDroplet
//	actions.go alter.go          updates by actions of the API
//	transfer.go                  TagDroplet, UntagDroplet, ForgetDroplet
//	protect.go retag.go          updates by tags
//	service.go                   law 18: what may leave, and whether a replacement stands
//	members.go                   the droplets of the fleet, and whether they pass their probes
//	look.go                      looks at the account
//	steps.go                     what all steps share
//	file.go                      what the fleet file asks for now
//	made.go                      which droplets are the saga's, or this fleet's
//	errors.go                    what errors mean to a saga
//	work.go                      what sagas journal
//	options.go
//	sweep.go                     the tags that sagas leave behind
package provision
