/** A real registry and images for it, for integration tests. */
export { makeCertificates } from './certificates.ts';
export { makeLayout, type TestImage, type TestLayout } from './images.ts';
export { startRegistry, type TestRegistry } from './registry.ts';
export { copy } from './run.ts';
