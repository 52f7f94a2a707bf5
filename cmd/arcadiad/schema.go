package main

import (
	"github.com/spf13/cobra"

	"arcadiad/fleetfile"
)

func schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the fleet file",
		Long: `Print the JSON Schema of the fleet file, for editors. This changes nothing.
Editors with yaml-language-server find it by this comment in the first line of the fleet file:

  # yaml-language-server: $schema=./fleet.schema.json`,
		Example: `  arcadiad schema > fleet.schema.json`,
		Args:    none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(fleetfile.Schema())
			return err
		},
	}
}
