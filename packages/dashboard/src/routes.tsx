import { lazy, type ReactElement } from 'react';
import { Route, Routes } from 'react-router';
import { SCREENS } from './screens/index.ts';
import { Missing } from './shell/missing.tsx';
import { Shell } from './shell/shell.tsx';

const SCREEN_ROUTES = SCREENS.flatMap(({ routes }) => routes).map(
  ({ path, load }): [string, ReactElement] => {
    const Screen = lazy(load);
    return [path, <Screen key={path} />];
  },
);

/** Every screen is loaded when it is first opened; the one before it stays until then. */
export const AppRoutes = () => (
  <Routes>
    <Route element={<Shell />}>
      {SCREEN_ROUTES.map(([path, screen]) => (
        <Route key={path} path={path} element={screen} />
      ))}
      <Route path="*" element={<Missing />} />
    </Route>
  </Routes>
);
