import { Center, Loader } from '@mantine/core';
import type { Me } from '@slipway/protocol';
import { lazy, Suspense, useState } from 'react';
import { LiveProvider } from '../live/live.tsx';
import { Failure } from '../parts/failure.tsx';
import { SessionProvider, useSession } from '../session/session.tsx';
import { Frame } from './frame.tsx';

const Login = lazy(() => import('../session/login.tsx'));
const LoginAgain = lazy(() => import('../session/login-again.tsx'));

const Waiting = () => (
  <Center h="100vh">
    <Loader aria-label="Loading" />
  </Center>
);

/**
 * Lets in whoever is logged in. Where a session ends while somebody works, the screen stays as it is below the form to log
 * in again: nothing typed is lost.
 */
export const Shell = () => {
  const session = useSession();
  const [last, setLast] = useState<Me>();
  if (session.state === 'there' && session.me !== last) setLast(session.me);
  // Whoever logs in again is asked for anew; the screen stays meanwhile, with what was typed.
  if (session.state === 'unknown' && last === undefined) return <Waiting />;
  if (session.state === 'failed' && last === undefined)
    return (
      <Center h="100vh" p="md">
        <Failure error={session.error} title="The server does not answer" retry={session.retry} />
      </Center>
    );
  const me = session.state === 'there' ? session.me : last;
  if (me === undefined)
    return (
      <Suspense fallback={<Waiting />}>
        <Login />
      </Suspense>
    );
  const isOver = session.state === 'none';
  return (
    <SessionProvider me={me}>
      {/* anew for whoever else comes: what the one before was told, or typed, is not theirs */}
      <LiveProvider key={me.name} isPaused={isOver}>
        <Frame />
      </LiveProvider>
      {isOver ? (
        <Suspense>
          <LoginAgain name={me.user?.name} />
        </Suspense>
      ) : null}
    </SessionProvider>
  );
};
