package daemon

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/fleet"
	"arcadiad/simulator"
)

func TestAccidentListings(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]simulator.Faults{
		"an empty list": {ListHides: true},
		"half a list":   {ListHides: true, Chance: map[string]float64{"list_hides": 0.5}},
	} {
		t.Run(name, func(t *testing.T) {
			onScene(t, simulator.Options{Seed: 3}, func(s *scene) {
				s.sim.SetFaults(f)
				s.linger()
				s.unharmed()
				s.says("the account's listing leaves out droplets that answer by id", "nothing is concluded from it")
				s.edit(fleetOf("name: db", "name: web, count: 3")) // a restart sees no more
				s.stop()
				s.start()
				s.linger()
				s.sim.SetFaults(simulator.Faults{})
				s.mended(0)
			})
		})
	}
}

func TestAccidentARenamedFleet(t *testing.T) {
	t.Parallel()
	onScene(t, simulator.Options{Activation: time.Minute}, func(s *scene) {
		good := s.file
		s.edit(strings.Replace(fleetOf("name: other"), "fleet: test", "fleet: tset", 1))
		s.linger()
		s.unharmed()
		s.says("the state database belongs to fleet test, and the fleet file is for fleet tset", "use another --state, or correct `fleet:`")
		s.edit(good)
		s.mended(0)

		// The same while a droplet is being made: it is neither taken back nor doubled.
		grown := fleetOf("name: db", "name: web, count: 4")
		s.edit(grown)
		time.Sleep(20 * time.Second)
		s.mark()
		s.edit(strings.Replace(grown, "fleet: test", "fleet: tset", 1))
		s.linger()
		s.unharmed()
		s.edit(grown)
		s.mended(0)
	})
}

func TestAccidentMergeMarkers(t *testing.T) {
	t.Parallel()
	onScene(t, simulator.Options{}, func(s *scene) {
		good := s.file
		s.edit(strings.Replace(good, "  - {name: web, count: 3}\n", "<<<<<<< HEAD\n  - {name: web, count: 1}\n=======\n>>>>>>> feature\n", 1))
		s.linger()
		s.unharmed()
		s.says("the last good version stays in force", "<<<<<<<")
		s.stop()
		s.start()
		s.linger()
		s.unharmed()
		s.says("no fleet file is in force: sagas continue, but nothing new is planned")
		s.edit(good)
		s.mended(0)
	})
}

func TestAccidentAnotherTeamsToken(t *testing.T) {
	t.Parallel()
	onScene(t, simulator.Options{}, func(s *scene) {
		theirs := s.sim.AddAccount("dop_v1_theirs")
		theirs.Add(simulator.Droplet{Name: "web-1", Tags: []string{fleet.ManagedTag, fleet.FleetTag("test")}})
		s.token.Store("dop_v1_theirs")
		s.edit(fleetOf("name: web, count: 5"))
		s.linger()
		s.unharmed()
		if n := len(theirs.Droplets()); n != 1 {
			t.Errorf("the other team has %d droplets", n)
		}
		s.says("the state database belongs to account "+s.sim.TeamUUID(), "the token to account "+theirs.TeamUUID(), "use the token of the first, or another --state")
		s.token.Store("dop_v1_test")
		s.mended(3) // web-4, web-5, and the end of db
	})
}

func TestAccidentMissingScopes(t *testing.T) {
	t.Parallel()
	for scope, words := range map[string][]string{
		"tag:read":     {"held by tags", "give it the scope tag:read"},
		"account:read": {"forbidden", "the token may lack a scope; this needs account:read"},
		"droplet:read": {"forbidden", "this needs droplet:read"},
	} {
		for _, lost := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, database lost: %v", scope, lost), func(t *testing.T) {
				onScene(t, simulator.Options{}, func(s *scene) {
					s.stop()
					if lost {
						s.loseDatabase()
						words = []string{"the token may lack a scope", scope}
					}
					s.sim.SetFaults(simulator.Faults{WithoutScopes: []string{scope}})
					s.file = fleetOf("name: web, count: 4")
					s.start()
					s.linger()
					s.unharmed()
					s.says(words...)
					s.sim.SetFaults(simulator.Faults{})
					if !lost { // what nothing but a tag tells of is not destroyed unasked (law 16)
						s.mended(2)
					}
				})
			})
		}
	}
}

