import { otherSlot, type SlotName } from '@slipway/protocol';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { grubMachine } from '../fixture/loaders/grub.ts';
import { ESP, type LoaderMachine } from '../fixture/loaders/loader-model.ts';
import { memoryFiles, PowerCut, type Trouble } from '../fixture/loaders/memory-disk.ts';
import { systemdBootMachine } from '../fixture/loaders/systemd-boot.ts';
import { trybootMachine } from '../fixture/loaders/tryboot.ts';
import { uBootMachine } from '../fixture/loaders/u-boot.ts';
import type { BootControl } from './boot-control.ts';

type Loader = {
  readonly name: string;
  readonly make: () => LoaderMachine;
  /** the environment survives a sector of rubbish in the middle of a write */
  readonly survivesRubbish: boolean;
  /** an armed boot survives a cut before the reboot */
  readonly keepsArming: boolean;
  /** a default in one copy is enough */
  readonly isRedundant: boolean;
};

const LOADERS: readonly Loader[] = [
  // A variable is written by the firmware, whole or not at all; loader.conf changes within one sector.
  {
    name: 'systemd-boot',
    make: systemdBootMachine,
    survivesRubbish: true,
    keepsArming: true,
    isRedundant: true,
  },
  {
    name: 'U-Boot, ESP',
    make: () => uBootMachine('esp'),
    survivesRubbish: true,
    keepsArming: true,
    isRedundant: true,
  },
  {
    name: 'U-Boot, redundant environment',
    make: () => uBootMachine('redundant'),
    survivesRubbish: true,
    keepsArming: true,
    isRedundant: true,
  },
  {
    name: 'U-Boot, redundant environment whose counter wraps',
    make: () => uBootMachine('redundant', 253),
    survivesRubbish: true,
    keepsArming: true,
    isRedundant: true,
  },
  { name: 'tryboot', make: trybootMachine, survivesRubbish: false, keepsArming: false, isRedundant: false },
  { name: 'GRUB', make: grubMachine, survivesRubbish: true, keepsArming: true, isRedundant: true },
];

const onDisk = (machine: LoaderMachine, trouble?: Trouble) => {
  const { files, writes } = memoryFiles(machine.disk, trouble);
  return { control: machine.control(files), writes };
};

/** What `reboot` of the agent does. */
const reboot = async (machine: LoaderMachine, canWrite = true): Promise<SlotName | null> =>
  machine.start({ argument: await onDisk(machine).control.rebootArgument(), canWrite });

const starts = (machine: LoaderMachine, count: number): string =>
  Array.from({ length: count }, () => machine.start() ?? '-').join(' ');

/** A failure names the cut. */
const at = (where: string, found: string | null): string => `${where}: ${found}`;

/** Runs it with a cut at each of its writes in turn, each leaving what a cut may leave, until it runs to its end. */
const atEveryCut = async (
  { make, survivesRubbish }: Loader,
  prepare: (machine: LoaderMachine) => Promise<void>,
  work: (control: BootControl) => Promise<unknown>,
  check: (machine: LoaderMachine, where: string) => Promise<void>,
): Promise<number> => {
  let cuts = 0;
  for (const cutLeaves of survivesRubbish
    ? (['before', 'after', 'rubbish'] as const)
    : (['before', 'after'] as const)) {
    for (let cutAt = 0; ; cutAt++) {
      const machine = make();
      await prepare(machine);
      const { control, writes } = onDisk(machine, { cutAt, cutLeaves });
      // A program that is cut does nothing more; what it would have made of the error does not count.
      await work(control).catch(() => undefined);
      if (writes() <= cutAt) break;
      cuts += 1;
      await check(machine, `cut at write ${cutAt}, which left ${cutLeaves}`);
    }
  }
  return cuts;
};

