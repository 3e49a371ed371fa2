/**
 * The dashboard in a real browser: Chromium, a server with simulated devices behind it, and somebody who looks at it. The
 * tests in Chromium, the bench of the dashboard and `npm run screenshots` start them. It trusts what it starts itself.
 */
export { launchChromium } from './chromium.ts';
export { addDevices } from './devices.ts';
export { startInstance, type Instance } from './instance.ts';
export { ROUTES, screensOf, type ScreenAt } from './screens.ts';
export { visit, type Visit } from './visit.ts';
