import { buildDashboard } from './build-dashboard.ts';

console.log(await buildDashboard(console.log));