describe.each(LOADERS)('$name', (loader) => {
  const { make, keepsArming, isRedundant } = loader;

  test('starts the default, again and again', async () => {
    const machine = make();
    expect(await onDisk(machine).control.readDefault()).toBe('a');
    expect(starts(machine, 3)).toBe('a a a');
  });

  test('an armed slot gets the next boot and no other, though nothing of it ever reports', async () => {
    const machine = make();
    const { control } = onDisk(machine);
    await control.arm('b');
    expect(await control.describe()).toMatchObject({ default: 'a', armed: 'b', keepsArming });
    expect(await reboot(machine)).toBe('b');
    expect((await control.describe()).armed).toBeNull();
    expect(starts(machine, 3)).toBe('a a a');
    expect(await control.readDefault()).toBe('a');
    // and again
    await control.arm('b');
    expect(await reboot(machine)).toBe('b');
    expect(starts(machine, 2)).toBe('a a');
  });

  test('the environment tells whether the trial was started, where it can', async () => {
    const machine = make();
    const { control } = onDisk(machine);
    await control.arm('b');
    expect((await control.describe()).tried).toBeNull();
    await reboot(machine);
    machine.start();
    expect((await control.describe()).tried).toBe(/U-Boot|GRUB/.test(loader.name) ? 'b' : null);
  });

  test('a committed slot starts from then on, and committing again writes nothing', async () => {
    const machine = make();
    await onDisk(machine).control.arm('b');
    expect(await reboot(machine)).toBe('b');
    expect(await onDisk(machine).control.setDefault('b')).toBeUndefined();
    expect(starts(machine, 3)).toBe('b b b');
    const again = onDisk(machine);
    expect(await again.control.setDefault('b')).toBeUndefined();
    expect(again.writes()).toBe(0);
    expect(await again.control.describe()).toMatchObject({ default: 'b', armed: null, tried: null });
    await again.control.arm('a');
    expect(await reboot(machine)).toBe('a');
    expect(starts(machine, 2)).toBe('b b');
  });

  test('a commit takes an arming with it', async () => {
    const machine = make();
    const { control } = onDisk(machine);
    await control.arm('b');
    await control.setDefault('a');
    expect(await reboot(machine)).toBe('a');
    expect(starts(machine, 2)).toBe('a a');
  });

  test('disarming takes back an arming, and is well without one', async () => {
    const machine = make();
    const { control } = onDisk(machine);
    await control.disarm();
    await control.arm('b');
    await control.disarm();
    await control.disarm();
    expect((await control.describe()).armed).toBeNull();
    expect(await reboot(machine)).toBe('a');
  });

  test('a UKI that cannot be started comes back to the default without a human', async () => {
    const machine = make();
    await onDisk(machine).control.arm('b');
    machine.unloadable.add('b');
    expect(await reboot(machine)).toBe('a');
    expect(starts(machine, 2)).toBe('a a');
  });

  test('a loader that cannot write starts a trial at most once per arming', async () => {
    const machine = make();
    await onDisk(machine).control.arm('b');
    const unwritable = [
      await reboot(machine, false),
      machine.start({ canWrite: false }),
      machine.start({ canWrite: false }),
    ];
    const later = [machine.start(), machine.start(), machine.start()];
    expect(unwritable.slice(1)).toEqual(['a', 'a']);
    expect([...unwritable, ...later].filter((slot) => slot === 'b').length).toBeLessThanOrEqual(1);
    expect(later.at(-1)).toBe('a');
  });

  test.each(['isReadOnly', 'loses'] as const)(
    'storage that %s refuses to arm and to commit, and leaves what was',
    async (trouble) => {
      const machine = make();
      const { control } = onDisk(machine, { [trouble]: () => true });
      await expect(control.arm('b')).rejects.toMatchObject({ code: 'BOOT_CONTROL_FAILED' });
      expect(await reboot(machine)).toBe('a');
      await expect(control.setDefault('b')).rejects.toMatchObject({ code: 'BOOT_CONTROL_FAILED' });
      expect(await onDisk(machine).control.readDefault()).toBe('a');
      expect(starts(machine, 2)).toBe('a a');
    },
  );

  test('nothing is armed that is the default already, or has nowhere to come back to', async () => {
    const machine = make();
    const { control } = onDisk(machine);
    await expect(control.arm('a')).rejects.toMatchObject({ code: 'BOOT_CONTROL_FAILED' });
    expect(await reboot(machine)).toBe('a');
  });

  test('a cut anywhere in arming leaves the default or the armed slot, once', async () => {
    const cuts = await atEveryCut(
      loader,
      async () => undefined,
      async (control) => control.arm('b'),
      async (machine, where) => {
        expect([at(where, 'a'), at(where, 'b')]).toContain(at(where, await reboot(machine)));
        expect(at(where, starts(machine, 2))).toBe(at(where, 'a a'));
        const { control } = onDisk(machine);
        expect(at(where, await control.readDefault())).toBe(at(where, 'a'));
        await control.arm('b');
        expect(at(where, await reboot(machine))).toBe(at(where, 'b'));
        expect(at(where, starts(machine, 2))).toBe(at(where, 'a a'));
      },
    );
    expect(cuts).toBeGreaterThan(1);
  });

  test('a cut anywhere in arming again after a failed trial does the same', async () => {
    await atEveryCut(
      loader,
      async (machine) => {
        await onDisk(machine).control.arm('b');
        await reboot(machine);
        machine.start();
      },
      async (control) => control.arm('b'),
      async (machine, where) => {
        expect([at(where, 'a'), at(where, 'b')]).toContain(at(where, await reboot(machine)));
        expect(at(where, starts(machine, 2))).toBe(at(where, 'a a'));
      },
    );
  });

  test('a cut anywhere in the commit leaves one default or the other, and a second commit ends it', async () => {
    const cuts = await atEveryCut(
      loader,
      async (machine) => {
        await onDisk(machine).control.arm('b');
        await reboot(machine);
      },
      async (control) => control.setDefault('b'),
      async (machine, where) => {
        const { control } = onDisk(machine);
        const named = await control.readDefault();
        expect([at(where, 'a'), at(where, 'b')]).toContain(at(where, named));
        expect(at(where, starts(machine, 2))).toBe(at(where, `${named} ${named}`));
        await control.setDefault('b');
        expect(at(where, starts(machine, 2))).toBe(at(where, 'b b'));
      },
    );
    expect(cuts).toBeGreaterThan(1);
  });

  test('a cut anywhere in disarming leaves it armed or not, once at most', async () => {
    const cuts = await atEveryCut(
      loader,
      async (machine) => onDisk(machine).control.arm('b'),
      async (control) => control.disarm(),
      async (machine, where) => {
        expect([at(where, 'a'), at(where, 'b')]).toContain(at(where, await reboot(machine)));
        expect(at(where, starts(machine, 2))).toBe(at(where, 'a a'));
      },
    );
    expect(cuts).toBeGreaterThan(1);
  });

  test('with one copy damaged the last good slot still starts, and the next write mends it', async () => {
    for (const copy of isRedundant ? [0, 1] : []) {
      const machine = make();
      const { control } = onDisk(machine);
      await control.arm('b');
      await reboot(machine);
      await control.setDefault('b');
      machine.damage(copy);
      expect(await control.readDefault()).toBe('b');
      expect(starts(machine, 2)).toBe('b b');
      await control.setDefault('b');
      machine.damage(copy === 0 ? 1 : 0);
      expect(starts(machine, 2)).toBe('b b');
    }
  });

  test('with everything damaged a slot starts that has a UKI', async () => {
    const machine = make();
    machine.damage('all');
    // Slot b is being written: an install removes its UKI first.
    machine.ukis.delete('b');
    expect(starts(machine, 2)).toBe('a a');
    expect(await onDisk(machine).control.readDefault()).toBeNull();
  });

  test('under any sequence of arming, commits, reboots, cuts and write protection a slot starts, and a trial once', async () => {
    const action = fc.oneof(
      fc.constant('arm' as const),
      fc.constant('disarm' as const),
      fc.constant('commit' as const),
      fc.constant('reboot' as const),
      fc.constant('reset' as const),
      fc.constant('protected' as const),
    );
    const cut = fc.option(
      fc.record({ cutAt: fc.nat(6), cutLeaves: fc.constantFrom('before' as const, 'after' as const) }),
      {
        nil: undefined,
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(action, cut), { maxLength: 20 }), async (actions) => {
        const machine = make();
        let running: SlotName = 'a';
        let armings = 0;
        let trials = 0;
        for (const [name, trouble] of actions) {
          const before = await onDisk(machine).control.readDefault();
          const { control, writes } = onDisk(machine, trouble);
          let end: 'reboot' | 'reset' | 'protected' | undefined;
          if (name === 'arm' || name === 'disarm' || name === 'commit') {
            const target = otherSlot(running);
            // The core arms only from the slot that is the default.
            if (name === 'arm' && before === running) {
              armings += 1;
              await control.arm(target).catch(() => undefined);
            } else if (name === 'commit') await control.setDefault(running).catch(() => undefined);
            else if (name === 'disarm') await control.disarm().catch(() => undefined);
            if (trouble !== undefined && writes() > trouble.cutAt) end = 'reset';
          } else end = name;
          const after = await onDisk(machine).control.readDefault();
          expect([before, running]).toContain(after);
          if (end === undefined) continue;
          const started =
            end === 'reboot' ? await reboot(machine) : machine.start({ canWrite: end !== 'protected' });
          expect(started).not.toBeNull();
          if (started !== after) trials += 1;
          expect(trials).toBeLessThanOrEqual(armings);
          expect(await onDisk(machine).control.readDefault()).toBe(after);
          running = started ?? running;
        }
      }),
      { numRuns: 150 },
    );
  });
});

