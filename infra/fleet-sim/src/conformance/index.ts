/**
 * Whether simulated devices do as real ones: what a real device said is recorded, the server's side of it played to a
 * simulated one, and what both said compared. For campaigns and tests that have a real device.
 */
export { conductOf, type Conduct } from './compare.ts';
export { fixtureFileOf, readFixtures } from './fixture.ts';
export { replay } from './replay.ts';
export { parseTrace, recordWire, renderTrace, type Recorder, type WireEntry } from './trace.ts';
