// As harness.cjs, for Go: `go run harness.go SNIPPET`, where the snippet has got a package clause.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
)

func verdict(line []byte) (text string) {
	defer func() {
		if cause := recover(); cause != nil {
			text = fmt.Sprintf("no panic: %v", cause)
		}
	}()
	fields := bytes.SplitN(bytes.TrimSuffix(line, []byte("\n")), []byte("\t"), 4)
	if isFromOrganicAgent(fields[3], string(fields[1]), string(fields[2]), string(fields[0])) {
		return "yes"
	}
	return "no"
}

func main() {
	input := bufio.NewReaderSize(os.Stdin, 1<<16)
	output := bufio.NewWriter(os.Stdout)
	defer output.Flush()
	for {
		line, err := input.ReadBytes('\n')
		if err != nil {
			return
		}
		fmt.Fprintln(output, verdict(line))
	}
}
