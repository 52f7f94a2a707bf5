package fleetfile_test

import (
	"strings"
	"testing"

	"arcadiad/fleetfile"
)

// What cloud-init passes over in silence is a problem, and what is only odd a warning: with "~" before it here. No line: all is well.
func TestUserDataThatCloudInitIgnores(t *testing.T) {
	const (
		bom    = "1:1: the text begins with a byte order mark, and cloud-init would not see what it is (save it as UTF-8 without BOM)"
		header = "1:1: the first line is no header that cloud-init knows, so it ignores the text "
		gone   = ", so cloud-init ignores the text"
	)
	for _, c := range []struct{ text, want string }{
		{"#cloud-config\npackages: [nginx]\n", ""},
		{"#cloud-config\r\npackages: [nginx]\r\nruncmd:\r\n  - a\r\n", ""},
		{"#cloud-config \n# a comment\nruncmd: [a]", ""},
		{"#cloud-config-archive\n- '#!/bin/sh'\n", ""},
		{"#cloud-boothook\n#!/bin/sh\n", ""},
		{"#include\nhttps://example.com/a\n", ""},
		{"#include-once\nhttps://example.com/a\n", ""},
		{"#part-handler\ndef list_types(): pass\n", ""},
		{"#!/bin/sh\necho \x01\n", ""},
		{"#!/bin/sh\r\necho\r\n", ""},
		{"#! /usr/bin/env python3\n", ""},
		{"## template: jinja\n#cloud-config\nruncmd: [{{ v1.region }}]\n", ""},
		{"## template: jinja\n\n{% if x %}\n#cloud-config\n{% endif %}\n", ""},
		{"Content-Type: multipart/mixed; boundary=x\nMIME-Version: 1.0\n\n--x\n", ""},
		{"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n", ""},
		{"#cloud-config\nwrite_files: [{path: /a, content: 'MIME-Version: 1.0'}]\n", ""},

		{"\ufeff#cloud-config\nruncmd: [a]\n", bom},
		{"\ufeff#!/bin/sh\n", bom},
		{"# cloud-config\nruncmd: [a]\n", header + "(write #cloud-config, without blanks)"},
		{"cloud_config\nruncmd: [a]\n", header + "(write #cloud-config, without blanks)"},
		{"runcmd: [a]\n", "~" + header + "(if it is cloud-config, begin it with #cloud-config)"},
		{"# !/bin/sh\n", header + "(write #! without a blank between)"},
		{"##template: jinja\n#cloud-config\n", "2:1: #cloud-config is not on the first line" + gone + " (move it there)"},
		{"---\n#cloud-config\nusers: []\n", "2:1: #cloud-config is not on the first line" + gone + " (move it there)"},
		{"# ours\n\n#!/bin/sh\n", "3:1: #! is not on the first line" + gone + " (move it there)"},
		{"I2Nsb3VkLWNvbmZpZwo=\n", header + "(it is base64; the API takes plain text)"},
		{"echo hello\n", "~" + header + "(begin it with #cloud-config, or with #! and an interpreter)"},
		{"## template: jinja\nruncmd: []\n", "2:1: no header stands below ## template: jinja" + gone + " (begin it with #cloud-config, or with #! and an interpreter)"},
		{"Content-Type: multipart/mixed; boundary=x\n\n--x\n", "1:1: MIME without a MIME-Version header" + gone + " (add the line MIME-Version: 1.0)"},
		{"\nContent-Type: multipart/mixed; boundary=x\nMIME-Version: 1.0\n", "1:1: a blank before the MIME headers" + gone + " (remove it)"},
		{"\n  #!/bin/sh\n", "2:3: a blank before #!, so the script does not start (remove it)"},
		{"#!\necho\n", "1:1: #! without an interpreter, so the script does not start (such as #!/bin/sh)"},
		{"#!/bin/sh\recho\r", "1:1: the lines end with CR alone, so the script does not start (save it with LF line ends)"},
		{"#cloud-config\n- a\n", "2:1: a cloud-config must be a mapping of keys and values, not a list" + gone},
		{"#cloud-config\na: [b\n", "2:1: not valid YAML: did not find expected ',' or ']'" + gone},
		{"#cloud-config\na:\n\t- b\n", "3:1: a tab in the indentation" + gone + " (YAML takes only spaces there)"},
		{"#cloud-config\na: b\n---\nc: d\n", "3:1: a second YAML document begins here" + gone + " (remove the --- line)"},
		{"#cloud-config\na: x\u0080\n", "2:5: control character U+0080" + gone + " (remove it)"},

		{"{\"ignition\": {}}", "~" + header + "(fine if another program on the droplet reads it)"},
		{"\n #cloud-config\na: b\n", "~2:2: a blank before #cloud-config: not every cloud-init reads the text then (remove it)"},
		{"#cloud-configs\na: b\n", "~1:1: cloud-init reads #cloud-configs as #cloud-config (write #cloud-config)"},
		{"#Cloud-Config\na: b\n", "~1:1: cloud-init reads #Cloud-Config as #cloud-config (write #cloud-config)"},
		{"#cloud-config\n# later\n", "~1:1: there is nothing in it but comments"},
		{"#cloud-config\nruncmd: [a]\nusers: []\nruncmd: [b]\n", "~4:1: runcmd is set on line 2 already, and cloud-init takes only the last one (make one of them)"},
		{"#!bash\n", "~1:1: the interpreter bash is not an absolute path (such as #!/bin/sh)"},
		{"#!/bin/sh\na\nb\r\n", "~3:1: the line ends with CRLF and the first one does not, so cloud-init leaves the CR to the interpreter (save it with LF line ends)"},
	} {
		f, err := fleetfile.Decode("fleet.yaml", []byte(head+web+"    user_data_file: u\n  - {name: two, user_data_file: ./u}\n"),
			func(string) ([]byte, error) { return []byte(c.text), nil })
		got := problems(err)
		if len(f.Warnings) > 0 {
			got = "~" + strings.Join(f.Warnings, "\n~")
		}
		if got = strings.ReplaceAll(got, "u:", ""); got != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

// An image that is named by its number may read user data by another program, but not what calls itself a cloud-config.
func TestUserDataOfACustomImage(t *testing.T) {
	for text, want := range map[string]string{
		`"# cloud-config"`:           "fleet.yaml:7:28: user_data: the first line is no header that cloud-init knows, so it ignores the text (write #cloud-config, without blanks)",
		`"#cloud-config\n[broken\n"`: "error 7:28: user_data: not valid YAML: did not find expected ',' or ']', so cloud-init ignores the text",
		`"#!/bin/sh"`:                "",
	} {
		f, err := decode(head + "\n  - {name: web, user_data: " + text + ", image: 7}\n")
		got := strings.Join(f.Warnings, "\n")
		if err != nil {
			got = "error " + problems(err)
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

// Inside a block the place is the line of the text.
func TestAnInlineFaultIsPointedAt(t *testing.T) {
	_, err := decode(head + web + "    user_data: |\n      #cloud-config\n      a:\n      \t- b\n")
	if got, want := problems(err), "10:1: user_data: a tab in the indentation, so cloud-init ignores the text (YAML takes only spaces there)"; got != want {
		t.Errorf("got %s", got)
	}
}
