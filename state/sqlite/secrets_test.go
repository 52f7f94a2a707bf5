package sqlite_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/saga"
	"arcadiad/state/sqlite"
)

// TestLaw15SecretsLeaveTheFile: many small secrets come and go in any order, so that SQLite moves them between pages; afterwards only
// those of live sagas are in any file of the database. (It finds copies when saga_secrets has no padding.)
func TestLaw15SecretsLeaveTheFile(t *testing.T) {
	const sagas = 1500
	path := filepath.Join(tempDir(t), "arcadiad.db")
	random := rand.New(rand.NewPCG(1, 2))
	secret := func(n int) []byte {
		return bytes.Repeat([]byte(fmt.Sprintf("<user_data of %04d>", n)), 1+n%40) // up to 760 bytes
	}
	live := map[int]saga.Saga{}
	synctest.Test(t, func(t *testing.T) {
		s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		must(t, err)
		defer s.CloseOnce()
		var batch []saga.Saga
		for n := range sagas {
			sg := draft(n+1, fmt.Sprint("web-", n))
			sg.ID = fmt.Sprintf("%08x%024x", random.Uint32(), n) // as real ids, so that rows are inserted everywhere
			sg.Secret = secret(n)
			live[n] = sg
			if batch = append(batch, sg); len(batch) == 20 {
				must(t, s.Begin(t.Context(), batch...))
				batch = nil
				end(t, s, live, random.IntN(n+1))
			}
		}
		for n := range sagas {
			if n%3 != 0 {
				end(t, s, live, n)
			}
		}
		for _, sg := range get(s.Live(t.Context()))(t) {
			if n := get(strconv.Atoi(strings.TrimPrefix(sg.Subject, "web-")))(t); !bytes.Equal(sg.Secret, secret(n)) {
				t.Errorf("the secret of live saga %d was damaged", n)
			}
		}
		time.Sleep(5 * time.Second)
		wantEqual(t, "size of the -wal file", get(os.Stat(path+"-wal"))(t).Size(), 0)
		must(t, s.Close())
	})
	erased, kept := 0, 0
	for name, content := range contents(t, filepath.Dir(path)) {
		for n := range sagas {
			there := strings.Contains(content, string(secret(n)[:19]))
			if _, ok := live[n]; ok && there {
				kept++
			} else if !ok && there {
				t.Errorf("%s still has the secret of ended saga %d", name, n)
			} else if !ok {
				erased++
			}
		}
	}
	if kept != len(live) || kept == 0 || erased == 0 {
		t.Errorf("found the secrets of %d of %d live sagas, so the search itself is wrong", kept, len(live))
	}
}

func end(t *testing.T, s *sqlite.Store, live map[int]saga.Saga, n int) {
	t.Helper()
	if sg, ok := live[n]; ok {
		must(t, s.Commit(t.Context(), ended(sg, saga.Completed), nil))
		delete(live, n)
	}
}

// TestLaw15ReaderInTheWay: a reader holds the -wal file; it is emptied as soon as the reader is gone, and writers go on meanwhile.
func TestLaw15ReaderInTheWay(t *testing.T) {
	bubble(t, func(t *testing.T, path string, s *sqlite.Store) {
		sg := draft(1, "web-1")
		sg.Secret = []byte("secret")
		must(t, s.Begin(t.Context(), sg))
		done := s.HoldSnapshot(t.Context())
		must(t, s.Commit(t.Context(), ended(sg, saga.Completed), nil))
		time.Sleep(3 * time.Second)
		must(t, s.Begin(t.Context(), draft(2, "web-1")))
		if get(os.Stat(path+"-wal"))(t).Size() == 0 {
			t.Error("the reader was not in the way")
		}
		must(t, done())
		time.Sleep(3 * time.Second)
		wantEqual(t, "size of the -wal file", get(os.Stat(path+"-wal"))(t).Size(), 0)
	})
}

// contents reads every file of a directory. No process that has a database there open may do that: closing a file drops the locks
// that SQLite holds on it in the same process.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	list, err := os.ReadDir(dir)
	must(t, err)
	all := map[string]string{}
	var errs []error
	for _, e := range list {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		errs = append(errs, err)
		all[e.Name()] = string(b)
	}
	must(t, errors.Join(errs...))
	return all
}
