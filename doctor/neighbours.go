package doctor

import (
	"context"
	"fmt"
	"strings"

	"arcadiad/fleet"
	"arcadiad/state"
)

// neighbours names the other fleets that have droplets in the account, as of the last look.
func (r *Report) neighbours(ctx context.Context, reader state.Reader, fleetName string) {
	resources, err := reader.Resources(ctx)
	if err != nil {
		return // the checks before have said so
	}
	others := fleet.OtherFleets(fleetName, resources)
	if len(others) == 0 {
		return
	}
	r.Add("other fleets", OK, fmt.Sprintf("the account has droplets of %s too; daemons that use one token share its rate limit, and --api-reserve is left once "+
		"for all of them; with a token for each fleet, each has a limit of its own", strings.Join(others, ", ")), "")
}
