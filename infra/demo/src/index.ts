/** The demo: one device's way from first image to being saved from a bad one, seen from outside. The system test runs the same. */
export * from './cleanup.ts';
export * from './demo-classes.ts';
export * from './demo-server.ts';
export * from './evidence.ts';
export * from './live-view.ts';
export * from './pipeline.ts';
export * from './power-cut.ts';
export * from './report.ts';
export * from './scenario.ts';
export { expectSeen } from './step-log.ts';
export * from './summary.ts';
export * from './virtual-device.ts';
