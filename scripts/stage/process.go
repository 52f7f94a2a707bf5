package stage

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Cost is what a finished process cost.
type Cost struct {
	Wall, CPU time.Duration
	Peak      int // memory that was resident at once, in KiB; of the process or of one that it waited for, whichever is more
	Exit      int
}

// Run runs a command to its end. A command that exits with another code than 0 is no error here: its output is given instead.
func Run(cmd *exec.Cmd) (c Cost, output string, err error) {
	began := time.Now()
	out, err := cmd.CombinedOutput()
	c.Wall = time.Since(began)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return c, string(out), err
	}
	c.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	c.Exit = cmd.ProcessState.ExitCode()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		c.Peak = int(usage.Maxrss)
	}
	return c, string(out), nil
}

// Line is one line of a daemon's log in JSON.
type Line struct {
	At     time.Time // when it was read
	Msg    string
	Fields map[string]any
}

// Number is a field that is a number; -1 where it is none.
func (l Line) Number(field string) int {
	if n, ok := l.Fields[field].(float64); ok {
		return int(n)
	}
	return -1
}

// Daemon is a process that runs until it is told to stop, and logs in JSON on stderr.
type Daemon struct {
	Began time.Time
	cmd   *exec.Cmd
	lines chan Line
	done  chan struct{}

	mu   sync.Mutex
	last string // what it said last, for errors
}

// Start starts a daemon.
func Start(cmd *exec.Cmd) (*Daemon, error) {
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	d := &Daemon{cmd: cmd, lines: make(chan Line, 1<<17), done: make(chan struct{}), Began: time.Now()}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go d.listen(stderr)
	return d, nil
}

func (d *Daemon) listen(stderr io.Reader) {
	defer close(d.done)
	defer close(d.lines)
	s := bufio.NewScanner(stderr)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		l := Line{At: time.Now()}
		d.mu.Lock()
		d.last = s.Text()
		d.mu.Unlock()
		if json.Unmarshal(s.Bytes(), &l.Fields) == nil {
			l.Msg, _ = l.Fields["msg"].(string)
			d.lines <- l
		}
	}
}

// Until waits for a line of the log that is as desired.
func (d *Daemon) Until(what string, patience time.Duration, is func(Line) bool) (Line, error) {
	timeout := time.After(patience)
	for {
		select {
		case l, ok := <-d.lines:
			if !ok {
				return Line{}, fmt.Errorf("%s: the daemon ended: %s", what, d.said())
			}
			if is(l) {
				return l, nil
			}
		case <-timeout:
			return Line{}, fmt.Errorf("%s: not within %v; the daemon said last: %s", what, patience, d.said())
		}
	}
}

func (d *Daemon) said() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.last
}

// Signal sends the daemon a signal.
func (d *Daemon) Signal(s syscall.Signal) error { return d.cmd.Process.Signal(s) }

// End ends the daemon by a signal and waits until it is gone.
func (d *Daemon) End(s syscall.Signal) error {
	if err := d.Signal(s); err != nil {
		return err
	}
	go func() { // nobody listens any more
		for range d.lines {
		}
	}()
	<-d.done
	err := d.cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil
	}
	return err
}

// Memory is what of the daemon is resident now, and was at most, in KiB.
func (d *Daemon) Memory() (now, most int, err error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.cmd.Process.Pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(status)) {
		switch f := strings.Fields(line); f[0] {
		case "VmRSS:":
			now, err = strconv.Atoi(f[1])
		case "VmHWM:":
			most, err = strconv.Atoi(f[1])
		}
		if err != nil {
			return 0, 0, err
		}
	}
	return now, most, nil
}

// CPU is the time that the daemon has computed so far, to 10 ms.
func (d *Daemon) CPU() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", d.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // the name before it may contain anything
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat is not understood", d.cmd.Process.Pid)
	}
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, err
	}
	system, err := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond, err
}