// The token is exchanged while a droplet is being made and another destroyed.
func TestAccidentATokenSwappedWhileSagasRun(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		exchange func(s *scene)
		words    string
	}{
		"another team's": {func(s *scene) { s.sim.AddAccount("dop_v1_theirs"); s.token.Store("dop_v1_theirs") }, "use the token of the first"},
		"a revoked one":  {func(s *scene) { s.sim.Revoke("dop_v1_test") }, "check that the token is complete, not expired and not revoked"},
		"none":           {func(s *scene) { s.token.Store("") }, "no token: it is empty; give one by --token-file"},
	} {
		t.Run(name, func(t *testing.T) {
			onScene(t, simulator.Options{Activation: time.Minute}, func(s *scene) {
				s.sim.SetFaults(simulator.Faults{DeleteLag: time.Minute})
				s.edit(fleetOf("name: web, count: 4"))
				time.Sleep(20 * time.Second)
				begun := s.sim.Writes() - s.writes
				c.exchange(s)
				s.linger()
				if n := s.sim.Writes() - s.writes; n != begun {
					t.Errorf("%d writes without the right token", n-begun)
				}
				s.says(c.words)
				if name == "a revoked one" {
					s.sim.Restore("dop_v1_test")
				}
				s.token.Store("dop_v1_test")
				s.mended(2)
			})
		})
	}
}

// A token that is rotated for another of the same account is found out before anybody has to act.
func TestARotatedTokenCarriesOn(t *testing.T) {
	t.Parallel()
	onScene(t, simulator.Options{Activation: 30 * time.Second}, func(s *scene) {
		s.token.Store("dop_v1_fresh")
		s.edit(fleetOf("name: db", "name: web, count: 5"))
		time.Sleep(time.Minute)
		synctest.Wait()
		s.mended(2)
	})
}

func TestAccidentTheManagedTagDeleted(t *testing.T) {
	t.Parallel()
	for _, lost := range []bool{false, true} {
		t.Run(fmt.Sprintf("database lost: %v", lost), func(t *testing.T) {
			onScene(t, simulator.Options{}, func(s *scene) {
				s.sim.DeleteTag(fleet.ManagedTag)
				if lost {
					s.stop()
					s.loseDatabase()
					s.start()
				}
				s.edit(fleetOf("name: web, count: 3"))
				s.linger()
				s.unharmed()
				if lost {
					s.says("held by tags", "put that tag back on it")
				} else {
					s.says("arcadiad's tags are gone from it; put them back", "it does not show the tag "+fleet.ManagedTag)
				}
				s.file = fleetOf("name: db", "name: web, count: 3")
				for _, d := range s.before {
					if d.HasTag(fleet.FleetTag("test")) {
						s.sim.Tag(d.ID, fleet.ManagedTag)
					}
				}
				s.edit(s.file)
				s.mended(0)
			})
		})
	}
}

func TestAccidentChangedInTheConsoleThenInTheFile(t *testing.T) {
	t.Parallel()
	onScene(t, simulator.Options{}, func(s *scene) {
		db := s.sim.Named("db")[0]
		s.sim.Rename(db.ID, "database")
		s.sim.Resize(s.sim.Named("web-1")[0].ID, "s-2vcpu-2gb")
		s.linger()
		s.unharmed()
		s.says("Drift: changed outside arcadiad, and left alone", "name: db → database", "size: s-1vcpu-1gb → s-2vcpu-2gb")
		s.edit(fleetOf("name: database", "name: web-1, size: s-2vcpu-2gb", "name: web-2", "name: web-3"))
		s.mended(0)
		if now := s.sim.Named("database"); len(now) != 1 || now[0].ID != db.ID {
			t.Errorf("the database is %+v, and was %+v", now, db)
		}
	})
}

