import { Button, Kbd, Text } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { lazy, Suspense, useEffect, useState } from 'react';

export const OPEN_PALETTE = 'slipway:palette';
const Palette = lazy(() => import('./palette.tsx'));

const openPalette = (): void => {
  window.dispatchEvent(new Event(OPEN_PALETTE));
};

/** Loads the palette when it is first asked for; it opens itself then. */
export const PaletteHost = () => {
  const [isAsked, setAsked] = useState(false);
  useHotkeys([
    ['mod+K', openPalette],
    ['/', openPalette],
  ]);
  useEffect(() => {
    const ask = (): void => setAsked(true);
    window.addEventListener(OPEN_PALETTE, ask);
    return () => window.removeEventListener(OPEN_PALETTE, ask);
  }, []);
  return isAsked ? (
    <Suspense>
      <Palette />
    </Suspense>
  ) : null;
};

export const PaletteButton = () => (
  <Button
    variant="default"
    size="xs"
    onClick={openPalette}
    leftSection={<IconSearch size={14} />}
    rightSection={
      // The keys are drawn by a style, so that they are no part of its name.
      <Kbd size="xs" visibleFrom="sm" className="slipway-palette-keys" />
    }
    aria-label="Search"
    aria-keyshortcuts="Control+K"
  >
    <Text span size="xs" visibleFrom="xs">
      Search
    </Text>
  </Button>
);
