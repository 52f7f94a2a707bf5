// Package fleet is the vocabulary of arcadiad: desired, recorded and observed state.
//
//   - A [Fleet] is what the fleet file asks for: one [Spec] per droplet, and a [Policy].
//   - A [Record] is what arcadiad sent when it created or adopted a droplet. [Recorded] is all records, sagas and decisions
//     together.
//   - A [Droplet] is what the DigitalOcean API shows. [Observed] is one whole, proved listing of the account.
//
// One table, [Fields], compares the three field by field. For each field it says how to read it from a spec and from a droplet (if
// the API returns it at all), and what a change of it needs. The compared values are canonical strings ([Values]): lower case and
// sorted if the API ignores case and order, hashed if they are secret or never returned.
//
// The package does no I/O and imports nothing but the standard library, so every package may use it.
package fleet
