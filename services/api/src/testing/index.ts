/** A running API, and what enrols a device, for integration tests of others. */
export { newKeyAndCsr } from './csr.ts';
export { post } from './post.ts';
export { CLASS_FILE, IMAGE_FILE, runApi, type TestApi } from './running-api.ts';
export { newGitRepository } from './git-repository.ts';
export { gitHubPush } from './hook-payloads.ts';
