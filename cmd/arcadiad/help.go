package main

import (
	"strings"

	"github.com/mitchellh/go-wordwrap"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is how many columns a help text may have.
const helpWidth = 80

// commonFlag marks the flags that many commands share. A command's help only names them, and `arcadiad help flags` explains them.
const commonFlag = "arcadiad_common"

// helpTemplate is cobra's, with texts that are wrapped, and the common flags apart.
const helpTemplate = `{{with (or .Long .Short)}}{{fitted .}}

{{end}}{{if or .Runnable .HasSubCommands}}{{.UsageString}}{{end}}`

const usageTemplate = `Usage:{{if .Runnable}}
  {{.UseLine}}{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} [command]{{end}}{{if .HasExample}}

Examples:
{{.Example}}{{end}}{{if .HasAvailableSubCommands}}{{$commands := .Commands}}{{range $group := .Groups}}

{{.Title}}{{range $commands}}{{if and (eq .GroupID $group.ID) (or .IsAvailableCommand (eq .Name "help"))}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{if not .Groups}}

Commands:{{range $commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{end}}{{with ownFlags .}}

Flags:
{{.}}{{end}}{{with commonFlags .}}

Common flags (explained by arcadiad help flags):
{{.}}{{end}}{{if .HasAvailableSubCommands}}

Use "{{.CommandPath}} [command] --help" for more about a command.{{end}}
`

func init() {
	cobra.AddTemplateFuncs(map[string]any{
		"fitted":   fitted,
		"ownFlags": func(cmd *cobra.Command) string { return explained(cmd.Flags(), false) },
		"commonFlags": func(cmd *cobra.Command) string {
			var names []string
			cmd.Flags().VisitAll(func(f *pflag.Flag) {
				if common(f) {
					names = append(names, "--"+f.Name)
				}
			})
			return shifted(wordwrap.WrapString(strings.Join(names, ", "), helpWidth-2))
		},
	})
}

// flagsTopic is `arcadiad help flags`.
func flagsTopic() *cobra.Command {
	cmd := &cobra.Command{Use: "flags", Short: "The flags that many commands share"}
	s := newSettings(cmd, usesFleet|usesState|usesAPI|usesSagas|usesLog, 0)
	cmd.Long = "These flags are common to many commands. Each has its value from the flag, else\nfrom the environment variable in brackets, else the default.\n\n" +
		explained(s.flags, true)
	return cmd
}

func common(f *pflag.Flag) bool { return len(f.Annotations[commonFlag]) > 0 }

// explained are the usages of the flags that are common, or of those that are not.
func explained(flags *pflag.FlagSet, commonOnes bool) string {
	some := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.VisitAll(func(f *pflag.Flag) {
		if common(f) == commonOnes {
			some.AddFlag(f)
		}
	})
	return strings.TrimRight(some.FlagUsagesWrapped(helpWidth), "\n")
}

// fitted breaks a text anew: paragraphs are filled up to the width, and lines that are indented stay as they are.
func fitted(s string) string {
	var out, paragraph []string
	flush := func() {
		if len(paragraph) > 0 {
			out = append(out, wordwrap.WrapString(strings.Join(paragraph, " "), helpWidth))
		}
		paragraph = nil
	}
	for line := range strings.SplitSeq(strings.TrimSpace(s), "\n") {
		if line == "" || strings.HasPrefix(line, " ") {
			flush()
			out = append(out, strings.TrimRight(line, " "))
			continue
		}
		paragraph = append(paragraph, line)
	}
	flush()
	return strings.Join(out, "\n")
}

func shifted(s string) string {
	if s == "" {
		return ""
	}
	return "  " + strings.ReplaceAll(s, "\n", "\n  ")
}
