import { lazy, Suspense, useEffect, useState } from 'react';
import { NOTICE } from './notify.ts';

const Notices = lazy(() => import('./notices.tsx'));

/** Where notices are told, from the first one on. */
export const NoticeHost = () => {
  const [isAsked, setAsked] = useState(false);
  useEffect(() => {
    const ask = (): void => setAsked(true);
    window.addEventListener(NOTICE, ask);
    return () => window.removeEventListener(NOTICE, ask);
  }, []);
  return isAsked ? (
    <Suspense>
      <Notices />
    </Suspense>
  ) : null;
};
