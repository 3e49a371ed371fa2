import { styleNonce } from './nonce.ts';

/**
 * What libraries look for, so as to get by under the policy of the page: zod then tries to make no code from text, and styles
 * that keep the page from scrolling behind a dialog have the nonce.
 */
Object.assign(globalThis, { __zod_globalConfig: { jitless: true }, __webpack_nonce__: styleNonce() });
