package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strconv"
	"time"
)

func main() {
	var s source
	flag.StringVar(&s.arch, "arch", "amd64", "architecture of the program, as Go names it")
	flag.StringVar(&s.version, "version", "", "version of the program")
	out := flag.String("out", "arcadiad.oci.tar", "file to write")
	flag.Parse()
	if err := run(s, flag.Args(), *out); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func run(s source, args []string, out string) error {
	if len(args) != 1 {
		return fmt.Errorf("one program is needed, got %d", len(args))
	}
	epoch, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		epoch = 0
	}
	s.at = time.Unix(epoch, 0).UTC()
	if s.program, err = os.ReadFile(args[0]); err != nil {
		return err
	}
	var archive bytes.Buffer
	if err := s.write(&archive); err != nil {
		return err
	}
	if err := s.check(bytes.NewReader(archive.Bytes())); err != nil {
		return fmt.Errorf("the image is not as it should be: %w", err)
	}
	return os.WriteFile(out, archive.Bytes(), 0o644)
}
