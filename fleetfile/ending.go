package fleetfile

import (
	"time"

	"arcadiad/fleet"

	"gopkg.in/yaml.v3"
)

// destroyKey is the key of a stanza that says how its droplets end.
const destroyKey = "destroy"

// endingTable has the keys under `destroy:`.
var endingTable = []member[fleet.Ending]{
	keyOf("shutdown", flagsFrom(true), "Whether the operating system is asked to shut down first.",
		func(e *fleet.Ending, yes bool) { e.Hard = !yes }),
	keyOf("snapshot", flags(), "Whether to take a snapshot before anything is lost. It stays, and is billed, until you delete it.",
		func(e *fleet.Ending, yes bool) { e.Snapshot = yes }),
	keyOf("keep", durations(0, fleet.MostKept, 0),
		"How long a droplet is kept, switched off and still billed, before it is destroyed: `arcadiad undo` brings it back until then; at most 720h.",
		func(e *fleet.Ending, length time.Duration) { e.Keep = length }),
}

func endingSchema() object {
	return membersSchema(endingTable, "How these droplets end, when they are destroyed or replaced.")
}

// ending reads how droplets end.
func (d *decoder) ending(n *yaml.Node) value {
	var e fleet.Ending
	_, ok := readMembers(d, n, destroyKey, endingTable, &e)
	return value{ok: ok, ending: e, at: n}
}
