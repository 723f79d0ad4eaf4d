#!/usr/bin/env node
// There before anything is compiled, so that a clone can link it.
import "../dist/cli.js";
