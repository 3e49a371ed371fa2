import './polyfill/index.ts';
import { main } from '../../main.ts';
import { quickjsRuntime } from './index.ts';
import { os, scriptArgs, std } from './machine.ts';

/** The agent on QuickJS: `qjs --std agent.mjs`. */
// A helper that is gone is seen by the error of the write; the handler, unlike ignoring it, is not inherited.
os.signal(os.SIGPIPE, () => undefined);

// Not awaited here: while the module itself waits, QuickJS runs one job of its promises for each turn of its poll.
void main({
  args: scriptArgs.slice(1),
  environment: (name) => std.getenv(name),
  print: (line) => {
    std.out.puts(`${line}\n`);
    std.out.flush();
  },
  printError: (line) => {
    std.err.puts(`${line}\n`);
    std.err.flush();
  },
  onStop: (stop) => {
    os.signal(os.SIGTERM, () => {
      stop('SIGTERM');
    });
    os.signal(os.SIGINT, () => {
      stop('SIGINT');
    });
  },
  makeRuntime: quickjsRuntime,
}).then((status) => {
  std.exit(status);
});
