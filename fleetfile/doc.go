// Package fleetfile reads fleet.yaml: it decodes and checks the file, expands its stanzas into droplets, and watches it.
//
// A file goes through these stations, each in a file of its own:
//
//   - text: is it whole, readable text? UTF-8, no control characters, no merge conflict, not empty, not huge.
//   - parse: one YAML document, as nodes that know their line and column.
//   - decode: the nodes become stanzas. Every key is known and appears once, every value has its form; the forms are one table
//     ([fleet.Fields] beside this package's own), and the JSON Schema of [Schema] is printed from the same table. The rules, which
//     say how a droplet may be changed, are another.
//   - expand: a stanza with a count becomes web-1 … web-n, and no two droplets have one name, nor had one.
//
// A station that finds problems goes on as far as it makes sense, so that a person sees all of them at once: [Errors], each with
// its place and, where it helps, a hint.
//
// A stanza's value stands in for the default of that name, whole: lists are not merged. YAML anchors, aliases and merge keys work
// as usual, within bounds. user_data_file names a file below the directory of the fleet file and never one outside it: more
// people may edit a fleet than may read the files of the host that runs it.
//
// [Watch] turns a path into a stream of [Version]s. Events of the file system are only hints; what counts is content, one hash
// over the fleet file and every user_data file. A version is given out once the content was read twice, a debounce apart, and
// was the same: a file half written is not seen. A version that cannot be used comes with an error, and changes nothing.
//
// [Import] goes the other way: it writes the file that describes droplets which are there already.
package fleetfile
