// Package simulator is DigitalOcean's v2 API in memory: a demo account for people, and the server that the tests run against.
//
// # The model
//
// A [Simulator] is an [net/http.Handler]. It serves one [Account] to every bearer token, or further ones to the tokens that
// [Simulator.AddAccount] names. An account holds droplets, actions, tags, keys, images, snapshots, volumes and VPCs, reserved
// IPs, firewalls, load balancers, certificates, domains and projects, all under one mutex.
//
// The simulator has no goroutines and no timers. Later events (a droplet becomes active, its tags show, a DELETE takes effect)
// are in a queue by time, and each request and each peek first plays those that are due. So the simulator behaves the same under the
// real clock and in a testing/synctest bubble, and an account read from a file continues where it stopped.
//
// What is true and what is shown differ, as they do at DigitalOcean. The peeks ([Account.Droplets] and others) return the truth at
// once; the API shows it with the lags of [Faults]. The peeks that write are the "console user": somebody who changes droplets
// in the console.
//
// # The path of a request
//
// Each request is counted, runs the Before hook, may fail before its work (refused, cut, answered by an error), is authenticated, is
// charged to the token's rate limits, does its work under the mutex, is saved if the account has a file, runs the After hook, and
// may fail after its work (the answer cut, truncated, replaced by a 500). A request whose context ends in the Before hook does no
// work; one whose context ends in the After hook has done it and loses the answer.
//
// There are two kinds of faults. [Faults] are settings that stay, each certain or with a probability. The seed decides for each subject,
// so that the order of concurrent requests does not matter. [Simulator.Script] is exact: the next n requests of a route get an
// [Effect]. Both can change while it runs: in Go by SetFaults and Script, over HTTP by PUT or PATCH /simulator/faults and POST
// /simulator/script, which the real API does not have.
//
// Reads of droplets can be wrong while everything else works: a blank replica (blank_reads) or one that is minutes behind (reads_behind),
// droplets hidden from lists or from GET (hidden_from_lists, hidden_from_get), members that are null, missing or empty (members), a
// wrong status or wrong features (shown_off, features_lack_backups), and wrong numbers (total_moves, tag_count_off). Answers can say an
// earlier time than it is (clock_behind). Droplets are named by id or by name, and all of them by "*":
//
//	curl -X PATCH -d '{"blank_reads":true}' http://127.0.0.1:8025/simulator/faults
//	curl -X PATCH -d '{"hidden_from_lists":["web-1"],"hidden_from_get":["web-1"]}' http://127.0.0.1:8025/simulator/faults
//	curl -X PATCH -d '{"members":[{"name":"features","as":"null","droplet":"web-1"}]}' http://127.0.0.1:8025/simulator/faults
//
// # Droplets that serve
//
// A droplet serves once it is active and has its addresses, until it is off or destroyed. Faults let it serve late (ready_after), only
// for a while (ready_for), or not at all (never_ready, bad_images); each boot is decided anew. [Account.Serves] is the truth.
// A reserved IP leads to the droplet that has it. [Simulator.Dial] connects to what serves, in the process; [DialThrough] does so for an account that another process serves, and
// [Simulator.OpenPorts] opens real sockets on loopback. The fault unreachable cuts callers off from droplets that serve.
//
//	curl -X PATCH -d '{"ready_after":"20s","never_ready":["web-3"]}' http://127.0.0.1:8025/simulator/faults
//
// # Transport
//
// [Simulator.Transport] carries requests to the same handler in the process, without sockets, and fails as net/http fails: a
// refused connection is a dial error, a cut one an io.EOF, a truncated body an io.ErrUnexpectedEOF, an ended context its cause.
//
// # Fidelity
//
// The simulator follows docs/digitalocean-api.md, and comments cite its sections. Texts of 422 answers are the real ones if known.
// If nothing is known: lists are newest first, per_page beyond 200 counts as 200, tag_name finds GPU droplets too, a 202 shows the
// tags unless they are late, and refused requests do not count against the rate limits.
package simulator
