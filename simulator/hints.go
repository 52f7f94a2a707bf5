package simulator

import "strings"

// Hints says how to point others at a simulator that listens under a URL such as http://127.0.0.1:8025.
func (s *Simulator) Hints(listenURL string) string {
	token := "any-token-will-do"
	if s.opts.Token != "" {
		token = "<the token it was started with>"
	}
	return strings.NewReplacer("{url}", strings.TrimRight(listenURL, "/"), "{token}", token).Replace(`The simulated DigitalOcean API is at {url}

  export DIGITALOCEAN_API_URL={url}
  export DIGITALOCEAN_ACCESS_TOKEN={token}

  arcadiad   arcadiad plan
  doctl      doctl compute droplet list          (or: doctl --api-url {url} ...)
  terraform  provider "digitalocean" { api_endpoint = "{url}" }
  curl       curl -H "Authorization: Bearer $DIGITALOCEAN_ACCESS_TOKEN" {url}/v2/droplets

Faults, while it runs:

  curl {url}/simulator/faults
  curl -X PATCH -d '{"tag_visible_after":"30s","cut_after_work":true,"chance":{"cut_after_work":0.2}}' {url}/simulator/faults
  curl -X PATCH -d '{"blank_reads":true}' {url}/simulator/faults
  curl -X PATCH -d '{"ready_after":"20s","never_ready":["web-3"],"bad_images":["debian-13-x64"]}' {url}/simulator/faults
  curl -d '{"route":"POST /v2/droplets","times":1,"do":"cut","after_work":true}' {url}/simulator/script
  curl {url}/simulator/requests
`)
}
