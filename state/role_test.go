package state_test

const roleVariable = "ARCADIAD_STATE_TEST_ROLE"

func playRole(role string, args []string) int { return 0 }
