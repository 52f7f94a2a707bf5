package browser

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
)

// Find gives the path of Chromium. ErrNone.
func Find() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNone
}

// ErrNone says that there is no Chromium on this machine.
var ErrNone = errors.New("there is no Chromium on the PATH (Debian: apt-get install chromium)")

// Browser is a Chromium that runs.
type Browser struct {
	cmd  *exec.Cmd
	home string

	mu      sync.Mutex
	to      io.WriteCloser
	last    int
	answers map[int]chan message
	pages   map[string]*Page // by session
	ended   error            // nil: it runs
	over    chan struct{}    // is closed when it has ended
}

// message is one of the protocol, in either direction.
type message struct {
	ID      int             `json:"id,omitempty"`
	Session string          `json:"sessionId,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// Start starts the Chromium at path, with a profile of its own.
func Start(path string) (*Browser, error) {
	home, err := os.MkdirTemp("", "arcadiad-browser-")
	if err != nil {
		return nil, err
	}
	theirIn, in, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(home))
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(home))
	}
	b := &Browser{home: home, to: in, answers: map[int]chan message{}, pages: map[string]*Page{}, over: make(chan struct{})}
	b.cmd = exec.Command(path, "--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--no-proxy-server", "--no-first-run",
		"--disable-dev-shm-usage", "--disable-background-networking", "--hide-scrollbars", "--user-data-dir="+home)
	b.cmd.ExtraFiles = []*os.File{theirIn, theirOut}
	b.cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_CACHE_HOME="+home)
	err = b.cmd.Start()
	theirIn.Close()
	theirOut.Close()
	if err != nil {
		return nil, errors.Join(err, in.Close(), out.Close(), os.RemoveAll(home))
	}
	go b.listen(out)
	return b, nil
}

// Close ends it.
func (b *Browser) Close() error {
	b.call(context.Background(), "", "Browser.close", nil, nil) // it may be gone before it answers
	b.to.Close()
	err := b.cmd.Wait()
	<-b.over
	return errors.Join(err, os.RemoveAll(b.home))
}

func (b *Browser) listen(out io.ReadCloser) {
	defer out.Close()
	defer close(b.over)
	r := bufio.NewReaderSize(out, 1<<16)
	for {
		text, err := r.ReadBytes(0)
		var m message
		if err == nil {
			err = json.Unmarshal(bytes.TrimSuffix(text, []byte{0}), &m)
		}
		b.mu.Lock()
		if err != nil {
			b.ended = fmt.Errorf("the browser has ended: %w", err)
			b.mu.Unlock()
			return
		}
		answer, page := b.answers[m.ID], b.pages[m.Session]
		delete(b.answers, m.ID)
		b.mu.Unlock()
		switch {
		case answer != nil:
			answer <- m
		case page != nil:
			page.hear(m)
		}
	}
}

// call asks for something and waits for the answer.
func (b *Browser) call(ctx context.Context, session, method string, params, result any) error {
	raw, err := json.Marshal(params)
	if err != nil {
		return err
	}
	if params == nil {
		raw = []byte("{}")
	}
	answer := make(chan message, 1)
	b.mu.Lock()
	b.last++
	m := message{ID: b.last, Session: session, Method: method, Params: raw}
	b.answers[m.ID] = answer
	text, err := json.Marshal(m)
	if err == nil {
		_, err = b.to.Write(append(text, 0))
	}
	b.mu.Unlock()
	if err != nil {
		return err
	}
	select {
	case m = <-answer:
	case <-b.over:
		return b.ended
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", method, ctx.Err())
	}
	if m.Error != nil {
		return fmt.Errorf("%s: %s", method, m.Error.Message)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(m.Result, result)
}

// Page is a tab.
type Page struct {
	b       *Browser
	session string
	loaded  chan struct{} // has one element when the page is loaded

	mu    sync.Mutex
	noted []string
}

// Screen is how the page is looked at.
type Screen struct {
	Width, Height int
	Scale         float64 // pixels of a picture for each of the page; 0: 1
	Dark          bool    // the person prefers dark colours
	Phone         bool
	NoScript      bool // scripts are turned off
}

// Open opens a page, and waits until it is loaded.
func (b *Browser) Open(ctx context.Context, url string, s Screen) (*Page, error) {
	var target struct {
		TargetID string `json:"targetId"`
	}
	if err := b.call(ctx, "", "Target.createTarget", map[string]any{"url": "about:blank"}, &target); err != nil {
		return nil, err
	}
	var session struct {
		ID string `json:"sessionId"`
	}
	if err := b.call(ctx, "", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &session); err != nil {
		return nil, err
	}
	p := &Page{b: b, session: session.ID, loaded: make(chan struct{}, 1)}
	b.mu.Lock()
	b.pages[p.session] = p
	b.mu.Unlock()
	for _, domain := range []string{"Page", "Runtime", "Log"} {
		if err := p.do(ctx, domain+".enable", nil); err != nil {
			return nil, err
		}
	}
	if err := p.Look(ctx, s); err != nil {
		return nil, err
	}
	if err := p.do(ctx, "Page.navigate", map[string]any{"url": url}); err != nil {
		return nil, err
	}
	select {
	case <-p.loaded:
		return p, nil
	case <-b.over:
		return nil, b.ended
	case <-ctx.Done():
		return nil, fmt.Errorf("%s is not loaded: %w", url, ctx.Err())
	}
}

// Look looks at the page in another way.
func (p *Page) Look(ctx context.Context, s Screen) error {
	if s.Scale == 0 {
		s.Scale = 1
	}
	scheme := "light"
	if s.Dark {
		scheme = "dark"
	}
	return errors.Join(
		p.do(ctx, "Emulation.setDeviceMetricsOverride", map[string]any{"width": s.Width, "height": s.Height, "deviceScaleFactor": s.Scale, "mobile": s.Phone}),
		p.do(ctx, "Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]any{"name": "prefers-color-scheme", "value": scheme}}}),
		p.do(ctx, "Emulation.setScriptExecutionDisabled", map[string]any{"value": s.NoScript}),
	)
}

func (p *Page) do(ctx context.Context, method string, params any) error {
	return p.b.call(ctx, p.session, method, params, nil)
}

// hear notes what the page complains of: messages of the console, exceptions, and what its policy refuses.
func (p *Page) hear(m message) {
	switch m.Method {
	case "Page.loadEventFired":
		select {
		case p.loaded <- struct{}{}:
		default:
		}
	case "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded":
		p.mu.Lock()
		defer p.mu.Unlock()
		p.noted = append(p.noted, m.Method+" "+string(m.Params))
	}
}

// Complaints are what stands in the console.
func (p *Page) Complaints() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.noted, "\n")
}

// Eval runs a script in the page, waits for what it promises, and gives that as JSON has it.
func (p *Page) Eval(ctx context.Context, script string, result any) error {
	var answer struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		Exception json.RawMessage `json:"exceptionDetails"`
	}
	params := map[string]any{"expression": script, "awaitPromise": true, "returnByValue": true}
	if err := p.b.call(ctx, p.session, "Runtime.evaluate", params, &answer); err != nil {
		return err
	}
	if len(answer.Exception) > 0 {
		return fmt.Errorf("%s: %s", script, answer.Exception)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(answer.Result.Value, result)
}

// Picture takes a picture of what is on the screen: PNG.
func (p *Page) Picture(ctx context.Context) ([]byte, error) {
	var picture struct {
		Data []byte `json:"data"`
	}
	err := p.b.call(ctx, p.session, "Page.captureScreenshot", map[string]any{"format": "png"}, &picture)
	return picture.Data, err
}
