import type { ClassFile } from '../class-file.ts';
import type { SpecDocument } from '../document.ts';
import { finding, type Finding } from './finding.ts';
import { lintCommandLine } from './lint-kernel.ts';

/** What a class file itself gives away. */
export const lintClass = (doc: SpecDocument, value: ClassFile): Finding[] => {
  const found: Finding[] = [];
  if (!value.secureBoot && value.bootLoader === 'systemd-boot')
    found.push(
      finding('SECURE_BOOT_OFF', { doc, path: ['secureBoot'] }, 'secureBoot', 'secureBoot is not set'),
    );
  if (value.qualification === 'off')
    found.push(
      finding(
        'QUALIFICATION_OFF',
        { doc, path: ['qualification'] },
        'qualification',
        'releases are not tried before they are published',
      ),
    );
  return [...found, ...lintCommandLine(value.cmdline, { doc, path: ['cmdline'] })];
};
