// Package fleetfile reads fleet.yaml: it decodes and checks the file, expands its stanzas into droplets, and watches it.
//
// A file passes these stages, each in a file of its own:
//
//   - text: is it whole, readable text? UTF-8, no control characters, no merge conflict, not empty, not huge.
//   - parse: one YAML document, as nodes that know their line and column.
//   - decode: the nodes become stanzas. Every key is known and appears once, and every value has its form. The forms are one table
//     ([fleet.Fields] and this package's own), which [Schema] prints as the JSON Schema. A second table has the rules, which say
//     how a droplet may be changed. Mappings inside the file (ready, rollout, policy) each have a table of their members.
//   - expand: a stanza with a count becomes web-1 … web-n. No two droplets have, or had, the same name.
//
// A stage that finds problems continues as far as it makes sense, so that people see all of them at once: [Errors], each with its
// position and, if it helps, a hint.
//
// A stanza's value replaces the default of that name as a whole: lists are not merged. YAML anchors, aliases and merge keys work as
// usual, within bounds. user_data_file must name a file below the directory of the fleet file: more people may edit a fleet than
// may read the files of the host that runs it.
//
// [Watch] turns a path into a stream of [Version]s. File system events are only hints; what counts is the content, one hash over
// the fleet file and every user_data file. A version is sent when two reads of the content, a debounce apart, are the same, so a
// half-written file is never used. An unusable version carries an error, and changes nothing.
//
// [FetchedBeside] tells what `arcadiad pull` did last, where the path of the fleet file leads through its link.
//
// [Import] works in the other direction: it writes the file that describes existing droplets.
package fleetfile
