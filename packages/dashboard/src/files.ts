/**
 * The fleet admin dashboard, a single page on the HTTP API. The API serves what `buildDashboard` made of it; nobody
 * imports its screens. Runs in browsers, trusts nothing but the server that it came from.
 */
export * from './build/build-dashboard.ts';