func TestAccidentVolumesAttached(t *testing.T) {
	t.Parallel()
	onScene(t, simulator.Options{}, func(s *scene) {
		s.sim.AttachVolume(s.sim.Named("db")[0].ID)
		s.edit(fleetOf("name: web, count: 3"))
		s.linger()
		s.unharmed()
		p := s.life.h.loop.Last().Outcome.Pass.Plan
		s.says("held by volumes: a volume is attached to it", "keeps_monthly=$6.00", "arcadiad approve "+p.ID)
		s.must(s.life.h.approve(context.Background(), p.ID))
		s.mended(1)
	})
}

func TestAccidentThreeHundred(t *testing.T) {
	t.Parallel()
	const typo = "name: web, count: 300"
	t.Run("policy", func(t *testing.T) {
		onScene(t, simulator.Options{}, func(s *scene) {
			s.edit(strings.Replace(fleetOf("name: db", typo), "max_destroy: 100%", "max_destroy: 100%, max_droplets: 6", 1))
			s.linger()
			if n := len(s.sim.Droplets()); n != 7 {
				t.Errorf("%d droplets beside a limit of 6 and one of somebody else's", n)
			}
			s.says("held by max_droplets", "policy.max_droplets allows 6")
			s.allThere()
		})
	})
	t.Run("account", func(t *testing.T) {
		onScene(t, simulator.Options{DropletLimit: 8}, func(s *scene) {
			s.edit(fleetOf("name: db", typo))
			s.linger()
			if n := s.sim.Writes() - s.writes; n != 3 {
				t.Errorf("%d creates where there is room for 3", n)
			}
			s.says("held by account_limit", "of at most 8 droplets: ask DigitalOcean for a higher limit, or ask for fewer in the fleet file")
			s.allThere()
		})
	})
	t.Run("back to three", func(t *testing.T) {
		onScene(t, simulator.Options{}, func(s *scene) {
			s.edit(strings.Replace(fleetOf("name: db", "name: web, count: 30"), "max_destroy: 100%", "max_destroy: 25%", 1))
			s.rest()
			s.mark()
			s.edit(strings.Replace(fleetOf("name: db", "name: web, count: 3"), "max_destroy: 100%", "max_destroy: 25%", 1))
			s.linger()
			s.unharmed()
			s.says("27 of 31 registered droplets would be destroyed or replaced, and policy.max_destroy allows 7 in one pass", "keeps_monthly=$162.00")
			if n := strings.Count(s.said(), "msg=\"held back\""); n != 0 {
				t.Errorf("it is said %d more times", n)
			}
		})
	})
}

// Old versions of the file come and go, as under git bisect with a file that is not guarded by git: what they lack is held.
func TestAccidentVersionsComeAndGo(t *testing.T) {
	t.Parallel()
	onScene(t, simulator.Options{}, func(s *scene) {
		cautious := func(stanzas ...string) string {
			return strings.Replace(fleetOf(stanzas...), "max_destroy: 100%", "max_destroy: 25%", 1)
		}
		good := cautious("name: db", "name: web, count: 3")
		s.edit(good)
		s.rest()
		s.mark()
		for _, old := range []string{cautious(), cautious("name: web, count: 1"), good, cautious("name: db, size: s-4vcpu-8gb", "name: web, count: 3, size: s-2vcpu-2gb")} {
			s.edit(old)
			time.Sleep(20 * time.Second)
			synctest.Wait()
		}
		s.says("held back", "policy.max_destroy allows 1 in one pass")
		s.edit(good)
		s.mended(0)
		if !slices.EqualFunc(s.sim.Droplets(), s.before, func(a, b simulator.Droplet) bool { return a.ID == b.ID }) {
			t.Errorf("the droplets are %v", s.sim.Droplets())
		}
	})
}
