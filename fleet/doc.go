// Package fleet is the vocabulary of arcadiad: what is desired, what is recorded and what is seen.
//
//   - A [Fleet] is what the fleet file asks for: one [Spec] per droplet, and a [Policy].
//   - A [Record] is what arcadiad remembers having sent when it made or adopted a droplet. All records, sagas and decisions
//     together are [Recorded].
//   - A [Droplet] is what the DigitalOcean API shows. One whole, proved look at the account is [Observed].
//
// The three are compared field by field through one table, [Fields]: it says how a field reads in a spec, how it reads in a
// droplet (if the API gives it back at all), and what a change of it takes. The values compared are canonical strings
// ([Values]): lower case and sorted where the API does not care, hashed where they are secret or never given back.
//
// The package does no I/O and imports nothing but the standard library, so every room may speak it.
package fleet