/** What the loader goes by is ours alone; U-Boot's own environment is not. */
const isOurs = ({ name }: Loader): boolean => !name.includes('redundant');

describe.each(LOADERS.filter(isOurs))('$name, everything damaged', ({ make }) => {
  test('with everything damaged the agent restores the default', async () => {
    const machine = make();
    const { control } = onDisk(machine);
    machine.damage('all');
    await control.setDefault('b');
    expect(await control.readDefault()).toBe('b');
    expect(starts(machine, 2)).toBe('b b');
    await control.arm('a');
    expect(await reboot(machine)).toBe('a');
    expect(starts(machine, 2)).toBe('b b');
  });

  test('arming without a default makes the running slot the default first', async () => {
    const machine = make();
    machine.damage('all');
    await onDisk(machine).control.arm('b');
    expect(await reboot(machine)).toBe('b');
    expect(starts(machine, 2)).toBe('a a');
  });
});

describe.each(LOADERS.filter((loader) => !isOurs(loader)))('$name, everything damaged', ({ make }) => {
  test('an environment that holds more than ours is not made up', async () => {
    const machine = make();
    machine.damage('all');
    const { control } = onDisk(machine);
    await expect(control.setDefault('a')).rejects.toMatchObject({ code: 'BOOT_CONTROL_FAILED' });
    await expect(control.arm('b')).rejects.toMatchObject({ code: 'BOOT_CONTROL_FAILED' });
    expect(starts(machine, 2)).toBe('a a');
  });
});

test('a program that is cut writes nothing more', async () => {
  const { files } = memoryFiles(new Map(), { cutAt: 0, cutLeaves: 'after' });
  await expect(files.poke(`${ESP}/one`, 'x')).rejects.toBeInstanceOf(PowerCut);
  await expect(files.poke(`${ESP}/two`, 'x')).rejects.toBeInstanceOf(PowerCut);
  expect(await files.read(`${ESP}/two`)).toBeUndefined();
});
