package main
import "github.com/urfave/cli/v2"
func (c *console) relaysCommand() *cli.Command { return &cli.Command{Name:"relays"} }
func (c *console) classesCommand() *cli.Command { return &cli.Command{Name:"classes"} }
