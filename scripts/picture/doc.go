// Command picture takes the picture of the status page that the README shows. It runs arcadiad against its simulated account, has the fleet
// file edited as people do, and photographs the page in Chromium while a rollout is under way.
//
//	go run ./scripts/picture bin/arcadiad docs/status-page.png
package main
