package fleet

// Ownership says whose a droplet is by its tags (law 1).
type Ownership int

const (
	Nobodys      Ownership = iota // no tag says that any arcadiad works on it
	OfThisFleet                   // arcadiad's tag and this fleet's, and no other fleet's
	OfOurSaga                     // arcadiad's tag, no fleet's, and no saga tag but those of this journal
	OfOtherFleet                  // another fleet's tag, whatever else it shows
	Stripped                      // this fleet's tag without arcadiad's: somebody took that off
	OfNoFleet                     // arcadiad's tag, and nothing that says which fleet's
)

// Ours reports whether this fleet may write to the droplet.
func (o Ownership) Ours() bool { return o == OfThisFleet || o == OfOurSaga }

// OwnershipOf tells whose a droplet is to a fleet. Made tells whether the saga with that tag is one of this journal that makes droplets.
func OwnershipOf(d *Droplet, fleet string, made func(saga8 string) bool) Ownership {
	managed := d.Managed()
	switch {
	case d.OfFleet(fleet) && managed:
		return OfThisFleet
	case d.OfFleet(fleet):
		return Stripped
	case len(d.Fleets()) > 0:
		return OfOtherFleet
	case !managed:
		return Nobodys
	}
	sagas := d.Saga8s()
	for _, saga8 := range sagas {
		if !made(saga8) {
			return OfNoFleet
		}
	}
	if len(sagas) == 0 {
		return OfNoFleet
	}
	return OfOurSaga
}
