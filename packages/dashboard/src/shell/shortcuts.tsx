import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { lazy, Suspense, useEffect, useEffectEvent } from 'react';
import { useNavigate } from 'react-router';
import { usePlaces } from './navigation.tsx';

const ShortcutsHelp = lazy(() => import('./shortcuts-help.tsx'));

const SHOW = 'slipway:shortcuts';
const SECOND_KEY_MS = 1200;

export const showShortcuts = (): void => {
  window.dispatchEvent(new Event(SHOW));
};

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** `g`, then a letter, goes to a screen; `?` tells which. */
export const Shortcuts = () => {
  const [isOpen, { open, close }] = useDisclosure();
  const places = usePlaces();
  const navigate = useNavigate();
  useHotkeys([['shift+?', open]]);
  const go = useEffectEvent((key: string) => {
    const place = places.find(({ place: { key: theirs } }) => theirs === key);
    if (place !== undefined) void navigate(place.place.to);
  });
  useEffect(() => {
    let since = 0;
    const onKey = (event: KeyboardEvent): void => {
      if (isTyping(event.target) || event.metaKey || event.ctrlKey || event.altKey) return;
      if (event.key === 'g') since = event.timeStamp;
      else if (event.timeStamp - since < SECOND_KEY_MS) {
        since = 0;
        go(event.key);
      }
    };
    window.addEventListener('keydown', onKey);
    window.addEventListener(SHOW, open);
    return () => {
      window.removeEventListener('keydown', onKey);
      window.removeEventListener(SHOW, open);
    };
  }, [open]);
  return isOpen ? (
    <Suspense>
      <ShortcutsHelp close={close} />
    </Suspense>
  ) : null;
};
