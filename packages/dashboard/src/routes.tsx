import { createBrowserRouter, type RouteObject } from 'react-router';
import { Crash } from './shell/crash.tsx';
import { Missing } from './shell/missing.tsx';
import { Shell } from './shell/shell.tsx';
import { SCREENS } from './screens/index.ts';

/** Every screen is loaded when it is first opened. */
export const createRoutes = () =>
  createBrowserRouter([
    {
      element: <Shell />,
      errorElement: <Crash />,
      HydrateFallback: () => null,
      children: [
        ...SCREENS.flatMap(({ routes }) => routes).map(({ path, load }): RouteObject => ({
          path,
          errorElement: <Crash />,
          lazy: async () => ({ Component: (await load()).default }),
        })),
        { path: '*', element: <Missing /> },
      ],
    },
  ]);
