package digitalocean

import (
	"bytes"
	"errors"
	"fmt"
)

// scan walks over JSON without making anything of it, as strict as encoding/json. A droplet is several KB of which arcadiad reads a
// tenth; encoding/json looks at each byte five times until it has a list of such droplets apart, which was most of what a pass cost.
type scan struct {
	b     []byte
	at    int
	depth int
}

// maxDepth is as deep as values may be nested.
const maxDepth = 1000

var errCutOff = errors.New("it ends in the middle")

// members walks over the object that is all of b, and gives each member, the key without quotes and as it is written.
func members(b []byte, each func(key, value []byte) error) error {
	s := scan{b: b}
	return s.all('{', func() error { return s.object(each) })
}

// elements walks over the array that is all of b, and gives each element.
func elements(b []byte, each func(value []byte) error) error {
	s := scan{b: b}
	return s.all('[', func() error { return s.array(each) })
}

// all takes a value that begins with that byte and has nothing behind it.
func (s *scan) all(begins byte, take func() error) error {
	if s.space() != begins {
		return s.unexpected(fmt.Sprintf("a %c", begins))
	}
	if err := take(); err != nil {
		return err
	}
	if s.space(); s.at < len(s.b) {
		return s.unexpected("the end")
	}
	return nil
}

// space goes to the next byte that counts and gives it; 0 at the end.
func (s *scan) space() byte {
	for ; s.at < len(s.b); s.at++ {
		switch c := s.b[s.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

func (s *scan) unexpected(wanted string) error {
	if s.at >= len(s.b) {
		return errCutOff
	}
	return fmt.Errorf("%q at byte %d, where %s was expected", s.b[s.at], s.at, wanted)
}

// value goes over one value and gives it.
func (s *scan) value() ([]byte, error) {
	c := s.space()
	began := s.at
	var err error
	switch c {
	case '{':
		err = s.object(nil)
	case '[':
		err = s.array(nil)
	case '"':
		err = s.text()
	case 't':
		err = s.word("true")
	case 'f':
		err = s.word("false")
	case 'n':
		err = s.word("null")
	default:
		err = s.number()
	}
	return s.b[began:s.at:s.at], err
}

// object goes over an object; each may be nil.
func (s *scan) object(each func(key, value []byte) error) error {
	return s.list('}', func() error {
		if s.space() != '"' {
			return s.unexpected("a key")
		}
		began := s.at + 1
		if err := s.text(); err != nil {
			return err
		}
		key := s.b[began : s.at-1]
		if s.space() != ':' {
			return s.unexpected("a colon")
		}
		s.at++
		value, err := s.value()
		if err == nil && each != nil {
			err = each(key, value)
		}
		return err
	})
}

// array goes over an array; each may be nil.
func (s *scan) array(each func(value []byte) error) error {
	return s.list(']', func() error {
		value, err := s.value()
		if err == nil && each != nil {
			err = each(value)
		}
		return err
	})
}

// list goes over what stands between two brackets, with commas in between.
func (s *scan) list(end byte, item func() error) error {
	if s.depth++; s.depth > maxDepth {
		return errors.New("it is nested too deep")
	}
	s.at++
	if s.space() != end {
		for {
			if err := item(); err != nil {
				return err
			}
			if c := s.space(); c == end {
				break
			} else if c != ',' {
				return s.unexpected("a comma")
			}
			s.at++
		}
	}
	s.at++
	s.depth--
	return nil
}

// text goes over a string.
func (s *scan) text() error {
	for s.at++; s.at < len(s.b); s.at++ {
		switch c := s.b[s.at]; {
		case c == '"':
			s.at++
			return nil
		case c < ' ':
			return s.unexpected("an escape")
		case c == '\\':
			s.at++
			if s.at >= len(s.b) {
				return errCutOff
			}
			if s.b[s.at] != 'u' {
				if bytes.IndexByte([]byte(`"\/bfnrt`), s.b[s.at]) < 0 {
					return s.unexpected("an escape")
				}
				continue
			}
			for range 4 {
				s.at++
				if s.at >= len(s.b) || bytes.IndexByte([]byte("0123456789abcdefABCDEF"), s.b[s.at]) < 0 {
					return s.unexpected("a hex digit")
				}
			}
		}
	}
	return errCutOff
}

func (s *scan) word(w string) error {
	for i := range len(w) {
		if s.at >= len(s.b) || s.b[s.at] != w[i] {
			return s.unexpected(w)
		}
		s.at++
	}
	return nil
}

// number goes over a number: -0.5e+10.
func (s *scan) number() error {
	if s.is("-") {
		s.at++
	}
	switch {
	case s.is("0"):
		s.at++
	case !s.digits():
		return s.unexpected("a value")
	}
	if s.is(".") {
		s.at++
		if !s.digits() {
			return s.unexpected("a digit")
		}
	}
	if s.is("eE") {
		s.at++
		if s.is("+-") {
			s.at++
		}
		if !s.digits() {
			return s.unexpected("a digit")
		}
	}
	return nil
}

// is tells whether the next byte is one of these.
func (s *scan) is(any string) bool {
	return s.at < len(s.b) && bytes.IndexByte([]byte(any), s.b[s.at]) >= 0
}

// digits goes over digits and tells whether there were any.
func (s *scan) digits() bool {
	began := s.at
	for s.at < len(s.b) && '0' <= s.b[s.at] && s.b[s.at] <= '9' {
		s.at++
	}
	return s.at > began
}
