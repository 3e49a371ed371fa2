import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { useState } from 'react';
import { BrowserRouter } from 'react-router';
import { styleNonce } from './nonce.ts';
import { ConfirmProvider } from './parts/confirm.tsx';
import { NoticeHost } from './parts/notice-host.tsx';
import { createQueries } from './queries.ts';
import { AppRoutes } from './routes.tsx';
import { Crash } from './shell/crash.tsx';
import { theme } from './theme.ts';

export const App = () => {
  const [queries] = useState(createQueries);
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={styleNonce}>
      <QueryClientProvider client={queries}>
        <NoticeHost />
        <ConfirmProvider>
          <BrowserRouter>
            <Crash>
              <AppRoutes />
            </Crash>
          </BrowserRouter>
        </ConfirmProvider>
      </QueryClientProvider>
    </MantineProvider>
  );
};
