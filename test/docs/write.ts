import { writeFileSync } from 'node:fs';
import { PAGES } from './pages.ts';

for (const page of PAGES) {
  writeFileSync(page.path, page.text());
  console.log(`wrote ${page.path}`);
}
