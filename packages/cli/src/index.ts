/**
 * The `slipway` command. Speaks to the server by `@slipway/client`; checks files, looks into bundles, packs components
 * and boots disks by itself. Started by `bin/slipway` on the pinned Node.
 */
export { createProgram } from './program.ts';
export { run } from './run.ts';
